import { describe, expect, it } from '@jest/globals';
import { addDays, daysBetween } from '../../domain/timetable/plan-sessions.ts';
import { calendarOn } from './academic-calendar.ts';
import { DEPARTMENTS, PERIODS, sectionsOf } from './catalogue.ts';
import { DEMO_ACCOUNTS } from './demo-accounts.ts';
import { createRandom } from './random.ts';
import { layWeek, type WeeklyClass } from './weekly-timetable.ts';

describe('calendarOn', () => {
  it('gives the odd semester from July and the even one from January', () => {
    expect(calendarOn('2026-11-23')).toMatchObject({
      year: { name: '2026-27' },
      semester: { code: '2026-odd', startsOn: '2026-07-01' },
      admissionYear: 2024,
    });
    expect(calendarOn('2027-04-01')).toMatchObject({
      year: { name: '2026-27' },
      semester: { code: '2026-even', startsOn: '2027-01-01', endsOn: '2027-06-30' },
    });
  });

  it('always leaves eight weeks behind and six ahead, inside the academic year', () => {
    for (let day = 0; day < 731; day += 1) {
      const today = addDays('2026-01-01', day);
      const { year, semester } = calendarOn(today);

      expect(daysBetween(semester.startsOn, today)).toBeGreaterThanOrEqual(56);
      expect(daysBetween(today, semester.endsOn)).toBeGreaterThanOrEqual(42);
      expect(year.startsOn <= semester.startsOn && year.endsOn >= semester.endsOn).toBe(true);
    }
  });
});

describe('the catalogue', () => {
  it('has 3 departments, 12 courses, 18 sections, 400 students and 25 members of staff', () => {
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

    expect(DEPARTMENTS).toHaveLength(3);
    expect(DEPARTMENTS.flatMap(({ courses }) => courses)).toHaveLength(12);
    expect(DEPARTMENTS.flatMap(sectionsOf)).toHaveLength(18);
    expect(sum(DEPARTMENTS.flatMap(({ groups }) => groups.map(({ size }) => size)))).toBe(400);
    expect(sum(DEPARTMENTS.map((d) => d.theoryTeachers + d.laboratoryTeachers))).toBe(25);
  });

  it('has a demo account for every role that signs in with a password', () => {
    expect(new Set(DEMO_ACCOUNTS.map(({ role }) => role)).size).toBe(8);
  });
});

describe('layWeek', () => {
  const WEEK = {
    periodsOf: (weekday: number) => (weekday === 6 ? 4 : PERIODS.length),
    afternoonFrom: 4,
  };

  it('lays classes without a clash of room, teacher, group or section', () => {
    const classes = DEPARTMENTS.flatMap((department) =>
      sectionsOf(department).flatMap((section): WeeklyClass<number>[] =>
        [0, 1, 2, 3].map((key) => ({
          key,
          section: `${department.code} ${section.course} ${section.group}`,
          group: `${department.code} ${section.group}`,
          teacher: `${department.code} ${section.teacher}`,
          room: key < 3 ? `${department.code} ${section.group}` : `lab ${department.code}`,
          periods: key < 3 ? 1 : 2,
        })),
      ),
    );

    const laid = layWeek(classes, WEEK, createRandom(1));

    const taken = laid.flatMap((item) =>
      Array.from({ length: item.periods }, (_, index) => item.period + index).flatMap((period) =>
        [`g ${item.group}`, `t ${item.teacher}`, `r ${item.room}`].map(
          (who) => `${who} ${item.weekday} ${period}`,
        ),
      ),
    );
    const perDay = laid.map(({ section, weekday }) => `${section} ${weekday}`);
    expect(laid).toHaveLength(classes.length);
    expect(new Set(taken).size).toBe(taken.length);
    expect(new Set(perDay).size).toBe(perDay.length);
    expect(laid.every(({ period, periods }) => period > 3 || period + periods <= 4)).toBe(true);
  });

  it('says so when the week is too full', () => {
    const one = { key: 1, group: 'g', teacher: 't', room: 'r', periods: 1 };
    const classes = Array.from({ length: 40 }, (_, index) => ({ ...one, section: `s${index}` }));

    expect(() => layWeek(classes, WEEK, createRandom(1))).toThrow('too full');
  });
});

describe('createRandom', () => {
  it('gives the same draws for the same seed and others for another', () => {
    const draws = (seed: number): number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 5 }, () => random.between(1, 1_000_000));
    };

    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
  });
});
