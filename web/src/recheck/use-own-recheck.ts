/** Whether a class asks the reader to scan again: read once, then told by notice. */
import { useQuery } from '@tanstack/react-query';
import { readOwnRecheck } from '../api/presence-checks.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { useIsAhead } from '../shared/time-left.tsx';

/** While one is asked, another phone may have answered; the class may have closed. */
const ASK_EVERY_MS = 30_000;

/** Until when to scan again, by the clock of this browser; null when nobody asks, or no more. */
export function useOwnRecheck(session: string | null): number | null {
  const { api } = useApp();
  const { data } = useQuery({
    queryKey: queryKeys.ownRecheck(session ?? ''),
    queryFn: ({ signal }) => readOwnRecheck(api, session ?? '', signal),
    enabled: session !== null,
    refetchInterval: ({ state }) => (state.data ? ASK_EVERY_MS : false),
  });
  const isAhead = useIsAhead(data?.endsAtMs);
  return data && isAhead ? data.endsAtMs : null;
}
