/** Scans made offline prove nothing about place; who makes many of them stands out (marks.md rule R11b). */

/** Fewer offline scans than this alarm nobody. */
const OFFLINE_MIN = 5;

/** Whether offline scans are more than a quarter of a student's. */
export function isOfflineOften({
  offline,
  scans,
}: {
  readonly offline: number;
  readonly scans: number;
}): boolean {
  return offline >= OFFLINE_MIN && offline * 4 > scans;
}
