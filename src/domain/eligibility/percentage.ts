/** Exact percentages: fractions of basis points in BigInt, compared before they are ever printed. */

/** A least value as a fraction of whole numbers, for example `[75, 100]` or `[2, 3]`. */
export type Threshold = readonly [numerator: number, denominator: number];

/** What may be done to a value before it is compared (eligibility.md section 2). */
export const ROUNDINGS = ['none', 'nearest_percent', 'truncate_percent'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

/** A percentage as an exact number of basis points, `numerator / denominator`. */
export interface Value {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Basis points of the whole; also the parts a unit is counted in, so that part-credit stays exact. */
export const WHOLE = 10_000n;

/**
 * The displayed value: whole basis points, 0 to 10000, truncated.
 * @see eligibility.md section 2
 */
export function basisPointsOf({ numerator, denominator }: Value): number {
  return Number(numerator / denominator);
}

/** Basis points as people read them, with two decimals: 7497 is `74.97`. No arithmetic is done. */
export function showBasisPoints(basisPoints: number): string {
  const digits = String(basisPoints).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Whether a value, rounded as the rule says, is at or above a threshold; by cross multiplication. */
export function meets(value: Value, [least, of]: Threshold, rounding: Rounding = 'none'): boolean {
  const compared = round(value, rounding);
  return compared.numerator * BigInt(of) >= compared.denominator * WHOLE * BigInt(least);
}

/**
 * Orders two items by how far each lies above (or below) its own threshold; negative when the
 * first is nearer to failing.
 */
export function compareMargins(
  one: { readonly value: Value; readonly min: Threshold },
  other: { readonly value: Value; readonly min: Threshold },
): number {
  const [first, second] = [marginOf(one.value, one.min), marginOf(other.value, other.min)];
  const difference = first.numerator * second.denominator - second.numerator * first.denominator;
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

/** The mean of exact values, each of equal weight; null for none. */
export function meanOf(values: readonly Value[]): Value | null {
  if (values.length === 0) return null;
  const denominator = values.reduce((product, value) => product * value.denominator, 1n);
  const numerator = values.reduce(
    (sum, value) => sum + value.numerator * (denominator / value.denominator),
    0n,
  );
  return { numerator, denominator: denominator * BigInt(values.length) };
}

const PERCENT = /^(\d{1,3})(?:\.(\d{1,2}))?$/;

/**
 * A stored percentage, with up to two decimals, as an exact fraction: 75 is `[75, 100]`, 79.5 is
 * `[795, 1000]`. Null for anything that is no percentage from 0 to 100.
 */
export function thresholdOfPercent(percent: unknown): Threshold | null {
  if (typeof percent !== 'number') return null;
  const parts = PERCENT.exec(String(percent));
  if (!parts) return null;
  const decimals = parts[2] ?? '';
  const threshold: Threshold = [
    Number(`${parts[1]}${decimals}`),
    Number(`100${'0'.repeat(decimals.length)}`),
  ];
  return threshold[0] <= threshold[1] ? threshold : null;
}

function round(value: Value, rounding: Rounding): Value {
  const { numerator, denominator } = value;
  switch (rounding) {
    case 'none':
      return value;
    case 'nearest_percent':
      // Half up: the percentage plus one half, truncated.
      return wholePercent((2n * numerator + 100n * denominator) / (200n * denominator));
    case 'truncate_percent':
      return wholePercent(numerator / (100n * denominator));
    default:
      return rounding satisfies never;
  }
}

const wholePercent = (percent: bigint): Value => ({ numerator: percent * 100n, denominator: 1n });

function marginOf({ numerator, denominator }: Value, [least, of]: Threshold): Value {
  return {
    numerator: numerator * BigInt(of) - WHOLE * BigInt(least) * denominator,
    denominator: denominator * BigInt(of),
  };
}
