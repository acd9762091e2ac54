/** Why staff marked a student who did not scan: a category of their own choice, or none (presence.md section 9). */
import type { Refusal } from '../attendance/results.ts';
import type { Mark } from '../types.ts';

/** The categories; `id_card` says that the identity card was seen, the others why there was no scan. */
export const FALLBACKS = [
  'no_phone',
  'flat_battery',
  'no_camera',
  'shared_phone',
  'id_card',
  'other',
] as const;
/** Why there was no scan, or what was seen in its place. */
export type Fallback = (typeof FALLBACKS)[number];

/**
 * Why a claim may not name a fallback, or null: a fallback stands in for a scan, and a scan proves
 * presence, so it goes with no other mark.
 */
export function fallbackRefusal({
  mark,
  fallback,
}: {
  readonly mark: Mark;
  readonly fallback?: Fallback | undefined;
}): Refusal<'mark_not_allowed'> | null {
  if (fallback === undefined || mark === 'present' || mark === 'late') return null;
  return {
    code: 'mark_not_allowed',
    detail: 'A fallback goes with present or late only; leave it out.',
  };
}

/** The fallback inside stored evidence; null where there is none. */
export function fallbackOf(evidence: unknown): Fallback | null {
  if (evidence === null || typeof evidence !== 'object') return null;
  const { fallback } = evidence as Readonly<Record<string, unknown>>;
  return FALLBACKS.find((known) => known === fallback) ?? null;
}

/** Fewer marks without a scan than this make nobody stand out. */
const OFTEN_MIN = 3;

/**
 * Whether a student was marked without a scan so often that staff should look: more than a quarter
 * of the marks of presence in classes that showed codes, and at least three. It changes no mark.
 * @param unscanned  marks by staff without a scan, with a category or without
 * @param attended   marks of presence in the classes of the same period that showed codes
 */
export function isFallbackOften({
  unscanned,
  attended,
}: {
  readonly unscanned: number;
  readonly attended: number;
}): boolean {
  return unscanned >= OFTEN_MIN && unscanned * 4 > attended;
}
