/** Files a request to change one record of a class that is closed or locked (marks.md section 11). */
import { firstRow, rows, violatedConstraint, type Em } from '../../db/orm.ts';
import type { Condition } from '../../db/queries/sessions.ts';
import { appError, type AppError } from '../../domain/errors.ts';
import { inUtc } from '../../domain/in-utc.ts';
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { ExcuseCategory, Id, LocalDate, Mark, SessionStatus } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { rosterMembers } from '../records/roster.ts';
import { readClock } from '../sessions/session-row.ts';
import { instantAt } from '../timetable/local-time.ts';
import { caseDeadline } from './case-deadline.ts';
import { recordFiling } from './record-filing.ts';
import { readDaysSetting, type RequestPlace } from './request-settings.ts';

/** The change that is asked for. */
export interface NewCorrection {
  readonly sessionId: Id;
  /** Absent means the asker. */
  readonly studentId: Id | undefined;
  readonly toMark: Mark;
  readonly excuseCategory: ExcuseCategory | undefined;
  readonly reason: string;
}

/** The asker's reach, as conditions over session `s` and student `st`. */
export interface CorrectionScope {
  /** Over `s`: what may be seen at all. */
  readonly view: Condition;
  /** Over `s` and `st`: whose records of which classes the asker may have corrected. */
  readonly file: Condition;
  /** Over `s`: where the asker may file after the window has closed. */
  readonly late: Condition;
  /** The asker as a student, or null. */
  readonly studentId: Id | null;
}

/**
 * Inserts a pending correction with its outbox row and audit event, in the caller's transaction.
 * @returns the new id
 * @throws AppError `not_found`, `student_not_accepted`, `not_staff`, `not_on_roster`,
 *   `session_not_open`, `session_cancelled`, `state_conflict`, `correction_window_closed`,
 *   `validation_failed`, `no_change`, `duplicate_request`
 */
export async function fileCorrection(
  operation: Operation,
  em: Em,
  scope: CorrectionScope,
  input: NewCorrection,
): Promise<Id> {
  const studentId = input.studentId ?? scope.studentId;
  if (studentId === null) throw fieldError('student', 'missing', 'Name the student.');
  const target = await findTarget(em, scope, input.sessionId, studentId);
  if (!target.mayFile) throw outsideReach(scope);
  await requireOnRoster(em, input.sessionId, target, studentId);
  requireFinished(target.status);
  const nowMs = await readClock(em);
  await requireWindow(em, target, nowMs);
  const excuseCategory = categoryOf(input);
  if (target.mark === input.toMark) {
    throw appError('no_change', `The record says ${input.toMark} already.`);
  }
  const id = operation.ids.next();
  await insertCorrection(operation, em, {
    id,
    studentId,
    input,
    fromMark: target.mark,
    excuseCategory,
    submittedAt: new Date(nowMs).toISOString(),
    expiresAt: await caseDeadline(em, target.place, target.scheduledDate, nowMs),
  });
  await recordFiling(operation, em, 'correction', id, {
    from_mark: target.mark,
    to_mark: input.toMark,
    excuse_category: excuseCategory,
  });
  return id;
}

/** The record in question: its class, what it says now, and what the asker may do. */
interface Target {
  readonly status: SessionStatus;
  readonly scheduledDate: LocalDate;
  readonly place: RequestPlace;
  readonly mark: Mark | null;
  readonly mayFile: boolean;
  readonly mayFileLate: boolean;
}

async function findTarget(
  em: Em,
  scope: CorrectionScope,
  sessionId: Id,
  studentId: Id,
): Promise<Target> {
  const row = await firstRow<{
    status: SessionStatus;
    scheduled_date: LocalDate;
    campus_id: Id;
    zone: string;
    mark: Mark | null;
    may_file: boolean;
    may_file_late: boolean;
  }>(
    em,
    `select s.status, s.scheduled_date, s.campus_id, ca.zone, r.mark,
       coalesce((${scope.file.sql}), false) as may_file, (${scope.late.sql}) as may_file_late
     from attendance_session s
     join campus ca on ca.id = s.campus_id
     left join student st on st.id = ?::uuid
     left join attendance_record r on r.session_id = s.id and r.student_id = st.id
     where s.id = ?::uuid and (${scope.view.sql})`,
    [
      ...scope.file.parameters,
      ...scope.late.parameters,
      studentId,
      sessionId,
      ...scope.view.parameters,
    ],
  );
  if (!row) throw appError('not_found', 'There is no such session, or it is not one of yours.');
  return {
    status: row.status,
    scheduledDate: row.scheduled_date,
    place: { campusId: row.campus_id, zone: row.zone },
    mark: row.mark,
    mayFile: row.may_file,
    mayFileLate: row.may_file_late,
  };
}

