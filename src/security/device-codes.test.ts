import { describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { createDeviceCodes } from './device-codes.ts';

const codesUnder = (secret: string) =>
  createDeviceCodes({
    purposeKey: (purpose) => createHash('sha256').update(`${secret}:${purpose}`).digest(),
  });

describe('device codes', () => {
  const codes = codesUnder('one');

  it('are six digits, zeros in front included, and spread over all of them', () => {
    const made = Array.from({ length: 5_000 }, () => codes.codeOf(randomUUID()));

    expect(made.filter((code) => !/^\d{6}$/.test(code))).toEqual([]);
    expect(new Set(made).size).toBeGreaterThan(4_900);
    expect(new Set(made.map(([first]) => first)).size).toBe(10);
  });

  it('follow from the id and the key of the system', () => {
    const id = '0190b7a0-1234-7abc-8def-0123456789ab';

    expect(codesUnder('one').codeOf(id)).toBe(codes.codeOf(id));
    expect(codesUnder('two').codeOf(id)).not.toBe(codes.codeOf(id));
    expect(codes.codeOf(randomUUID())).not.toBe(codes.codeOf(id));
  });

  it('match their own id only, and no other length', () => {
    const id = randomUUID();
    const code = codes.codeOf(id);

    expect(codes.matches(id, code)).toBe(true);
    expect(codes.matches(randomUUID(), code)).toBe(false);
    expect(codes.matches(id, `${code}0`)).toBe(false);
    expect(codes.matches(id, '')).toBe(false);
  });
});
