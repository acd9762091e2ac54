/** A head count beside the marks: the control that needs no hardware (presence.md section 8). */

/** What a count says of the marks. */
export type HeadCountOutcome = 'ok' | 'headcount_excess' | 'headcount_short';

/** Heads that may be miscounted: 2 percent of the marks, at least one. */
export function headCountTolerance(marked: number): number {
  return Math.max(1, Math.floor((marked * 2) / 100));
}

/**
 * Compares a count with the marks.
 * @param marked  records `present` or `late`
 * @param heads   heads seen in the room
 */
export function judgeHeadCount(marked: number, heads: number): HeadCountOutcome {
  const tolerance = headCountTolerance(marked);
  if (marked - heads > tolerance) return 'headcount_excess';
  return heads - marked > tolerance ? 'headcount_short' : 'ok';
}
