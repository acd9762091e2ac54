/** The random re-check of students who scanned (presence.md section 8). */
import type { Id } from '../types.ts';

/** Time a picked student has to scan again. */
export const RECHECK_SECONDS = 180;
/** Nobody is re-checked in the first and last minutes of a class. */
const MARGIN_MS = 10 * 60_000;
const SAMPLE_MIN = 3;

/** Random numbers from the system's CSPRNG; a test passes its own. */
export interface Dice {
  /** A whole number from 0 to `below` - 1. */
  below(limit: number): number;
}

/** How many of `scanned` students are drawn, beside those flagged. */
export function sampleSize(scanned: number, ratePercent: number): number {
  return Math.min(scanned, Math.max(SAMPLE_MIN, Math.ceil((ratePercent * scanned) / 100)));
}

/**
 * Draws the students to re-check: a random sample, and everyone flagged.
 * @param scanned  students with a scan that counts, in any order
 * @returns ids in ascending order, none twice
 */
export function drawSample(
  scanned: readonly Id[],
  flagged: readonly Id[],
  ratePercent: number,
  dice: Dice,
): Id[] {
  const pool = [...scanned].sort();
  const drawn = new Set(flagged);
  for (let left = sampleSize(pool.length, ratePercent); left > 0; left -= 1) {
    const [picked] = pool.splice(dice.below(pool.length), 1);
    if (picked !== undefined) drawn.add(picked);
  }
  return [...drawn].sort();
}

/** The moment of a session's re-check, Unix milliseconds; null where the class is too short for one. */
export function recheckMoment(startMs: number, endMs: number, dice: Dice): number | null {
  const from = startMs + MARGIN_MS;
  const span = endMs - MARGIN_MS - from;
  return span > 0 ? from + dice.below(span) : null;
}
