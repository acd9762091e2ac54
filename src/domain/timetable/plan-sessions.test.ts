import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  addDays,
  daysBetween,
  planSessions,
  weekdayOf,
  type CampusHoliday,
  type PlanInput,
  type PlannableSlot,
} from './plan-sessions.ts';

const SLOT: PlannableSlot = {
  id: 'slot-1',
  campusId: 'campus-1',
  weekday: 1,
  startTime: '09:00',
  endTime: '09:50',
  validFrom: '2026-07-01',
  validTo: '2026-12-31',
  autoGenerate: true,
  isActive: true,
  semesterStartsOn: '2026-07-01',
  semesterEndsOn: '2026-12-31',
};

const HOLIDAY: CampusHoliday = {
  campusId: 'campus-1',
  heldOn: '2026-11-16',
  name: 'Founders Day',
  fromTime: null,
  toTime: null,
  affectsAttendance: true,
};

/** Four Mondays: 2, 9, 16 and 23 November 2026. */
const FOUR_WEEKS = { dateFrom: '2026-11-01', dateTo: '2026-11-28' };

/** Wall-clock time five and a half hours ahead of UTC, as in Asia/Kolkata all year. */
const kolkata = (_slot: PlannableSlot, date: string, time: string): string =>
  new Date(Date.parse(`${date}T${time}Z`) - 330 * 60_000).toISOString();

function plan(
  over: Partial<PlanInput> = {},
  slot: Partial<PlannableSlot> = {},
): ReturnType<typeof planSessions> {
  return planSessions({
    slots: [{ ...SLOT, ...slot }],
    holidays: [],
    ...FOUR_WEEKS,
    exists: () => false,
    toInstant: kolkata,
    ...over,
  });
}

const reasons = (result: ReturnType<typeof plan>) =>
  result.skipped.map(({ date, reason }) => [date, reason]);

describe('planSessions', () => {
  it('gives three sessions at 09:00 local from four Mondays of which one is a holiday', () => {
    const result = plan({ holidays: [HOLIDAY] });

    expect(result.planned.map(({ startAt }) => startAt)).toEqual([
      '2026-11-02T03:30:00.000Z',
      '2026-11-09T03:30:00.000Z',
      '2026-11-23T03:30:00.000Z',
    ]);
    expect(result.skipped).toMatchObject([
      { date: '2026-11-16', reason: 'holiday', detail: 'Founders Day' },
    ]);
  });

  it('lets a holiday of another campus, or one that does not stop classes, pass', () => {
    const holidays = [
      { ...HOLIDAY, campusId: 'campus-2' },
      { ...HOLIDAY, affectsAttendance: false },
    ];

    expect(plan({ holidays }).planned).toHaveLength(4);
  });

  it.each([
    ['that ends when the class begins', '08:00', '09:00', 4],
    ['that begins when the class ends', '09:50', '12:00', 4],
    ['that overlaps the first minute', '08:00', '09:01', 3],
    ['that overlaps the last minute', '09:49:00', '12:00:00', 3],
    ['inside the class', '09:20', '09:30', 3],
  ])('judges a part-day holiday %s by overlap', (_name, fromTime, toTime, sessions) => {
    const result = plan({ holidays: [{ ...HOLIDAY, fromTime, toTime }] });

    expect(result.planned).toHaveLength(sessions);
  });

  it('skips dates outside the validity of the slot, its first and last day included', () => {
    const result = plan({}, { validFrom: '2026-11-09', validTo: '2026-11-16' });

    expect(result.planned.map(({ date }) => date)).toEqual(['2026-11-09', '2026-11-16']);
    expect(reasons(result)).toEqual([
      ['2026-11-02', 'outside_validity'],
      ['2026-11-23', 'outside_validity'],
    ]);
  });

  it('skips dates outside the semester', () => {
    const result = plan({}, { semesterEndsOn: '2026-11-15' });

    expect(reasons(result)).toEqual([
      ['2026-11-16', 'outside_semester'],
      ['2026-11-23', 'outside_semester'],
    ]);
  });

  it('skips an inactive slot and one whose automatic generation is off', () => {
    const inactive = plan({}, { isActive: false });
    const manual = plan({}, { autoGenerate: false });

    expect(new Set(inactive.skipped.map(({ reason }) => reason))).toEqual(new Set(['inactive']));
    expect(new Set(manual.skipped.map(({ reason }) => reason))).toEqual(
      new Set(['automatic_generation_off']),
    );
  });

  it('says once that a weekday does not occur in the range', () => {
    const result = plan({ dateFrom: '2026-11-03', dateTo: '2026-11-05' });

    expect(reasons(result)).toEqual([[null, 'weekday']]);
  });

  it('skips a session that exists', () => {
    const result = plan({ exists: (_slot, date) => date === '2026-11-09' });

    expect(reasons(result)).toEqual([['2026-11-09', 'exists']]);
  });

  it('skips a class that a clock change swallows', () => {
    const result = plan({ toInstant: () => '2026-11-02T01:00:00.000Z' });

    expect(new Set(result.skipped.map(({ reason }) => reason))).toEqual(new Set(['clock_change']));
  });

  it('gives nothing for an inverted range', () => {
    expect(plan({ dateFrom: '2026-11-28', dateTo: '2026-11-01' }).planned).toEqual([]);
  });
});

