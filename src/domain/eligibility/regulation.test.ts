import { describe, expect, it } from '@jest/globals';
import { AppError } from '../errors.ts';
import { defaultRegulation, readRegulation } from './regulation.ts';

const LEAST = { id: 'x', source: 'test', require: [{ unit: 'course', min: [3, 4] }] };

function problemsOf(change: object): string[] {
  try {
    readRegulation({ ...LEAST, ...change });
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.errors.map(({ path, code }) => `${path} ${code}`);
  }
}

describe('readRegulation', () => {
  it('fills in the defaults of the rule format', () => {
    expect(readRegulation(LEAST)).toEqual({
      id: 'x',
      programmeKind: 'general',
      start: 'enrolment_date',
      base: 'held',
      minHeld: 1,
      excludeTags: [],
      lateValueBp: 10_000,
      latesPerAbsence: null,
      leaveDefault: 'tolerance',
      leave: [],
      require: [
        {
          unit: 'course',
          groups: [['L'], ['T'], ['P']],
          tags: null,
          scope: 'course',
          min: [3, 4],
          rounding: 'none',
          label: null,
        },
      ],
      consequence: 'advise',
      cohort: {},
      notices: {},
      unverified: [],
      source: 'test',
    });
  });

  it.each<[string, object, string]>([
    ['an unknown key', { colour: 'red' }, 'colour unknown_key'],
    [
      'an unknown key inside',
      { require: [{ unit: 'course', min: [3, 4], most: 1 }] },
      'require[0].most unknown_key',
    ],
    ['a missing source', { source: undefined }, 'source text'],
    ['no requirement', { require: [] }, 'require filled_list'],
    [
      'a threshold above 1',
      { require: [{ unit: 'course', min: [5, 4] }] },
      'require[0].min fraction_up_to_one',
    ],
    [
      'a threshold that is a float',
      { require: [{ unit: 'course', min: [66.67, 100] }] },
      'require[0].min[0] whole_number',
    ],
    [
      'two late policies',
      { lates_per_absence: 3, late_value_bp: 8000 },
      'lates_per_absence two_late_policies',
    ],
    [
      'a category under two rules',
      {
        leave: [
          { category: ['ncc'], pattern: 'attended' },
          { category: ['ncc'], pattern: 'excluded' },
        ],
      },
      'leave category_twice',
    ],
    [
      'a cap of two kinds',
      { leave: [{ category: ['ncc'], pattern: 'attended', cap: { units: 1, of_held: [1, 3] } }] },
      'leave[0].cap one_kind_of_cap',
    ],
    ['a start that is not computed yet', { start: 'term_start' }, 'start one_of:enrolment_date'],
    ['credits, which are not computed yet', { credits: [] }, 'credits unknown_key'],
  ])('refuses %s', (_what, change, problem) => {
    expect(problemsOf(change)).toContain(problem);
  });

  it.each([null, 'text', 7, []])('refuses %p, which is no object', (data) => {
    expect(() => readRegulation(data)).toThrow('validation_failed');
  });
});

describe('defaultRegulation', () => {
  it('takes the threshold of the setting and leaves excused classes out of held', () => {
    const regulation = defaultRegulation([65, 100]);

    expect(regulation).toMatchObject({
      id: 'default',
      leaveDefault: 'excluded',
      consequence: 'advise',
    });
    expect(regulation.require.map(({ unit, min }) => [unit, min])).toEqual([['course', [65, 100]]]);
  });
});
