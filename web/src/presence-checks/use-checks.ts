/** The checks of a class as its staff follow and start them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import {
  countHeads,
  readExitScan,
  readHeadCounts,
  readRecheck,
  startExitScan,
  startRecheck,
  type HeadCount,
  type Recheck,
} from '../api/presence-checks.ts';
import { queryKeys } from '../api/query-keys.ts';
import type { Session } from '../api/types.ts';
import { useApp, useLiveStatus } from '../app-context.ts';
import { AWAY_EVERY_MS, recheckEveryMs } from './recheck-every.ts';

/** Timers of browsers hold at most about 24 days. */
const WAIT_MAX_MS = 24 * 60 * 60_000;

/** Asks for the checks of a class again while its page shows; once on a page, whoever reads them. */
export function useWatchedChecks({ id, status }: Session): void {
  const queryClient = useQueryClient();
  const isLive = useLiveStatus() === 'live';
  const isOpen = status === 'open';
  useHeadCounts(id, isLive || !isOpen ? false : AWAY_EVERY_MS);
  const { recheck } = useRecheck(id, (held) =>
    recheckEveryMs(held, { isLive, isOpen, nowMs: Date.now() }),
  );
  // The close ends the watch: what it did to a re-check is read once.
  const isLeftRunning = !isOpen && recheck.data?.status === 'running';
  useEffect(() => {
    if (isLeftRunning) void queryClient.invalidateQueries({ queryKey: queryKeys.recheck(id) });
  }, [queryClient, id, isLeftRunning]);
}

/** The counts, the latest first, and the way to add one. */
export function useHeadCounts(session: string, everyMs: number | false = false) {
  const { api } = useApp();
  const queryClient = useQueryClient();
  const counts = useQuery({
    queryKey: queryKeys.headCounts(session),
    queryFn: ({ signal }) => readHeadCounts(api, session, signal),
    refetchInterval: everyMs,
  });
  const add = useMutation({
    mutationFn: (heads: number) => countHeads(api, session, heads),
    onSuccess: (count) =>
      queryClient.setQueryData<readonly HeadCount[]>(queryKeys.headCounts(session), (held) => [
        count,
        ...(held ?? []).filter(({ id }) => id !== count.id),
      ]),
  });
  return { counts, add };
}

/** The re-check and the way to start it. */
export function useRecheck(
  session: string,
  everyMs: (recheck: Recheck | undefined) => number | false = () => false,
) {
  const { api } = useApp();
  const queryClient = useQueryClient();
  const recheck = useQuery({
    queryKey: queryKeys.recheck(session),
    queryFn: ({ signal }) => readRecheck(api, session, signal),
    refetchInterval: ({ state }) => everyMs(state.data),
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
