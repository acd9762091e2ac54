import { describe, expect, it } from '@jest/globals';
import { countOf, isCut, LISTED_MAX } from './listed.ts';

describe('a list of the integrity report', () => {
  it('tells how many there are, and that there may be more where it was cut', () => {
    const rows = (length: number) => Array.from({ length }, () => null);

    expect([0, 7, LISTED_MAX - 1].map((length) => countOf(rows(length)))).toEqual([
      '0',
      '7',
      '199',
    ]);
    expect(countOf(rows(LISTED_MAX))).toBe('200+');
    expect([isCut(rows(LISTED_MAX - 1)), isCut(rows(LISTED_MAX))]).toEqual([false, true]);
  });
});
