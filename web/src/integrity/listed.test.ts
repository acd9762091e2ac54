import { describe, expect, it } from '@jest/globals';
import { isCut, LISTED_MAX } from './listed.ts';

describe('a list of the integrity report', () => {
  it('may have more where it was cut', () => {
    const rows = (length: number) => Array.from({ length }, () => null);

    expect([isCut(rows(LISTED_MAX - 1)), isCut(rows(LISTED_MAX))]).toEqual([false, true]);
  });
});
