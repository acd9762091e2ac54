/** How often a page asks how a re-check stands. */
import type { Recheck } from '../api/presence-checks.ts';

/** While students scan again. */
const RUNNING_EVERY_MS = 5_000;
/** Its time is over: the result is settled within a minute, later when the worker is away. */
const OVER_EVERY_MS = 30_000;
/** Without a live connection. */
export const AWAY_EVERY_MS = 15_000;

/** What the page knows beside the re-check. */
interface Circumstances {
  readonly isLive: boolean;
  /** The class is open: a closed one takes no re-check any more. */
  readonly isOpen: boolean;
  readonly nowMs: number;
}

/** Milliseconds until the next question; false for none, where live events tell what changes. */
export function recheckEveryMs(
  recheck: Pick<Recheck, 'status' | 'endsAtMs'> | undefined,
  { isLive, isOpen, nowMs }: Circumstances,
): number | false {
  if (!isOpen) return false;
  if (recheck?.status === 'running') {
    return recheck.endsAtMs > nowMs ? RUNNING_EVERY_MS : OVER_EVERY_MS;
  }
  return isLive ? false : AWAY_EVERY_MS;
}
