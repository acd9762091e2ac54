import { describe, expect, it } from '@jest/globals';
import { meanOf, showBasisPoints, thresholdOfPercent } from './percentage.ts';

describe('showBasisPoints', () => {
  it.each([
    [0, '0.00'],
    [7, '0.07'],
    [75, '0.75'],
    [7497, '74.97'],
    [10_000, '100.00'],
  ])('prints %i as %s', (basisPoints, text) => {
    expect(showBasisPoints(basisPoints)).toBe(text);
  });
});

describe('thresholdOfPercent', () => {
  it.each([
    [75, [75, 100]],
    [79.5, [795, 1000]],
    [66.67, [6667, 10_000]],
    [0, [0, 100]],
    [100, [100, 100]],
  ])('reads %p exactly', (percent, threshold) => {
    expect(thresholdOfPercent(percent)).toEqual(threshold);
  });

  it.each([100.01, 101, -1, 66.667, Number.NaN, '75', null, undefined, true])(
    'does not accept %p',
    (percent) => {
      expect(thresholdOfPercent(percent)).toBeNull();
    },
  );
});

describe('meanOf', () => {
  it('is exact and null for nothing', () => {
    const third = { numerator: 10_000n, denominator: 3n };
    const { numerator, denominator } = meanOf([third, third, third]) ?? {
      numerator: 0n,
      denominator: 1n,
    };

    expect(numerator * 3n).toBe(denominator * 10_000n);
    expect(meanOf([])).toBeNull();
  });
});
