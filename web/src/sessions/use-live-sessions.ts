/** Keeps the sessions of a list current while it shows. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Session } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { applySessionEvent, patchSession, withCounts } from './patch-sessions.ts';

/** Sessions watched at once; a whole institution's day is read again instead. */
const WATCHED_MAX = 40;

/** Watches the sessions that still change: those not final. */
export function useLiveSessions(sessions: readonly Session[]): void {
  const { live } = useApp();
  const queryClient = useQueryClient();
  const ids = sessions
    .filter(({ status }) => status === 'open' || status === 'scheduled' || status === 'closed')
    .sort((left, right) => Number(right.status === 'open') - Number(left.status === 'open'))
    .slice(0, WATCHED_MAX)
    .map(({ id }) => id)
    .sort()
    .join(' ');
  useEffect(() => {
    const stops = ids
      .split(' ')
      .filter((id) => id !== '')
      .map((id) =>
        live.watch(id, {
          started: ({ counts }) => patchSession(queryClient, id, withCounts(counts)),
          event: (event) => applySessionEvent(queryClient, id, event),
        }),
      );
    return () => {
      for (const stop of stops) stop();
    };
  }, [live, queryClient, ids]);
}
