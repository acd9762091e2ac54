/** Reads lists that are small enough to hold whole. */
import type { ApiClient } from './client.ts';
import type { Listed } from './types.ts';

/** The API's largest page. */
export const PAGE_SIZE_MAX = 200;
/** A list longer than this is for filters and pages, not for one screen. */
const PAGES_MAX = 10;

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** All results of a list, at most 2,000. */
export async function readAll<T>(
  api: ApiClient,
  path: string,
  query: Query,
  signal?: AbortSignal,
): Promise<readonly T[]> {
  const results: T[] = [];
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const listed = await api.request<Listed<T>>({
      path,
      query: { ...query, page, page_size: PAGE_SIZE_MAX },
      signal,
    });
    results.push(...listed.results);
    if (listed.next === null) break;
  }
  return results;
}
