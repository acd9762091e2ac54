import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { headCountTolerance, judgeHeadCount } from './head-count.ts';
import { isOfflineOften } from './offline-share.ts';
import { drawSample, recheckMoment, sampleSize, type Dice } from './recheck.ts';

describe('a head count', () => {
  test.each([
    [60, 59, 1, 'ok'],
    [60, 55, 1, 'headcount_excess'],
    [120, 117, 2, 'headcount_excess'],
    [300, 294, 6, 'ok'],
    [300, 293, 6, 'headcount_excess'],
    [45, 47, 1, 'headcount_short'],
    [0, 1, 1, 'ok'],
    [0, 2, 1, 'headcount_short'],
  ] as const)('%i marked, %i heads', (marked, heads, tolerance, outcome) => {
    expect(headCountTolerance(marked)).toBe(tolerance);
    expect(judgeHeadCount(marked, heads)).toBe(outcome);
  });
});

const ids = Array.from({ length: 60 }, (_, index) => `s${String(index).padStart(2, '0')}`);
const first: Dice = { below: () => 0 };

describe('a re-check', () => {
  test.each([
    [0, 0],
    [2, 2],
    [10, 3],
    [60, 6],
    [61, 7],
  ])('of %i who scanned draws %i', (scanned, size) => {
    expect(sampleSize(scanned, 10)).toBe(size);
  });

  test('takes everyone flagged beside the sample, nobody twice', () => {
    expect(drawSample(ids, ['s59', 's00'], 10, first)).toEqual([
      's00',
      's01',
      's02',
      's03',
      's04',
      's05',
      's59',
    ]);
    expect(drawSample([], [], 10, first)).toEqual([]);
  });

  test('a student relayed in every class is drawn with the published probability', () => {
    // 0.6513 after 10 sessions (presence.md section 8), over 20,000 terms of a fixed sequence.
    let state = 1;
    const dice: Dice = {
      below: (limit) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * limit);
      },
    };
    let caught = 0;
    for (let term = 0; term < 20_000; term += 1) {
      let isCaught = false;
      for (let session = 0; session < 10 && !isCaught; session += 1) {
        isCaught = drawSample(ids, [], 10, dice).includes('s07');
      }
      if (isCaught) caught += 1;
    }
    expect(caught / 20_000).toBeCloseTo(0.6513, 1);
  });

  test('never falls into the first or last ten minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 21, max: 240 }), fc.nat(), (minutes, seed) => {
        const endMs = minutes * 60_000;
        const moment = recheckMoment(0, endMs, { below: (limit) => seed % limit });
        expect(moment).not.toBeNull();
        expect(moment).toBeGreaterThanOrEqual(600_000);
        expect(moment).toBeLessThan(endMs - 600_000);
      }),
    );
    expect(recheckMoment(0, 20 * 60_000, first)).toBeNull();
  });
});

test.each([
  [4, 4, false],
  [5, 20, false],
  [5, 19, true],
  [6, 20, true],
  [0, 0, false],
])('%i offline scans of %i', (offline, scans, isOften) => {
  expect(isOfflineOften({ offline, scans })).toBe(isOften);
});
