/** What a scan did about a re-check, judged once from what the server said after it. */

/** What is known before and after the scan, by the clock of this browser. */
interface Asked {
  /** Until when the class asked the student as the scan was sent; null where it did not. */
  readonly untilMs: number | null;
  /** What the server says now that the scan is answered; undefined where it said nothing. */
  readonly after: { readonly endsAtMs: number } | null | undefined;
  readonly nowMs: number;
}

/**
 * `confirmed`: asked before and no more, while there was time; `asked`: the code was from before;
 * `unknown`: the time ran out meanwhile or the server did not say; `none`: nobody asked.
 */
export type RecheckOutcome = 'none' | 'confirmed' | 'asked' | 'unknown';

/** The outcome. After the end "not asked" says nothing: who missed it is not asked any more, either. */
export function recheckOutcome({ untilMs, after, nowMs }: Asked): RecheckOutcome {
  if (untilMs === null) return 'none';
  if (after === undefined || nowMs >= untilMs) return 'unknown';
  if (after === null) return 'confirmed';
  return after.endsAtMs > nowMs ? 'asked' : 'unknown';
}
