/** Codes of six digits that go to a person's registered channel: made from an id, and compared. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from './keys.ts';

/** Makes and recognises the codes. */
export interface DeviceCodes {
  /**
   * The six digits that belong to an id: the first 8 bytes of HMAC-SHA256(key, id) as an unsigned
   * integer modulo 1,000,000. Whoever reads the database knows the id and not the key.
   */
  codeOf(id: string): string;
  /** Whether a code is that of the id, in constant time. */
  matches(id: string, code: string): boolean;
}

/** Makes the codes of a process; every process of a system makes the same. */
export function createDeviceCodes(keys: Pick<Keys, 'purposeKey'>): DeviceCodes {
  const secret = keys.purposeKey('device-code');
  const codeOf = (id: string): string => {
    const digest = createHmac('sha256', secret).update(id).digest();
    return String(digest.readBigUInt64BE() % 1_000_000n).padStart(6, '0');
  };
  return {
    codeOf,
    matches(id, code) {
      const [actual, expected] = [Buffer.from(code), Buffer.from(codeOf(id))];
      return actual.length === expected.length && timingSafeEqual(actual, expected);
    },
  };
}
