import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { meets, WHOLE, type Threshold } from './percentage.ts';
import { project } from './projection.ts';

const counted = (held: number, attended: number) => ({
  held: BigInt(held),
  attended: BigInt(attended) * WHOLE,
});

describe('project', () => {
  it.each<[string, Threshold, number, number, number | null, number | null]>([
    ['12 in a row, 39 of 52', [3, 4], 40, 27, 12, 0],
    ['may miss 4, 33 of 44', [3, 4], 40, 33, 0, 4],
    ['exactly at the threshold', [75, 100], 40, 30, 0, 0],
    ['nothing held yet', [75, 100], 0, 0, 0, 0],
    ['everything required and one missed', [100, 100], 10, 9, null, 0],
    ['everything required and attended', [100, 100], 10, 10, 0, 0],
    ['nothing required', [0, 100], 10, 0, 0, null],
  ])('%s', (_sentence, threshold, held, attended, consecutiveNeeded, mayMiss) => {
    expect(project(counted(held, attended), threshold)).toEqual({ consecutiveNeeded, mayMiss });
  });

  it('gives the least number of classes that reaches, and the most that keeps, the threshold', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 99 }),
        (held, absent, percent) => {
          const attended = Math.max(0, held - absent);
          const threshold: Threshold = [percent, 100];
          const { consecutiveNeeded, mayMiss } = project(counted(held, attended), threshold);
          const passes = (more: number, of: number): boolean =>
            meets(
              { numerator: BigInt(attended + more) * WHOLE, denominator: BigInt(held + of) },
              threshold,
            );
          const [needed, spare] = [consecutiveNeeded ?? 0, mayMiss ?? 0];

          expect(passes(needed, needed)).toBe(true);
          if (needed > 0) expect(passes(needed - 1, needed - 1)).toBe(false);
          if (needed === 0) expect([passes(0, spare), passes(0, spare + 1)]).toEqual([true, false]);
        },
      ),
    );
  });
});