const dateIn2026 = fc.integer({ min: 0, max: 364 }).map((days) => addDays('2026-01-01', days));
const dateRange = fc
  .tuple(dateIn2026, dateIn2026)
  .map(([a, b]): [string, string] => (a <= b ? [a, b] : [b, a]));
const hour = fc.integer({ min: 8, max: 18 });

const anySlot = fc
  .record({
    weekday: fc.integer({ min: 1, max: 7 }),
    start: hour,
    validity: dateRange,
    semester: dateRange,
    autoGenerate: fc.boolean(),
    isActive: fc.boolean(),
  })
  .map(({ weekday, start, validity, semester, ...flags }): Omit<PlannableSlot, 'id'> => ({
    ...flags,
    campusId: 'campus-1',
    weekday,
    startTime: `${String(start).padStart(2, '0')}:00`,
    endTime: `${String(start).padStart(2, '0')}:50`,
    validFrom: validity[0],
    validTo: validity[1],
    semesterStartsOn: semester[0],
    semesterEndsOn: semester[1],
  }));
const slots = fc
  .array(anySlot, { maxLength: 4 })
  .map((list) => list.map((slot, index): PlannableSlot => ({ ...slot, id: `slot-${index}` })));
const holidays = fc.array(
  dateIn2026.map((heldOn): CampusHoliday => ({ ...HOLIDAY, heldOn })),
  { maxLength: 20 },
);
const anyInput = fc
  .tuple(slots, holidays, dateRange)
  .map(([list, days, [dateFrom, dateTo]]): PlanInput => ({
    slots: list,
    holidays: days,
    dateFrom,
    dateTo,
    exists: () => false,
    toInstant: kolkata,
  }));

describe('laws of planSessions', () => {
  it('never plans outside range, validity or semester, on another weekday, or on a holiday', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const free = new Set(input.holidays.map(({ heldOn }) => heldOn));
        for (const { slot, date } of planSessions(input).planned) {
          expect(slot.isActive && slot.autoGenerate).toBe(true);
          expect(weekdayOf(date)).toBe(slot.weekday);
          expect(date >= input.dateFrom && date <= input.dateTo).toBe(true);
          expect(date >= slot.validFrom && date <= slot.validTo).toBe(true);
          expect(date >= slot.semesterStartsOn && date <= slot.semesterEndsOn).toBe(true);
          expect(free.has(date)).toBe(false);
        }
      }),
    );
  });

  it('plans nothing more once its own plan exists, and names each planned date as existing', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const first = planSessions(input);
        const made = new Set(first.planned.map(({ slot, date }) => `${slot.id} ${date}`));

        const second = planSessions({ ...input, exists: (id, date) => made.has(`${id} ${date}`) });

        expect(second.planned).toEqual([]);
        expect(second.skipped.filter(({ reason }) => reason === 'exists')).toHaveLength(made.size);
      }),
    );
  });

  it('gives every matching date of every slot exactly one outcome', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const result = planSessions(input);
        const days = daysBetween(input.dateFrom, input.dateTo) + 1;
        const dates = Array.from({ length: days }, (_, index) => addDays(input.dateFrom, index));
        const expected = input.slots.flatMap((slot) => {
          const own = dates.filter((date) => weekdayOf(date) === slot.weekday);
          return own.length === 0 ? [`${slot.id} null`] : own.map((date) => `${slot.id} ${date}`);
        });
        const outcomes = [...result.planned, ...result.skipped].map(
          ({ slot, date }) => `${slot.id} ${date}`,
        );

        expect(outcomes.sort()).toEqual(expected.sort());
      }),
    );
  });

  it('control: a plan that ignored holidays would break the law', () => {
    const broken = plan({ holidays: [{ ...HOLIDAY, affectsAttendance: false }] });

    expect(broken.planned.some(({ date }) => date === HOLIDAY.heldOn)).toBe(true);
  });
});
