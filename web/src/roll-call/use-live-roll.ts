/** A session and its roll, kept current while the page shows. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { queryKeys } from '../api/query-keys.ts';
import { readRoster, readSession } from '../api/sessions.ts';
import type { Roster, Session, SessionEvent } from '../api/types.ts';
import { useApp, useLiveStatus } from '../app-context.ts';
import { useSessionFeed } from '../live/use-session-feed.ts';
import { applySessionEvent, patchSession, withCounts } from '../sessions/patch-sessions.ts';
import { changeOf, newerOf, withChanges } from './roster-cache.ts';

/** Without a live connection the roll is read again this often. */
const RELOAD_MS = 10_000;
/** A step of the session's life becomes visible a moment after its time. */
const AFTER_STEP_MS = 1_000;
/** Scans that phones kept arrive together when the network comes back: the roll is read once. */
const GATHER_MS = 300;
/** Timers of browsers hold at most about 24 days. */
const WAIT_MAX_MS = 24 * 60 * 60_000;

/**
 * The session and its roll.
 * @param isOwnChange  says whether this page has a mark of the student under way
 */
export function useLiveRoll(id: string, isOwnChange: (student: string) => boolean) {
  const { api } = useApp();
  const queryClient = useQueryClient();
  const isLive = useLiveStatus() === 'live';
  const [newsOf, setNewsOf] = useState<ReadonlyMap<string, number>>(new Map());

  const session = useQuery({
    queryKey: queryKeys.session(id),
    queryFn: ({ signal }) => readSession(api, id, signal),
    refetchInterval: ({ state }) => {
      const untilStep = untilNextStep(state.data, Date.now());
      return isLive ? untilStep : Math.min(untilStep || RELOAD_MS, RELOAD_MS);
    },
  });
  const rosterKey = queryKeys.roster(id);
  const roster = useQuery({
    queryKey: rosterKey,
    queryFn: async ({ signal }) => {
      const read = await readRoster(api, id, signal);
      return newerOf(queryClient.getQueryData<Roster>(rosterKey), read);
    },
    refetchInterval: isLive ? false : RELOAD_MS,
  });

  const readRosterSoon = useGathered(() => {
    void queryClient.invalidateQueries({ queryKey: rosterKey });
  });
  const takeRecord = (event: SessionEvent): void => {
    const change = changeOf(event);
    const held = queryClient.getQueryData<Roster>(rosterKey);
    if (!change || !held) return;
    const row = held.students.find(({ student }) => student.id === change.student);
    if (!row) {
      // Enrolled since the roll was read.
      void queryClient.invalidateQueries({ queryKey: rosterKey });
      return;
    }
    // Somebody else's mark may have answered what waits.
    if (row.waiting.length > 0) readRosterSoon();
    const isNews = change.version > (row.record?.version ?? 0) && !isOwnChange(change.student);
    if (isNews) setNewsOf((before) => new Map(before).set(change.student, event.seq));
    queryClient.setQueryData<Roster>(rosterKey, withChanges(held, [change]));
  };
  const readAgain = (): void => {
    void queryClient.invalidateQueries({ queryKey: queryKeys.session(id) });
    void queryClient.invalidateQueries({ queryKey: rosterKey });
  };
  useSessionFeed(id, {
    filledTo: roster.data?.seq,
    apply: (event) => {
      applySessionEvent(queryClient, id, event);
      // A head count, and a re-check that begins or ends, tell of themselves like this.
      if (event.type === 'session.changed') {
        void queryClient.invalidateQueries({ queryKey: queryKeys.presenceChecks(id) });
      }
      if (tellsOfWaiting(event)) readRosterSoon();
      takeRecord(event);
    },
    counts: (counts) => patchSession(queryClient, id, withCounts(counts)),
    startOver: readAgain,
  });

  return { session, roster, newsOf };
}

/** Calls of a moment become one, a moment later. */
function useGathered(call: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      call();
    }, GATHER_MS);
  };
}

/** A student hears of claims about others too, but not whose. */
const tellsOfWaiting = ({ type, payload }: SessionEvent): boolean =>
  type === 'waiting.changed' && typeof payload['student'] === 'string';

/** Milliseconds until the session opens, closes or becomes final by itself; false for never. */
function untilNextStep(session: Session | undefined, nowMs: number): number | false {
  if (!session) return false;
  const steps = [session.opens_at, session.closes_at, session.lock_due_at];
  const next = steps
    .map((at) => (at === null ? 0 : Date.parse(at) + AFTER_STEP_MS))
    .filter((atMs) => atMs > nowMs);
  return next.length === 0 ? false : Math.min(Math.min(...next) - nowMs, WAIT_MAX_MS);
}
