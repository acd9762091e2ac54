/** Wall-clock times of a campus as instants, and instants as its dates. */
import { DateTime } from 'luxon';
import type { Instant, LocalDate } from '../../domain/types.ts';

/**
 * The instant of a wall-clock time in an IANA zone. A time that a spring change skips is moved on
 * by the change; of a time that an autumn change repeats, the first is meant.
 * @param time  `HH:MM` or `HH:MM:SS`
 * @throws Error when the zone or the time is not one
 */
export function instantAt(zone: string, date: LocalDate, time: string): Instant {
  const local = DateTime.fromISO(`${date}T${time}`, { zone });
  if (!local.isValid) throw new Error(`${date} ${time} is no time in ${zone}`);
  // Without this, which of two repeated times is meant would depend on the season of the asking.
  const candidates = local.getPossibleOffsets().map((moment) => moment.toMillis());
  return new Date(Math.min(...candidates)).toISOString();
}

/** The date of an instant in a zone. */
export function dateIn(zone: string, at: Date): LocalDate {
  return DateTime.fromJSDate(at, { zone }).toFormat('yyyy-MM-dd');
}
