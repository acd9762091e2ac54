/** How much time is left, second by second; read aloud only when somebody asks. */
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNow } from './use-now.ts';

/** Timers of browsers hold at most about 24 days; no screen is open for longer. */
const WAIT_MAX_MS = 24 * 60 * 60_000;

/** Whether an instant of this browser's clock is still to come, followed; 0 never is. */
export function useIsAhead(atMs: number | undefined): boolean {
  const [passedMs, setPassedMs] = useState<number | null>(null);
  useEffect(() => {
    const waitMs = (atMs ?? 0) - Date.now();
    if (atMs === undefined || waitMs > WAIT_MAX_MS) return undefined;
    const timer = setTimeout(() => setPassedMs(atMs), Math.max(0, waitMs));
    return () => clearTimeout(timer);
  }, [atMs]);
  return atMs !== undefined && atMs !== 0 && passedMs !== atMs;
}

/** Minutes and seconds until then. */
export function TimeLeft({ untilMs }: { readonly untilMs: number }) {
  const { t } = useTranslation();
  const seconds = Math.max(0, Math.ceil((untilMs - useNow(1_000)) / 1_000));
  const shown = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return (
    <span role="timer" aria-live="off" aria-label={t('common.timeLeft')} className="numbers">
      {shown}
    </span>
  );
}
