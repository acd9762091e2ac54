/**
 * Random sequences of commands against the real API and PostgreSQL, each answer and each register
 * compared with a plain model of the rules (figure R4; `npm run prove:model` runs many more).
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SEQUENCE, type Command } from '../../test/model/commands.ts';
import { findDifference } from '../../test/model/compare.ts';
import type { Mutant } from '../../test/model/register.ts';
import { openSchool, type School } from '../../test/model/school.ts';

const RUNS = 30;

type Found = readonly (readonly [what: string, commands: readonly Command[]])[];

/** Sequences that once came out otherwise than the rules say. */
const FOUND: Found = [
  [
    'a student who comes back to a reopened class has no automatic absence of its first close',
    [
      { do: 'open' },
      { do: 'mark', by: 'teacher', student: 's1', mark: 'present', sees: true },
      { do: 'close' },
      { do: 'drop', student: 's0', day: 0 },
      { do: 'open' },
      { do: 'enrol', student: 's0', day: 0 },
    ],
  ],
  [
    'evidence that comes after the lock, of a student enrolled after it, changes no record (R12)',
    [
      { do: 'open' },
      { do: 'mark', by: 'teacher', student: 's1', mark: 'present', sees: true },
      { do: 'close' },
      { do: 'lock' },
      { do: 'enrol', student: 's3', day: -1 },
      { do: 'sync', student: 's3', mark: 'present', age: 0, sees: false },
    ],
  ],
];

const GIVEN = { autoOpen: true, startsIn: -20, minutes: 60 };

let school: School;

beforeAll(async () => {
  school = await openSchool();
});

afterAll(() => school.close());

const property = (mutant: Mutant | null) =>
  fc.asyncProperty(SEQUENCE, async (sequence) => {
    const difference = await findDifference(school, sequence, { mutant });
    if (difference !== null) throw new Error(difference);
  });

describe('a class', () => {
  // A failure names its seed and the smallest sequence found.
  it('answers and stores what the model of the rules says, whatever is done to it', async () => {
    await fc.assert(property(null), { numRuns: RUNS });
  });

  it.each(FOUND)('%s', async (_what, commands) => {
    expect(await findDifference(school, { given: GIVEN, commands })).toBeNull();
  });

  it('control: a model that refuses marks after the close is found out', async () => {
    const { failed, numRuns } = await fc.check(property('no-marks-after-close'), {
      numRuns: RUNS,
      seed: 1,
      endOnFailure: true,
    });

    expect(failed).toBe(true);
    expect(numRuns).toBeLessThanOrEqual(RUNS);
  });
});
