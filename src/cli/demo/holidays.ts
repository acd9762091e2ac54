/** The real public holidays of the demo campus's state. */
import Holidays from 'date-holidays';
import { UNIVERSITY } from '../../db/seeders/catalogue.ts';
import type { LocalDate } from '../../domain/types.ts';

/** A holiday of the calendar; observances are listed and do not stop classes. */
export interface PublicHoliday {
  readonly heldOn: LocalDate;
  readonly name: string;
  readonly affectsAttendance: boolean;
}

/** Holidays of a range of dates, both included, in order. */
export function listHolidays(from: LocalDate, to: LocalDate): PublicHoliday[] {
  const calendar = new Holidays(UNIVERSITY.country, UNIVERSITY.state, { languages: ['en'] });
  const years = new Set([Number(from.slice(0, 4)), Number(to.slice(0, 4))]);
  const listed = [...years]
    .flatMap((year) => calendar.getHolidays(year))
    .map(({ date, name, type }) => ({
      heldOn: date.slice(0, 10),
      name,
      affectsAttendance: type === 'public',
    }))
    .filter(({ heldOn }) => heldOn >= from && heldOn <= to);
  return [
    ...new Map(listed.map((holiday) => [`${holiday.heldOn} ${holiday.name}`, holiday])).values(),
  ];
}
