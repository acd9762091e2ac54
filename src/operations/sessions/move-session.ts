/** Moves a scheduled session to another time or room under a new epoch (marks.md section 10). */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { errorCodeOf } from '../../domain/attendance/results.ts';
import type { TransitionCommand } from '../../domain/session/view.ts';
import type { Id, LocalDate, SessionPolicy } from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import type { Operation } from '../ports.ts';
import { appendMarks, applyOperations, type OperationDraft } from '../records/apply-operations.ts';
import { applyLeavesToSession } from '../requests/apply-leaves-to-session.ts';
import { appError } from '../../domain/errors.ts';
import { appendSessionChange } from './append-session-change.ts';
import { mayRunSession } from './session-authority.ts';
import { loadSessionPolicy } from './session-policy.ts';
import type { SessionRow } from './session-row.ts';

/**
 * Moves the session; leave of the old time is withdrawn and computed again for the new one.
 * The caller has locked the row and checked the edge and the times.
 * @throws AppError `validation_failed` when the mover may not run the class on its new date (O3)
 */
export async function moveSession(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
): Promise<void> {
  await withdrawLeaves(operation, em, session);
  const moved = await writeMove(em, session, command);
  await requireOwnDate(em, session, command);
  await appendSessionChange(operation, em, session, command, {
    kind: 'reschedule',
    epoch: moved.epoch,
    before: { start_at: session.startAt, end_at: session.endAt, room: session.roomId },
    after: { start_at: command.startAt, end_at: command.endAt, room: moved.room_id },
  });
  await appendMarks(em, operation, session, [], [], {
    audit: [
      auditEntry(operation.actor, {
        chain: sessionChain(session.id),
        action: 'session.rescheduled',
        entityType: 'AttendanceSession',
        entityId: session.id,
        sessionId: session.id,
        source: command.by,
        before: { start_at: session.startAt, end_at: session.endAt, epoch: session.epoch },
        after: {
          start_at: command.startAt ?? null,
          end_at: command.endAt ?? null,
          epoch: moved.epoch,
          scheduled_date: moved.scheduled_date,
        },
      }),
    ],
    sessionChanged: true,
  });
  await applyLeavesToSession(operation, em, session.id);
}

/** The policy is copied anew, as for a session just created (marks.md section 5). */
async function writeMove(
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
): Promise<{ epoch: number; room_id: Id; scheduled_date: LocalDate }> {
  const policy = await policyOf(em, session, command.roomId ?? session.roomId);
  const row = await firstRow<{ epoch: number; room_id: Id; scheduled_date: LocalDate }>(
    em,
    `update attendance_session s set start_at = n.start_at, end_at = n.end_at,
       opens_at = n.start_at - make_interval(mins => ?::int),
       closes_at = n.end_at + make_interval(mins => ?::int), policy = ?::jsonb,
       scheduled_date = (n.start_at at time zone c.zone)::date,
       room_id = coalesce(?::uuid, s.room_id), epoch = s.epoch + 1, version = s.version + 1,
       updated_at = app_clock()
     from campus c, (values (?::timestamptz, ?::timestamptz)) as n(start_at, end_at)
     where s.id = ?::uuid and c.id = s.campus_id
     returning s.epoch, s.room_id, s.scheduled_date`,
    [
      policy.earlyOpenMinutes,
      policy.lateCaptureMinutes,
      JSON.stringify(policy),
      command.roomId ?? null,
      command.startAt,
      command.endAt,
      session.id,
    ],
  );
  if (!row) throw new Error('the session row vanished under its lock');
  return row;
}

async function requireOwnDate(
  em: Em,
  session: SessionRow,
  { by, actorId, edge }: TransitionCommand,
): Promise<void> {
  if (by === 'timer') return;
  if (actorId !== null && (await mayRunSession(em, actorId, session.id, edge))) return;
  throw appError('validation_failed', 'You do not run this class on the new date.');
}

async function policyOf(em: Em, session: SessionRow, roomId: Id): Promise<SessionPolicy> {
  const section = await firstRow<{ course_id: Id }>(
    em,
    'select course_id from course_section where id = ?::uuid',
    [session.courseSectionId],
  );
  if (!section) throw new Error('a session without its section');
  return loadSessionPolicy(em, {
    campusId: session.campusId,
    courseId: section.course_id,
    sectionId: session.courseSectionId,
    component: session.component,
    roomId,
  });
}

/** Takes back every leave's claim in a session, to be computed again under its next epoch. */
export async function withdrawLeaves(
  operation: Operation,
  em: Em,
  session: SessionRow,
): Promise<void> {
  const leaves = await rows<{ op_id: Id; student_id: Id }>(
    em,
    `select o.op_id, o.student_id from attendance_operation o
     where o.session_id = ?::uuid and o.rank = ${RANK.leave} and o.kind = 'mark' and not exists (
       select 1 from attendance_operation w
       where w.session_id = o.session_id and w.kind = 'withdraw' and w.target_op_id = o.op_id)`,
    [session.id],
  );
  if (leaves.length === 0) return;
  const drafts = leaves.map((leave): OperationDraft => ({
    opId: uuidV5(session.id, `${session.id}|${leave.student_id}|withdraw|${leave.op_id}`),
    studentId: leave.student_id,
    kind: 'withdraw',
    mark: null,
    rank: RANK.leave,
    source: 'leave',
    targetOpId: leave.op_id,
  }));
  const results = await applyOperations(operation, em, session.id, drafts);
  const refused = results.find(({ status }) => status === 'rejected');
  if (refused?.code) throw appError(errorCodeOf(refused.code), refused.detail ?? '');
}
