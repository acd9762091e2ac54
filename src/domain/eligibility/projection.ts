/** What a student still has to attend, or may still miss, without a plan of coming classes. */
import { WHOLE, type Threshold } from './percentage.ts';

/** Advice from the numbers of today; null where no number of classes would do. */
export interface Projection {
  /** Classes in a row, of one unit each, until the threshold is met; null when it never can be. */
  readonly consecutiveNeeded: number | null;
  /** Classes that may be missed from now on; null when the threshold can never be lost. */
  readonly mayMiss: number | null;
}

/**
 * Projects a shortage or a reserve in classes of one unit.
 * @param counted  `held` in units and `attended` in ten-thousandths of a unit
 * @see eligibility.md section 7, "Without a plan"
 */
export function project(
  { held, attended }: { readonly held: bigint; readonly attended: bigint },
  [numerator, denominator]: Threshold,
): Projection {
  const [least, of] = [BigInt(numerator), BigInt(denominator)];
  const reserve = of * attended - least * held * WHOLE;
  return {
    consecutiveNeeded: consecutiveNeeded(reserve, of - least),
    mayMiss: least === 0n ? null : Number(max(0n, reserve) / (least * WHOLE)),
  };
}

function consecutiveNeeded(reserve: bigint, gain: bigint): number | null {
  if (reserve >= 0n) return 0;
  if (gain === 0n) return null;
  const perClass = gain * WHOLE;
  return Number((perClass - 1n - reserve) / perClass);
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other);
