/** The instants of a case's ladder: working days, holidays and zone are read here (temporal.md section 8). */
import { DateTime } from 'luxon';
import { rows, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { LadderStep } from '../../domain/requests/case.ts';
import { ladder } from '../../domain/requests/ladder.ts';
import type { CaseKind, Id, Instant, LocalDate } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { findCase } from './case-row.ts';
import type { RequestPlace } from './request-settings.ts';

const SUNDAY = 7;
const SEARCHED_DAYS = 60;

/**
 * The steps of a case, earliest first. A working day is Monday to Saturday without a full holiday
 * of the campus; a step falls at the same local time of its day.
 * @throws AppError `not_found`
 */
export async function ladderInstants(
  operation: Operation,
  kind: CaseKind,
  id: Id,
): Promise<LadderStep[]> {
  const row = await findCase(operation.em, kind, id);
  if (!row) throw appError('not_found', 'There is no such request.');
  const holidays = await readHolidays(operation.em, row.campusId, row.submittedAt);
  return ladder(kind, row, (from, days) => addWorkingDays(from, days, row.zone, holidays));
}

/** The instant some working days after another, at the same local time. */
export async function workingDaysAfter(
  em: Em,
  { campusId, zone }: RequestPlace,
  from: Instant,
  days: number,
): Promise<Instant> {
  return addWorkingDays(from, days, zone, await readHolidays(em, campusId, from));
}

async function readHolidays(em: Em, campusId: Id, from: Instant): Promise<ReadonlySet<LocalDate>> {
  const day = from.slice(0, 10);
  const found = await rows<{ held_on: LocalDate }>(
    em,
    `select held_on from holiday where campus_id = ?::uuid and from_time is null
       and held_on between ?::date and ?::date + ?::int`,
    [campusId, day, day, SEARCHED_DAYS],
  );
  return new Set(found.map((holiday) => holiday.held_on));
}

function addWorkingDays(
  from: Instant,
  days: number,
  zone: string,
  holidays: ReadonlySet<LocalDate>,
): Instant {
  let day = DateTime.fromISO(from, { zone });
  let left = days;
  while (left > 0) {
    day = day.plus({ days: 1 });
    if (day.weekday !== SUNDAY && !holidays.has(day.toISODate() ?? '')) left -= 1;
  }
  return day.toUTC().toISO() ?? from;
}
