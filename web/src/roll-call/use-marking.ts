/** The marking of one session as a component uses it. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import type { Roster } from '../api/types.ts';
import { useApp, useUser } from '../app-context.ts';
import { notifyNews } from '../shared/notify.ts';
import { fullName } from '../shared/person-name.ts';
import { createMarking, type Marking, type MarkingState } from './marking.ts';
import { withChanges } from './roster-cache.ts';
import { diagnoseSending, sendOperations } from './send-operations.ts';
import { createUnsentStorage } from './unsent-storage.ts';
import { useRefusalWords } from './use-refusal-words.ts';

/** The marking and its state; marks an earlier page could not send go first. */
export function useMarking(session: string): { marking: Marking; state: MarkingState } {
  const { t } = useTranslation();
  const { api } = useApp();
  const user = useUser();
  const queryClient = useQueryClient();
  const wordsOf = useRefusalWords(session);
  const [marking] = useState(() => {
    const rosterKey = queryKeys.roster(session);
    const storage = createUnsentStorage(user.id, session);
    const rowOf = (id: string) =>
      queryClient
        .getQueryData<Roster>(rosterKey)
        ?.students.find(({ student }) => student.id === id);
    return createMarking(
      {
        send: (operations) => sendOperations(api, session, operations, wordsOf),
        diagnose: diagnoseSending,
        save: (operations) => storage.save(operations),
        winnerOf: (id) => rowOf(id)?.record?.winner_op_id ?? null,
        waitingOf: (id) => (rowOf(id)?.waiting ?? []).map((claim) => claim.op_id),
        changed: (changes) =>
          queryClient.setQueryData<Roster>(rosterKey, (held) => held && withChanges(held, changes)),
        displaced: (id, mark) => {
          const row = rowOf(id);
          const name = row ? `${fullName(row.student)}: ` : '';
          const word = t(`mark.${mark ?? 'unmarked'}`);
          notifyNews(`${name}${t('rollCall.superseded', { mark: word })}`);
        },
      },
      storage.load(),
    );
  });
  useEffect(() => {
    const sendNow = (): void => marking.start();
    sendNow();
    window.addEventListener('online', sendNow);
    return () => {
      window.removeEventListener('online', sendNow);
      marking.stop();
    };
  }, [marking]);
  const state = useSyncExternalStore(marking.subscribe, marking.state);
  return { marking, state };
}
