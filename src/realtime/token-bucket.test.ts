import { describe, expect, it } from '@jest/globals';
import { tokenBucket } from './token-bucket.ts';

describe('tokenBucket', () => {
  it('gives the burst at once, then as many as the time that passed', () => {
    let now = 0;
    const bucket = tokenBucket({ perSecond: 10, burst: 3 }, () => now);
    const taken = () => Array.from({ length: 5 }, () => bucket.take()).filter(Boolean).length;

    expect(taken()).toBe(3);
    expect(taken()).toBe(0);
    now += 100;
    expect(taken()).toBe(1);
    now += 60_000;
    expect(taken()).toBe(3);
  });
});
