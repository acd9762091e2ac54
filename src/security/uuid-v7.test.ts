import { describe, expect, it } from '@jest/globals';
import { uuidV7Maker } from './uuid-v7.ts';

describe('ids', () => {
  it('are of version 7, differ, and grow, also within a millisecond', () => {
    const next = uuidV7Maker();
    const made = Array.from({ length: 5_000 }, next);
    expect(new Set(made).size).toBe(made.length);
    expect(made).toEqual([...made].sort());
    expect(made.every((id) => /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab]/.test(id))).toBe(true);
  });

  it('begin with the time they were made', () => {
    const before = Date.now();
    const ms = Number.parseInt(uuidV7Maker()().replaceAll('-', '').slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThanOrEqual(Date.now());
  });

  it('of two makers have nothing in common but the time', () => {
    const [one, other] = [uuidV7Maker(), uuidV7Maker()];
    const tails = Array.from({ length: 600 }, () => [one(), other()].map((id) => id.slice(-12)));
    expect(new Set(tails.flat()).size).toBe(1_200);
  });
});
