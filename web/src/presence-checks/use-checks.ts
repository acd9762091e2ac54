/** The checks of a class as its staff follow and start them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  countHeads,
  readExitScan,
  readHeadCounts,
  readRecheck,
  startExitScan,
  startRecheck,
  type HeadCount,
} from '../api/presence-checks.ts';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useLiveStatus } from '../app-context.ts';

/** While students scan again, and until the result is there, it lasts minutes and one class. */
const WATCH_EVERY_MS = 3_000;
const AWAY_EVERY_MS = 15_000;
/** Timers of browsers hold at most about 24 days. */
const WAIT_MAX_MS = 24 * 60 * 60_000;

/** The counts, the latest first, and the way to add one. */
export function useHeadCounts(session: string) {
  const { api } = useApp();
  const queryClient = useQueryClient();
  const isLive = useLiveStatus() === 'live';
  const counts = useQuery({
    queryKey: queryKeys.headCounts(session),
    queryFn: ({ signal }) => readHeadCounts(api, session, signal),
    refetchInterval: isLive ? false : AWAY_EVERY_MS,
  });
  const add = useMutation({
    mutationFn: (heads: number) => countHeads(api, session, heads),
    onSuccess: (count) => {
      queryClient.setQueryData<readonly HeadCount[]>(queryKeys.headCounts(session), (held) => [
        count,
        ...(held ?? []).filter(({ id }) => id !== count.id),
      ]);
      // Flags of records are not part of live events.
      void queryClient.invalidateQueries({ queryKey: queryKeys.roster(session) });
    },
  });
  return { counts, add };
}

/** The re-check, watched while it runs, and the way to start it. */
export function useRecheck(session: string) {
  const { api } = useApp();
  const queryClient = useQueryClient();
  const isLive = useLiveStatus() === 'live';
  const recheck = useQuery({
    queryKey: queryKeys.recheck(session),
    queryFn: ({ signal }) => readRecheck(api, session, signal),
    refetchInterval: ({ state }) => {
      if (state.data?.status === 'running') return WATCH_EVERY_MS;
      return isLive ? false : AWAY_EVERY_MS;
    },
  });
  const start = useMutation({
    mutationFn: () => startRecheck(api, session),
    onSuccess: (started) => queryClient.setQueryData(queryKeys.recheck(session), started),
  });
  return { recheck, start };
}

/** The exit scan and the way to start it. */
export function useExitScan(session: string) {
  const { api } = useApp();
  const queryClient = useQueryClient();
  const exit = useQuery({
    queryKey: queryKeys.exitScan(session),
    queryFn: ({ signal }) => readExitScan(api, session, signal),
    refetchInterval: ({ state: { data } }) => {
      const waitMs = (data?.startsAtMs ?? 0) - Date.now();
      return waitMs > 0 ? Math.min(waitMs + 1_000, WAIT_MAX_MS) : false;
    },
  });
  const start = useMutation({
    mutationFn: () => startExitScan(api, session),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.exitScan(session) }),
  });
  return { exit, start };
}
