/** Who lacks attendance, whatever the regulation makes of it. */
import type { Verdict } from '../api/types.ts';

const SHORT: readonly Verdict[] = ['not_eligible', 'condonable', 'provisional'];

/** Says whether the plain value is below what the exam needs; condoning does not change the value. */
export const isShort = (verdict: Verdict): boolean => SHORT.includes(verdict);
