/** The own entries that wait for the reader, by class, and deciding them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import {
  BULK_DECISIONS_MAX,
  decideEntries,
  readSelfEntries,
  type EntryVerdict,
} from '../api/self-entries.ts';
import { useApp } from '../app-context.ts';
import { notifyDone, notifyFailed } from '../shared/notify.ts';
import { useIdempotencyKey } from '../shared/use-idempotency-key.ts';
import { byClass } from './by-class.ts';

/** One bulk decision takes them all. */
const FILTERS = {
  waiting_for_me: true,
  status: 'pending',
  page_size: BULK_DECISIONS_MAX,
} as const;

/** The waiting entries; `groups` is undefined until they are read. */
export function useWaitingEntries() {
  const { api } = useApp();
  const entries = useQuery({
    queryKey: queryKeys.selfEntryList(FILTERS),
    queryFn: ({ signal }) => readSelfEntries(api, FILTERS, signal),
    select: ({ results }) => byClass(results),
  });
  return {
    groups: entries.data,
    error: entries.error,
    retry: () => void entries.refetch(),
  };
}

/** Decides entries and reads everything anew that the decision changed. */
export function useDecideEntries(onDone: () => void = () => undefined) {
  const { t } = useTranslation();
  const { api } = useApp();
  const queryClient = useQueryClient();
  const keyOf = useIdempotencyKey();
  return useMutation({
    mutationFn: (verdict: EntryVerdict) => decideEntries(api, verdict, keyOf(verdict)),
    onSuccess: ({ counts }) => {
      const failed = counts.rejected + counts.retry;
      if (counts.applied > 0) notifyDone(t('selfEntry.done', { count: counts.applied }));
      if (failed > 0) {
        notifyFailed(t('selfEntry.failed', { count: failed }), t('selfEntry.failedText'));
      }
      onDone();
    },
    onSettled: () => {
      for (const queryKey of [
        queryKeys.selfEntries,
        queryKeys.records,
        queryKeys.statistics,
        queryKeys.sessions,
      ]) {
        void queryClient.invalidateQueries({ queryKey });
      }
    },
  });
}
