/** Files a request to open a locked register again for some hours (marks.md section 11). */
import { firstRow, rows, violatedConstraint, type Em } from '../../db/orm.ts';
import type { Condition } from '../../db/queries/sessions.ts';
import { appError } from '../../domain/errors.ts';
import type { Id, LocalDate, SessionStatus } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { readClock } from '../sessions/session-row.ts';
import { workingDaysAfter } from './ladder-instants.ts';
import { recordFiling } from './record-filing.ts';
import { UNLOCK_SUBJECT } from './unlock-effects.ts';

const EXPIRES_AFTER_WORKING_DAYS = 5;

/** What is asked for. */
export interface NewUnlock {
  readonly sessionId: Id;
  readonly hours: number;
  readonly reason: string;
}

/** The asker's reach over session `s`: what may be seen, and where an unlock may be asked for. */
export interface UnlockScope {
  readonly view: Condition;
  readonly file: Condition;
}

/**
 * Inserts a pending request with its outbox row and audit event, in the caller's transaction.
 * @returns the new id
 * @throws AppError `not_found`, `not_staff`, `state_conflict`, `duplicate_request`
 */
export async function fileUnlock(
  operation: Operation,
  em: Em,
  scope: UnlockScope,
  input: NewUnlock,
): Promise<Id> {
  const target = await findTarget(em, scope, input.sessionId);
  if (target.status !== 'locked') {
    throw appError(
      'state_conflict',
      `The class is ${target.status}; only a locked one is unlocked.`,
    );
  }
  const submittedAt = new Date(await readClock(em)).toISOString();
  const id = operation.ids.next();
  await insert(operation, em, {
    id,
    input,
    submittedAt,
    expiresAt: await workingDaysAfter(em, target.place, submittedAt, EXPIRES_AFTER_WORKING_DAYS),
  });
  await recordFiling(operation, em, 'unlock', id, { hours: input.hours });
  return id;
}

interface Target {
  readonly status: SessionStatus;
  readonly scheduledDate: LocalDate;
  readonly place: { readonly campusId: Id; readonly zone: string };
}

async function findTarget(em: Em, scope: UnlockScope, sessionId: Id): Promise<Target> {
  const row = await firstRow<{
    status: SessionStatus;
    scheduled_date: LocalDate;
    campus_id: Id;
    zone: string;
    may_file: boolean;
  }>(
    em,
    `select s.status, s.scheduled_date, s.campus_id, ca.zone, (${scope.file.sql}) as may_file
     from attendance_session s join campus ca on ca.id = s.campus_id
     where s.id = ?::uuid and (${scope.view.sql})`,
    [...scope.file.parameters, sessionId, ...scope.view.parameters],
  );
  if (!row) throw appError('not_found', 'There is no such session, or it is not one of yours.');
  if (!row.may_file) {
    throw appError('not_staff', 'Only the staff of this class may ask to unlock it.');
  }
  return {
    status: row.status,
    scheduledDate: row.scheduled_date,
    place: { campusId: row.campus_id, zone: row.zone },
  };
}

interface UnlockRow {
  readonly id: Id;
  readonly input: NewUnlock;
  readonly submittedAt: string;
  readonly expiresAt: string;
}

async function insert(operation: Operation, em: Em, row: UnlockRow): Promise<void> {
  const place = { table: 'unlock_request', column: 'reason_sealed', rowId: row.id };
  const reason = await operation.sealer.seal(UNLOCK_SUBJECT, place, row.input.reason);
  try {
    await rows(
      em,
      `insert into unlock_request (id, session_id, requested_by_id, hours, reason_sealed,
         submitted_at, expires_at)
       values (?::uuid, ?::uuid, ?::uuid, ?::int, ?, ?::timestamptz, ?::timestamptz)`,
      [
        row.id,
        row.input.sessionId,
        operation.actor.userId,
        row.input.hours,
        reason,
        row.submittedAt,
        row.expiresAt,
      ],
    );
  } catch (error) {
    if (violatedConstraint(error) !== 'unlock_request_one_pending') throw error;
    throw appError('duplicate_request', 'An unlock of this class waits for a decision.', {
      cause: error,
    });
  }
}
