/** When a request that nobody decides expires (temporal.md section 8). */
import { firstRow, type Em } from '../../db/orm.ts';
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { Instant, LocalDate } from '../../domain/types.ts';
import { dateIn, instantAt } from '../timetable/local-time.ts';
import { readDaysSetting, type RequestPlace } from './request-settings.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * The end of the semester in which the request matters, or `CASE_EXPIRY_DAYS` after it was filed
 * when that comes first: from then on the figures of the semester are frozen.
 * @param about  the day the request is about; a past one counts as today
 * @param nowMs  when the request is filed
 */
export async function caseDeadline(
  em: Em,
  place: RequestPlace,
  about: LocalDate,
  nowMs: number,
): Promise<Instant> {
  const today = dateIn(place.zone, new Date(nowMs));
  const semester = await firstRow<{ ends_on: LocalDate | null }>(
    em,
    'select min(ends_on) as ends_on from semester where ends_on >= greatest(?::date, ?::date)',
    [about, today],
  );
  const days = await readDaysSetting(em, place.campusId, 'CASE_EXPIRY_DAYS');
  const latestMs = nowMs + days * DAY_MS;
  const endsOn = semester?.ends_on;
  if (!endsOn) return new Date(latestMs).toISOString();
  const frozenMs = Date.parse(instantAt(place.zone, addDays(endsOn, 1), '00:00'));
  return new Date(Math.min(latestMs, frozenMs)).toISOString();
}
