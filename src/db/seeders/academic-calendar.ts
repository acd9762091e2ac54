/** The academic year and semester around a date, so that the demo always has weeks behind it. */
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { LocalDate } from '../../domain/types.ts';

/** An academic year and its running semester; the last days are included. */
export interface AcademicCalendar {
  readonly year: {
    readonly name: string;
    readonly startsOn: LocalDate;
    readonly endsOn: LocalDate;
  };
  readonly semester: {
    readonly name: string;
    readonly code: string;
    readonly startsOn: LocalDate;
    readonly endsOn: LocalDate;
  };
  /** Calendar year in which students of the third year were admitted. */
  readonly admissionYear: number;
}

const DAYS_BEHIND = 56;
const DAYS_AHEAD = 42;

/**
 * The calendar on a date: an odd semester from July to December and an even one from January to
 * June of the academic year that began in July. Near its ends a semester is stretched, so that eight
 * weeks lie behind the date and six ahead of it.
 */
export function calendarOn(today: LocalDate): AcademicCalendar {
  const year = Number(today.slice(0, 4));
  const isOdd = Number(today.slice(5, 7)) >= 7;
  const firstYear = isOdd ? year : year - 1;
  const startsOn = isOdd ? `${year}-07-01` : `${year}-01-01`;
  const endsOn = isOdd ? `${year}-12-31` : `${year}-06-30`;
  const earliest = addDays(today, -DAYS_BEHIND);
  const latest = addDays(today, DAYS_AHEAD);
  const semester = {
    startsOn: earliest < startsOn ? earliest : startsOn,
    endsOn: latest > endsOn ? latest : endsOn,
  };
  const [yearStart, yearEnd] = [`${firstYear}-07-01`, `${firstYear + 1}-06-30`];
  return {
    year: {
      name: `${firstYear}-${String(firstYear + 1).slice(2)}`,
      startsOn: semester.startsOn < yearStart ? semester.startsOn : yearStart,
      endsOn: semester.endsOn > yearEnd ? semester.endsOn : yearEnd,
    },
    semester: {
      name: isOdd ? 'Odd semester' : 'Even semester',
      code: `${firstYear}-${isOdd ? 'odd' : 'even'}`,
      ...semester,
    },
    admissionYear: firstYear - 2,
  };
}
