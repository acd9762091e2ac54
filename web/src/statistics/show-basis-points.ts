/** Basis points as the API prints percentages. */

/** Two decimals, for example 7366 as 73.66; integers only, so nothing is rounded up to a limit. */
export function showBasisPoints(basisPoints: number): string {
  const whole = Math.floor(basisPoints / 100);
  return `${whole}.${String(basisPoints % 100).padStart(2, '0')}`;
}
