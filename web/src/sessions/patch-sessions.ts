/** Writes what live events tell of sessions into the data cache. */
import type { QueryClient } from '@tanstack/react-query';
import { queryKeys } from '../api/query-keys.ts';
import type { Counts, Session, SessionEvent, SessionStatus } from '../api/types.ts';

/** Changes one session wherever the cache holds it. */
export function patchSession(
  queryClient: QueryClient,
  id: string,
  change: (session: Session) => Session,
): void {
  queryClient.setQueryData<Session>(queryKeys.session(id), (held) => held && change(held));
  queryClient.setQueriesData<readonly Session[]>({ queryKey: queryKeys.sessionLists }, (held) =>
    held?.map((session) => (session.id === id ? change(session) : session)),
  );
}

/** Sets a session's numbers. */
export const withCounts =
  (counts: Counts) =>
  (session: Session): Session => ({
    ...session,
    counts,
    attendance_count: counts.present + counts.late,
  });

/**
 * Applies an event of a session. A change of its life is shown at once and then read again, since
 * what the reader may do now is not part of the event.
 */
export function applySessionEvent(queryClient: QueryClient, id: string, event: SessionEvent): void {
  const counts = countsOf(event.payload['counts']);
  if (event.type === 'counts.changed' && counts) {
    patchSession(queryClient, id, withCounts(counts));
  }
  if (event.type !== 'session.changed') return;
  patchSession(queryClient, id, (session) => ({
    ...(counts ? withCounts(counts)(session) : session),
    status: (textOf(event.payload['status']) as SessionStatus | null) ?? session.status,
    opens_at: textOf(event.payload['opens_at']) ?? session.opens_at,
    closes_at: textOf(event.payload['closes_at']) ?? session.closes_at,
  }));
  void queryClient.invalidateQueries({ queryKey: queryKeys.session(id) });
  void queryClient.invalidateQueries({ queryKey: queryKeys.sessionLists });
}

/** Counts as an event carries them, or null. */
export function countsOf(value: unknown): Counts | null {
  if (typeof value !== 'object' || value === null || !('roster' in value)) return null;
  return value as Counts;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
