/** Files a leave application for the student who needs it. */
import { firstRow, rows, violatedConstraint, type Em } from '../../db/orm.ts';
import { appError, type AppError } from '../../domain/errors.ts';
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { Id, Instant, LocalDate } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { readClock } from '../sessions/session-row.ts';
import { dateIn, instantAt } from '../timetable/local-time.ts';
import { caseDeadline } from './case-deadline.ts';
import { recordFiling } from './record-filing.ts';
import type { RequestPlace } from './request-settings.ts';

/** The time away: between two instants, or whole days of the campus, the last one included. */
export type LeavePeriod =
  | { readonly startsAt: Instant; readonly endsAt: Instant }
  | { readonly startDate: LocalDate; readonly endDate: LocalDate };

/** The leave to file. */
export interface NewLeave {
  readonly leaveTypeId: Id;
  readonly period: LeavePeriod;
  readonly reason: string;
}

/** 26 weeks, the longest leave a law grants (maternity), and a day for those who count both ends. */
const LONGEST_DAYS = 183;
/** A leave begins within a year of today; anything further is a slip of the pen. */
const FARTHEST_DAYS = 366;
const DAY_MS = 24 * 3_600_000;

/**
 * Inserts a pending leave with its outbox row and audit event, in the caller's transaction.
 * @param studentId  the asker as a student; null when the asker is none
 * @returns the new id
 * @throws AppError `student_not_accepted`, `validation_failed`, `window_inverted`, `leave_overlaps`
 */
export async function fileLeave(
  operation: Operation,
  em: Em,
  studentId: Id | null,
  input: NewLeave,
): Promise<Id> {
  if (studentId === null) {
    throw appError('student_not_accepted', 'Only the student who needs a leave applies for it.');
  }
  const place = await findPlace(em, studentId);
  const nowMs = await readClock(em);
  const span = spanOf(input.period, place.zone);
  checkSpan(span, input.period, nowMs);
  await requireLeaveType(em, input.leaveTypeId);
  const id = operation.ids.next();
  await insertLeave(operation, em, {
    id,
    studentId,
    input,
    span,
    submittedAt: new Date(nowMs).toISOString(),
    expiresAt: await caseDeadline(em, place, dateIn(place.zone, new Date(span.startsAt)), nowMs),
  });
  await recordFiling(operation, em, 'leave', id, {
    starts_at: span.startsAt,
    ends_at: span.endsAt,
  });
  return id;
}

/**
 * Where the student belongs. The row stays locked: two overlapping leaves filed at once wait for
 * each other here, since the exclusion constraint alone can end such a pair in a deadlock.
 */
async function findPlace(em: Em, studentId: Id): Promise<RequestPlace> {
  const row = await firstRow<{ campus_id: Id; zone: string }>(
    em,
    `select st.campus_id, ca.zone from student st join campus ca on ca.id = st.campus_id
     where st.id = ?::uuid for no key update of st`,
    [studentId],
  );
  if (!row) throw new Error('the signed-in student has no row');
  return { campusId: row.campus_id, zone: row.zone };
}

interface Span {
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

function spanOf(period: LeavePeriod, zone: string): Span {
  if ('startsAt' in period) return period;
  return {
    startsAt: instantAt(zone, period.startDate, '00:00'),
    endsAt: instantAt(zone, addDays(period.endDate, 1), '00:00'),
  };
}

function checkSpan({ startsAt, endsAt }: Span, period: LeavePeriod, nowMs: number): void {
  const [startField, endField] =
    'startsAt' in period ? ['starts_at', 'ends_at'] : ['start_date', 'end_date'];
  const startMs = Date.parse(startsAt);
  const lengthMs = Date.parse(endsAt) - startMs;
  if (lengthMs <= 0) {
    throw appError('window_inverted', `Give an ${endField} after the ${startField}.`);
  }
  if (lengthMs > LONGEST_DAYS * DAY_MS) {
    throw fieldError(endField, 'too_long', `A leave lasts at most ${LONGEST_DAYS} days.`);
  }
  if (Math.abs(startMs - nowMs) > FARTHEST_DAYS * DAY_MS) {
    throw fieldError(startField, 'too_far', 'A leave begins within a year of today.');
  }
}

async function requireLeaveType(em: Em, id: Id): Promise<void> {
  const known = await firstRow<{ id: Id }>(
    em,
    'select id from leave_type where id = ?::uuid and is_active',
    [id],
  );
  if (known) return;
  throw fieldError('leave_type', 'unknown_leave_type', 'Give the id of one of the leave types.');
}

interface LeaveRow {
  readonly id: Id;
  readonly studentId: Id;
  readonly input: NewLeave;
  readonly span: Span;
  readonly submittedAt: Instant;
  readonly expiresAt: Instant;
}

async function insertLeave(operation: Operation, em: Em, row: LeaveRow): Promise<void> {
  const place = { table: 'leave_application', column: 'reason_sealed', rowId: row.id };
  const reason = await operation.sealer.seal(`student:${row.studentId}`, place, row.input.reason);
  try {
    await rows(
      em,
      `insert into leave_application (id, student_id, leave_type_id, starts_at, ends_at,
         reason_sealed, submitted_at, expires_at)
       values (?::uuid, ?::uuid, ?::uuid, ?::timestamptz, ?::timestamptz, ?, ?::timestamptz,
         ?::timestamptz)`,
      [
        row.id,
        row.studentId,
        row.input.leaveTypeId,
        row.span.startsAt,
        row.span.endsAt,
        reason,
        row.submittedAt,
        row.expiresAt,
      ],
    );
  } catch (error) {
    if (violatedConstraint(error) !== 'leave_application_no_overlap') throw error;
    throw appError(
      'leave_overlaps',
      'You have a pending or approved leave in this time; withdraw it or choose another time.',
      { cause: error },
    );
  }
}

function fieldError(path: string, code: string, detail: string): AppError {
  return appError('validation_failed', detail, { errors: [{ path, code, detail }] });
}
