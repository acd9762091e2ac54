/** How long an account waits after wrong passwords (trust.md section 2, Throttling). */

/** Failures that cost nothing. */
const FREE_FAILURES = 4;
const DELAY_SECONDS_MAX = 15 * 60;

/** Seconds to wait after the n-th failure in a row: 0 up to the fourth, then 1, 2, 4 ... 900. */
export function delayAfterFailures(failures: number): number {
  if (failures <= FREE_FAILURES) return 0;
  return Math.min(DELAY_SECONDS_MAX, 2 ** Math.min(failures - FREE_FAILURES - 1, 20));
}
