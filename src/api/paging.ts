/** Lists as the API answers them: `{count, next, previous, results}` with bounded pages. */
import { z } from 'zod';

/** `page` from 1 and `page_size` up to 200, as query parameters. */
export const pagingQuery = {
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  page_size: z.coerce.number().int().min(1).max(200).default(50),
};

/** The schema of a list of `item`, with further members beside `results`. */
export function listOf<T extends z.ZodType, M extends z.ZodRawShape>(item: T, more?: M) {
  return z.strictObject({
    count: z.number().int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(item),
    ...more,
  });
}

/**
 * Wraps one page of results with links to its neighbours, relative to the server's root.
 * @param originalUrl  path and query of the request
 */
export function listBody<T>(
  originalUrl: string,
  { page, page_size: pageSize }: { readonly page: number; readonly page_size: number },
  { count, results }: { readonly count: number; readonly results: readonly T[] },
): { count: number; next: string | null; previous: string | null; results: readonly T[] } {
  const link = (target: number): string => {
    const url = new URL(originalUrl, 'http://localhost');
    url.searchParams.set('page', String(target));
    return `${url.pathname}${url.search}`;
  };
  return {
    count,
    next: page * pageSize < count ? link(page + 1) : null,
    previous: page > 1 ? link(page - 1) : null,
    results,
  };
}
