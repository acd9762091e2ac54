/** Sends the signed-in student's saved scans, whatever page is open, and tells what became of them. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { notifyDone, notifyNews } from '../shared/notify.ts';
import { ifNobodySends } from './scan-locks.ts';
import { createScanSender } from './scan-sender.ts';
import { sendSavedScan, type SavedOutcome } from './send-saved-scan.ts';

/** What is kept of a student, how its sending stands, and a way to send it now. */
export function useSavedScans(student: string) {
  const { scans } = useApp();
  const kept = useSyncExternalStore(scans.subscribe, scans.state);
  const { waiting, refused } = useMemo(
    () => ({
      waiting: kept.waiting.filter((scan) => scan.student === student).length,
      refused: kept.refused.filter((scan) => scan.student === student),
    }),
    [kept, student],
  );
  const sendAll = useSendAll(student);
  const [sender] = useState(() =>
    createScanSender({
      count: () => scans.state().waiting.filter((scan) => scan.student === student).length,
      sendAll,
    }),
  );
  const sending = useSyncExternalStore(sender.subscribe, sender.state);
  useEffect(() => {
    const sendNow = (): void => sender.start();
    const sendWhenSeen = (): void => {
      if (document.visibilityState === 'visible') sendNow();
    };
    sendNow();
    window.addEventListener('online', sendNow);
    document.addEventListener('visibilitychange', sendWhenSeen);
    return () => {
      window.removeEventListener('online', sendNow);
      document.removeEventListener('visibilitychange', sendWhenSeen);
      sender.stop();
    };
  }, [sender]);
  useEffect(() => {
    if (waiting > 0) sender.expect();
  }, [sender, waiting]);
  return { waiting, refused, sending, sendNow: sender.start, dismiss: scans.dismiss };
}

/** Sends each scan that waits and that no other page is sending. */
function useSendAll(student: string): () => Promise<void> {
  const { api, scans } = useApp();
  const tell = useTell();
  return async () => {
    const outcomes: SavedOutcome[] = [];
    const sendOne = async (id: string): Promise<void> => {
      const scan = scans.find(id);
      // Another page had it answered meanwhile.
      if (!scan) return;
      const forgetTicket = (): void => scans.setTicket(id, null);
      const outcome = await sendSavedScan({ api, forgetTicket }, scan);
      if (outcome.kind === 'again') return;
      const { code = '', detail = '' } = outcome.kind === 'refused' ? outcome : {};
      scans.settle(id, outcome.kind === 'refused' ? { code, detail } : undefined);
      outcomes.push(outcome);
    };
    try {
      for (const { op_id: id, student: whose } of scans.state().waiting) {
        // One after the other: the first that finds no network spares the others the wait.
        if (whose === student) await ifNobodySends(id, () => sendOne(id));
      }
    } finally {
      tell(outcomes);
    }
  };
}

/** Says what was taken; a refusal stays on the page until it is read, and is not told here. */
function useTell(): (outcomes: readonly SavedOutcome[]) => void {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return (outcomes) => {
    if (outcomes.length === 0) return;
    const taken = outcomes.filter(({ kind }) => kind === 'taken').length;
    const waits = outcomes.filter((outcome) => outcome.kind === 'review');
    if (taken > 0) notifyDone(t('scan.sentLater', { count: taken }));
    if (waits.length > 0) {
      const sent = t('scan.sentLater', { count: waits.length });
      notifyNews(`${sent}. ${waits[0]?.detail ?? t('scan.askedToConfirm')}`);
    }
    const { sessions, rosters, records, ownRechecks } = queryKeys;
    for (const queryKey of [sessions, rosters, records, ownRechecks]) {
      void queryClient.invalidateQueries({ queryKey });
    }
  };
}
