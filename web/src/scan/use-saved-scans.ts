/** Sends the signed-in student's saved scans, whatever page is open, and tells what became of them. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { queryKeys } from '../api/query-keys.ts';
import { useApp } from '../app-context.ts';
import { notifyDone, notifyNews } from '../shared/notify.ts';
import { createScanSender } from './scan-sender.ts';
import type { SavedOutcome } from './send-saved-scan.ts';
import { readyScans, sendWaiting } from './send-waiting.ts';
import { useOwnApi } from './use-own-api.ts';
import { useRegisteredAgain } from './use-own-device.ts';

/** What is kept of a student, how its sending stands, and ways to send it now and to give it up. */
export function useSavedScans(student: string) {
  const { scans } = useApp();
  const kept = useSyncExternalStore(scans.subscribe, scans.state);
  const { waiting, ready, held, refused } = useMemo(() => {
    const own = kept.waiting.filter((scan) => scan.student === student);
    return {
      waiting: own.length,
      ready: readyScans(own, student).length,
      held: own.find((scan) => scan.held)?.held ?? null,
      refused: kept.refused.filter((scan) => scan.student === student),
    };
  }, [kept, student]);
  const sendAll = useSendAll(student);
  const [sender] = useState(() =>
    createScanSender({
      count: () => readyScans(scans.state().waiting, student).length,
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
    if (ready > 0) sender.expect();
  }, [sender, ready]);
  const sendNow = useCallback(() => {
    scans.resume(student);
    sender.start();
  }, [scans, sender, student]);
  useRegisteredAgain(held !== null, sendNow);
  return {
    waiting,
    held,
    refused,
    sending,
    sendNow,
    discard: () => scans.discard(student),
    dismiss: scans.dismiss,
  };
}

/** Sends what waits, until it is told to stop. */
function useSendAll(student: string): (signal: AbortSignal) => Promise<void> {
  const { scans } = useApp();
  const own = useOwnApi(student);
  const tell = useTell();
  return (signal) => sendWaiting({ ...own, scans, student, signal, tell });
}

/** Says what was taken; a refusal stays on the page until it is read, and is not told here. */
function useTell(): (outcomes: readonly SavedOutcome[]) => void {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return (outcomes) => {
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
