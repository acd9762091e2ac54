/** A bounded allowance of one socket or person: so many per second, and a burst. */

/** Counts against an allowance. */
export interface TokenBucket {
  /** Takes one; false when none is left. */
  take(): boolean;
}

/** What a bucket holds and how fast it fills again. */
export interface Allowance {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Makes a full bucket.
 * @param nowMs  a clock that never goes back, in milliseconds
 */
export function tokenBucket(
  { perSecond, burst }: Allowance,
  nowMs: () => number = () => performance.now(),
): TokenBucket {
  let level = burst;
  let at = nowMs();
  return {
    take() {
      const now = nowMs();
      level = Math.min(burst, level + ((now - at) / 1_000) * perSecond);
      at = now;
      if (level < 1) return false;
      level -= 1;
      return true;
    },
  };
}
