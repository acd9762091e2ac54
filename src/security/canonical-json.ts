/** RFC 8785 JSON for hashes: strings, safe integers, booleans, null, arrays and objects only. */
import canonicalize from 'canonicalize';

/** A value with exactly one text form (trust.md section 6). */
export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/**
 * The RFC 8785 text of a value.
 * @throws Error when a number is not an integer within 2^53 - 1
 */
export function canonicalJson(value: CanonicalValue): string {
  assertIntegers(value);
  const text = canonicalize(value);
  if (text === undefined) throw new Error('the value has no canonical form');
  return text;
}

function assertIntegers(value: CanonicalValue): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new Error('canonical JSON holds safe integers only');
  }
  if (value !== null && typeof value === 'object') {
    for (const inner of Object.values(value)) assertIntegers(inner);
  }
}
