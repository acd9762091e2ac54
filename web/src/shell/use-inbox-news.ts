/** Keeps requests current: each news by socket makes the lists read again. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import { useApp, useUser } from '../app-context.ts';
import { notifyNews } from '../shared/notify.ts';
import { rightsOf } from './rights.ts';

const NOUNS = {
  leave: queryKeys.leaves,
  correction: queryKeys.corrections,
  self_entry: queryKeys.selfEntries,
  unlock: queryKeys.unlocks,
} as const;

/** Follows the news about requests while the frame shows. */
export function useInboxNews(): void {
  const { live } = useApp();
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const { approves } = rightsOf(useUser());
  useEffect(
    () =>
      live.onInbox(({ kind, status }) => {
        void queryClient.invalidateQueries({ queryKey: NOUNS[kind] });
        if (status === 'pending') {
          if (approves) notifyNews(t('inbox.newArrived'));
          return;
        }
        // A decision may have changed marks and percentages.
        void queryClient.invalidateQueries({ queryKey: queryKeys.records });
        if (kind === 'unlock') {
          void queryClient.invalidateQueries({ queryKey: queryKeys.sessionLists });
        }
        void queryClient.invalidateQueries({ queryKey: queryKeys.statistics });
      }),
    [live, queryClient, approves, t],
  );
}