function outsideReach(scope: CorrectionScope): AppError {
  return scope.studentId === null
    ? appError('not_staff', 'Only the staff of this class may ask for a correction in it.')
    : appError('student_not_accepted', 'You can ask for the correction of your own record only.');
}

async function requireOnRoster(
  em: Em,
  sessionId: Id,
  { scheduledDate }: Target,
  studentId: Id,
): Promise<void> {
  const members = await rosterMembers(em, { id: sessionId, scheduledDate }, [studentId]);
  if (members.has(studentId)) return;
  throw appError('not_on_roster', 'The student is not enrolled in this class on its date.');
}

/**
 * The stored status decides, not the effective one: until the close has run, its absents are still
 * to be written, and a request made before would find the record changed.
 */
function requireFinished(status: SessionStatus): void {
  switch (status) {
    case 'closed':
    case 'locked':
      return;
    case 'scheduled':
      throw appError('session_not_open', 'This class has not begun; there is nothing to correct.');
    case 'open':
      throw appError('state_conflict', 'This class still takes marks; ask its teacher.');
    case 'cancelled':
      throw appError('session_cancelled', 'This class was cancelled.');
    default:
      status satisfies never;
  }
}

/** The window ends with the last of its days, in the zone of the campus. */
async function requireWindow(em: Em, target: Target, nowMs: number): Promise<void> {
  const { place, scheduledDate } = target;
  const days = await readDaysSetting(em, place.campusId, 'ATTENDANCE_MAX_CORRECTION_DAYS');
  const closesAt = instantAt(place.zone, addDays(scheduledDate, days + 1), '00:00');
  if (nowMs < Date.parse(closesAt) || target.mayFileLate) return;
  throw appError(
    'correction_window_closed',
    `Corrections of this class could be asked for until ${inUtc(closesAt)}; an administrator may still file one.`,
    { meta: { closed_at: closesAt } },
  );
}

/** An excuse without a category counts as `other`. */
function categoryOf({ toMark, excuseCategory }: NewCorrection): ExcuseCategory | null {
  if (toMark === 'excused') return excuseCategory ?? 'other';
  if (excuseCategory === undefined) return null;
  const detail = 'Give a category only with the mark excused.';
  throw fieldError('excuse_category', 'not_acceptable', detail);
}

interface CorrectionRow {
  readonly id: Id;
  readonly studentId: Id;
  readonly input: NewCorrection;
  readonly fromMark: Mark | null;
  readonly excuseCategory: ExcuseCategory | null;
  readonly submittedAt: string;
  readonly expiresAt: string;
}

async function insertCorrection(operation: Operation, em: Em, row: CorrectionRow): Promise<void> {
  const place = { table: 'correction_request', column: 'reason_sealed', rowId: row.id };
  const reason = await operation.sealer.seal(`student:${row.studentId}`, place, row.input.reason);
  try {
    await rows(
      em,
      `insert into correction_request (id, session_id, student_id, requested_by_id, from_mark,
         to_mark, excuse_category, reason_sealed, submitted_at, expires_at)
       values (?::uuid, ?::uuid, ?::uuid, ?::uuid, ?, ?, ?, ?, ?::timestamptz, ?::timestamptz)`,
      [
        row.id,
        row.input.sessionId,
        row.studentId,
        operation.actor.userId,
        row.fromMark,
        row.input.toMark,
        row.excuseCategory,
        reason,
        row.submittedAt,
        row.expiresAt,
      ],
    );
  } catch (error) {
    if (violatedConstraint(error) !== 'correction_request_one_pending') throw error;
    throw appError('duplicate_request', 'A correction of this record waits for a decision.', {
      cause: error,
    });
  }
}

function fieldError(path: string, code: string, detail: string): AppError {
  return appError('validation_failed', detail, { errors: [{ path, code, detail }] });
}
