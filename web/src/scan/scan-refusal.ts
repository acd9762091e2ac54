/** Why a saved scan does not count: kept with the times of its class, said in the zone of the class. */
import type { TFunction } from 'i18next';
import { refusalWords, refusedOf, type Refused } from '../shared/refusal-words.ts';

/** Members of a refusal that are instants of the class. */
const TIMES = ['opens_at', 'closes_at', 'lock_due_at'] as const;

/** Why the server refused a saved scan. */
export interface ScanRefusal extends Readonly<Partial<Record<(typeof TIMES)[number], string>>> {
  readonly code: string;
  readonly detail: string;
}

/** What is kept of a refusal. */
export function refusalOf(refused: Refused): ScanRefusal {
  const times = TIMES.flatMap((member) => {
    const at = refused.instantOf(member);
    return at === null ? [] : [[member, at] as const];
  });
  return { code: refused.code, detail: refused.detail, ...Object.fromEntries(times) };
}

/** The words for a kept refusal; earlier versions kept no times, which leaves the sentence of the API. */
export const scanRefusalWords = (
  t: TFunction,
  refusal: ScanRefusal,
  zone: string,
  nowMs?: number,
): string => refusalWords(t, refusedOf(refusal), zone, nowMs);
