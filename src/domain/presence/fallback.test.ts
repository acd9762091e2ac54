import { describe, expect, it } from '@jest/globals';
import { MARKS } from '../types.ts';
import { FALLBACKS, fallbackOf, fallbackRefusal, isFallbackOften } from './fallback.ts';

describe('fallbacks', () => {
  it('go with marks of presence only', () => {
    const takenWith = MARKS.filter((mark) => !fallbackRefusal({ mark, fallback: 'no_phone' }));
    expect(takenWith).toEqual(['present', 'late']);
    expect(MARKS.filter((mark) => !fallbackRefusal({ mark }))).toEqual([...MARKS]);
  });

  it('are read from evidence, and nothing else is', () => {
    expect(FALLBACKS.map((fallback) => fallbackOf({ fallback }))).toEqual(FALLBACKS);
    for (const other of [null, undefined, 'no_phone', {}, { fallback: 7 }, { fallback: 'lazy' }]) {
      expect(fallbackOf(other)).toBeNull();
    }
  });

  it.each([
    [2, 2, false],
    [3, 11, true],
    [3, 12, false],
    [4, 15, true],
    [20, 80, false],
    [21, 83, true],
    [0, 0, false],
  ])('of %d among %d marks of presence are many: %s', (unscanned, attended, isOften) => {
    expect(isFallbackOften({ unscanned, attended })).toBe(isOften);
  });
});
