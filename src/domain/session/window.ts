/** Bounds of a class's time that hold wherever one is set. */
import type { Instant } from '../types.ts';

/** The longest class, in hours. */
const LONGEST_CLASS_HOURS = 12;
/** The furthest start, in days from now: an academic year with room to spare. */
const FURTHEST_START_DAYS = 400;

/** What is wrong with a window: a stable code, the bound that is meant, and a sentence. */
export interface WindowProblem {
  readonly code: 'window_inverted' | 'too_long' | 'too_far';
  readonly bound: 'start' | 'end';
  readonly detail: string;
}

/** Why a class cannot last from `startAt` to `endAt`, or null; `nowMs` is Unix milliseconds. */
export function windowProblem(
  startAt: Instant,
  endAt: Instant,
  nowMs: number,
): WindowProblem | null {
  const [startMs, endMs] = [Date.parse(startAt), Date.parse(endAt)];
  if (endMs <= startMs) {
    const detail = 'Give an end_datetime after the start_datetime.';
    return { code: 'window_inverted', bound: 'end', detail };
  }
  if (endMs - startMs > LONGEST_CLASS_HOURS * 3_600_000) {
    const detail = `A class lasts at most ${LONGEST_CLASS_HOURS} hours.`;
    return { code: 'too_long', bound: 'end', detail };
  }
  if (startMs - nowMs > FURTHEST_START_DAYS * 86_400_000) {
    const detail = `A class starts at most ${FURTHEST_START_DAYS} days from now.`;
    return { code: 'too_far', bound: 'start', detail };
  }
  return null;
}
