/** Dates and times as people of the campus read them: always in the campus zone. */
import dayjs from 'dayjs';
import timezone from 'dayjs/plugin/timezone.js';
import utc from 'dayjs/plugin/utc.js';

dayjs.extend(utc);
dayjs.extend(timezone);

const MINUTE_MS = 60_000;

/** The zone of this browser, used until the campus zone is known. */
export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The calendar date `YYYY-MM-DD` of an instant in a zone. */
export const dateIn = (zone: string, at: Date | string = new Date()): string =>
  new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(new Date(at));

/** The wall clock `HH:mm` of an instant in a zone. */
export const clockIn = (zone: string, at: string | Date): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(
    new Date(at),
  );

/** The date some days later, or earlier with a negative number. */
export function shiftDate(date: string, days: number): string {
  const at = new Date(`${date}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** The instant of a wall clock in a zone, as the API takes it. */
export const instantOf = (date: string, clock: string, zone: string): string =>
  dayjs.tz(`${date} ${clock}`, zone).toISOString();

/** A time of day in the reader's language, for example 9:05 am. */
export const showTime = (at: string, zone: string, language = 'en'): string =>
  new Intl.DateTimeFormat(language === 'en' ? 'en-IN' : language, {
    timeZone: zone,
    hour: 'numeric',
    minute: '2-digit',
  }).format(new Date(at));

/** A calendar date in words; the year appears when it is not the current one. */
export function showDate(date: string, form: 'long' | 'short' = 'short', language = 'en'): string {
  const isThisYear = date.slice(0, 4) === new Date().toISOString().slice(0, 4);
  return new Intl.DateTimeFormat(language === 'en' ? 'en-IN' : language, {
    timeZone: 'UTC',
    weekday: form,
    day: 'numeric',
    month: form,
    ...(isThisYear ? {} : { year: 'numeric' }),
  }).format(new Date(`${date}T00:00:00Z`));
}

/** Date and time of an instant, short. */
export const showMoment = (at: string, zone: string): string =>
  `${showDate(dateIn(zone, at))}, ${showTime(at, zone)}`;

/** How far an instant is away, in words: in 5 minutes, 2 hours ago. */
export function showDistance(at: string, nowMs = Date.now(), language = 'en'): string {
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const minutes = Math.round((Date.parse(at) - nowMs) / MINUTE_MS);
  if (Math.abs(minutes) < 60) return words.format(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  if (Math.abs(hours) < 24) return words.format(hours, 'hour');
  return words.format(Math.round(hours / 24), 'day');
}
