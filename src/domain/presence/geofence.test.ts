import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  distanceM,
  judgePosition,
  positionKey,
  radius95,
  roundedDistance,
  type Fence,
  type Fix,
  type PositionPlatform,
} from './geofence.ts';

const fence: Fence = { centre: { lat: 17.385, lng: 78.4867 }, radiusM: 60, polygon: null };
const fix = (
  lat: number,
  lng: number,
  accuracyM: number,
  platform: PositionPlatform = 'web',
): Fix => ({ lat, lng, accuracyM, platform, ageMs: 1_000 });

describe('the verdict on a position', () => {
  test.each([
    [fix(17.3853, 78.4867, 15), 33.36, 15, 'inside', null],
    [fix(17.3853, 78.4867, 15, 'android'), 33.36, 24.3, 'inside', null],
    [fix(17.3853, 78.4867, 20, 'android'), 33.36, 32.4, 'unknown', 'uncertain'],
    [fix(17.385, 78.4867, 60), 0, 60, 'inside', null],
    [fix(17.3854, 78.4871, 8), 61.48, 8, 'unknown', 'uncertain'],
    [fix(17.386, 78.4867, 40), 111.2, 40, 'outside', null],
    [fix(17.386, 78.4867, 60), 111.2, 60, 'unknown', 'uncertain'],
    [fix(17.386, 78.4867, 31, 'android'), 111.2, 50.22, 'outside', null],
    [fix(17.386, 78.4867, 32, 'android'), 111.2, 51.84, 'unknown', 'uncertain'],
    [fix(17.385, 78.4867, 120), 0, 120, 'unknown', 'inaccurate'],
  ] as const)('presence.md section 6, row %#', (given, d, r95, verdict, reason) => {
    expect(distanceM(fence.centre, given)).toBeCloseTo(d, 1);
    expect(radius95(given.accuracyM, given.platform)).toBeCloseTo(r95, 2);
    expect(judgePosition(fence, given)).toMatchObject({ verdict, reason });
  });

  test.each([
    ['no fix', null, false, 'missing'],
    ['no accuracy', fix(17.385, 78.4867, 0), false, 'no_accuracy'],
    ['a negative accuracy', fix(17.385, 78.4867, -1), false, 'no_accuracy'],
    ['an accuracy that is no number', fix(17.385, 78.4867, Number.NaN), false, 'no_accuracy'],
    ['an old fix', { ...fix(17.385, 78.4867, 10), ageMs: 60_001 }, false, 'stale'],
    ['a repeated fix', fix(17.385, 78.4867, 10), true, 'repeated'],
  ] as const)('%s is unknown', (_name, given, isRepeated, reason) => {
    expect(judgePosition(fence, given, isRepeated)).toMatchObject({ verdict: 'unknown', reason });
  });

  test('a room without a place gives no verdict', () => {
    expect(judgePosition(null, fix(17.385, 78.4867, 10))).toEqual({
      verdict: 'unknown',
      reason: 'no_fence',
      distanceM: null,
    });
  });

  const square: Fence = {
    ...fence,
    polygon: [
      { lat: 17.384, lng: 78.4857 },
      { lat: 17.384, lng: 78.4877 },
      { lat: 17.386, lng: 78.4877 },
      { lat: 17.386, lng: 78.4857 },
    ],
  };

  test.each([
    ['in the middle', fix(17.385, 78.4867, 90), 'inside'],
    ['near the edge', fix(17.3859, 78.4867, 30), 'unknown'],
    ['beyond the edge', fix(17.387, 78.4867, 90), 'outside'],
    ['beyond a corner', fix(17.3865, 78.4885, 50), 'outside'],
  ] as const)('with a polygon its edge counts: %s', (_name, given, verdict) => {
    expect(judgePosition(square, given).verdict).toBe(verdict);
  });

  test('a polygon of one point is that point', () => {
    const [corner] = square.polygon ?? [];
    if (!corner) throw new Error('the square has corners');
    const point = { ...fence, polygon: [corner, corner] };
    expect(judgePosition(point, { ...fix(0, 0, 5), ...corner }).verdict).toBe('unknown');
  });

  test('a worse accuracy never turns unknown into certainty', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 17.38, max: 17.39, noNaN: true }),
        fc.double({ min: 78.48, max: 78.49, noNaN: true }),
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 0, max: 50 }),
        (lat, lng, accuracy, worse) => {
          const near = judgePosition(fence, fix(lat, lng, accuracy)).verdict;
          const far = judgePosition(fence, fix(lat, lng, accuracy + worse)).verdict;
          expect(far === near || far === 'unknown').toBe(true);
        },
      ),
    );
  });
});

test('distances are kept in tens of metres, positions compared by six decimals', () => {
  expect([roundedDistance(33.36), roundedDistance(35), roundedDistance(null)]).toEqual([
    30,
    40,
    null,
  ]);
  expect(positionKey({ lat: 17.38500001, lng: 78.4867 })).toBe('17.385000,78.486700');
});
