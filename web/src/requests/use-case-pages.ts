/** A growing list of requests: a page at first, more when asked for. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { readCases, type CaseFilters, type CaseKind } from '../api/requests.ts';
import { useApp } from '../app-context.ts';
import { CASE_KEYS, toCase, type Case } from './case.ts';

const PAGE_SIZE = 30;

/** The requests of one kind that a filter lets through. */
export function useCasePages(
  kind: CaseKind,
  filters: Pick<CaseFilters, 'status' | 'student' | 'filed_by_me'>,
  isEnabled = true,
) {
  const { api } = useApp();
  // Set apart from single pages of the same filter, whose cached shape differs.
  const key = { ...filters, growing: true };
  return useInfiniteQuery({
    queryKey: CASE_KEYS[kind].list(key),
    queryFn: async ({ pageParam: page, signal }) => {
      const listed = await readCases(api, kind, { ...filters, page, page_size: PAGE_SIZE }, signal);
      return { ...listed, results: listed.results.map((item) => toCase(kind, item)) };
    },
    initialPageParam: 1,
    getNextPageParam: (last, _pages, page) => (last.next === null ? undefined : page + 1),
    select: ({ pages }) => withoutRepeats(pages.flatMap(({ results }) => results)),
    enabled: isEnabled,
  });
}

/** A request that came in between two pages moves one from the end of a page to the next one. */
const withoutRepeats = (requests: readonly Case[]): readonly Case[] => [
  ...new Map(requests.map((request) => [request.item.id, request])).values(),
];
