/** The requests that wait for the reader, of every kind, and taking a decided one off the list. */
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { queryKeys } from '../api/query-keys.ts';
import { readCorrections, readLeaves, readUnlocks, type CaseKind } from '../api/requests.ts';
import type { Listed } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { CASE_KEYS, toCase, type Case } from '../requests/case.ts';

/** One full page of each kind: more than anybody decides in one sitting. */
const FILTERS = { waiting_for_me: true, status: 'pending', page_size: 200 } as const;

const keyOf = (kind: CaseKind) => CASE_KEYS[kind].list(FILTERS);

/** The waiting requests, oldest first; undefined until every kind is read. */
export function useWaitingCases() {
  const { api } = useApp();
  const leaves = useQuery({
    queryKey: keyOf('leave'),
    queryFn: ({ signal }) => readLeaves(api, FILTERS, signal),
  });
  const corrections = useQuery({
    queryKey: keyOf('correction'),
    queryFn: ({ signal }) => readCorrections(api, FILTERS, signal),
  });
  const unlocks = useQuery({
    queryKey: keyOf('unlock'),
    queryFn: ({ signal }) => readUnlocks(api, FILTERS, signal),
  });
  const isRead =
    leaves.data !== undefined && corrections.data !== undefined && unlocks.data !== undefined;
  const requests = isRead
    ? [
        ...leaves.data.results.map((item) => toCase('leave', item)),
        ...corrections.data.results.map((item) => toCase('correction', item)),
        ...unlocks.data.results.map((item) => toCase('unlock', item)),
      ].sort(byAge)
    : undefined;
  return {
    requests,
    count: (leaves.data?.count ?? 0) + (corrections.data?.count ?? 0) + (unlocks.data?.count ?? 0),
    error: leaves.error ?? corrections.error ?? unlocks.error,
    retry: () => {
      void leaves.refetch();
      void corrections.refetch();
      void unlocks.refetch();
    },
  };
}

const byAge = (left: Case, right: Case): number =>
  left.item.submitted_at.localeCompare(right.item.submitted_at) ||
  left.item.id.localeCompare(right.item.id);

/** Gives the function that takes a settled request off the list and reads everything it changed. */
export function useSettleCase(): (request: Case) => void {
  const queryClient = useQueryClient();
  return (request) => {
    takeOff(queryClient, request);
    void queryClient.invalidateQueries({ queryKey: CASE_KEYS[request.kind].all });
    // An approval writes marks, and so moves percentages.
    for (const queryKey of [queryKeys.records, queryKeys.statistics, queryKeys.sessionLists]) {
      void queryClient.invalidateQueries({ queryKey });
    }
  };
}

/** At once, without waiting for the list to be read again; an answer under way would bring it back. */
function takeOff(queryClient: QueryClient, { kind, item: { id } }: Case): void {
  void queryClient.cancelQueries({ queryKey: keyOf(kind) });
  queryClient.setQueryData<Listed<{ readonly id: string }>>(keyOf(kind), (listed) => {
    if (listed === undefined) return listed;
    const results = listed.results.filter((item) => item.id !== id);
    return { ...listed, results, count: listed.count - (listed.results.length - results.length) };
  });
}
