/** Sends a command about a session and shows its effect everywhere. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { queryKeys } from '../api/query-keys.ts';
import type { Session } from '../api/types.ts';
import { patchSession } from './patch-sessions.ts';

/** The mutation of a command that answers with the session as it now is. */
export function useSessionCommand<Input>(
  send: (input: Input) => Promise<Session>,
  onDone: (session: Session) => void,
) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: (session) => {
      patchSession(queryClient, session.id, () => session);
      void queryClient.invalidateQueries({ queryKey: queryKeys.sessionLists });
      void queryClient.invalidateQueries({ queryKey: queryKeys.roster(session.id) });
      onDone(session);
    },
  });
}
