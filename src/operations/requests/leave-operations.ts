/** The operations an approved leave gives: one `excused` claim per covered session (marks.md section 10). */
import { rows, type Em } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { ExcuseCategory, Id } from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import type { OperationDraft } from '../records/apply-operations.ts';

/** A session of a student that a leave covers. */
export interface CoveredSession {
  readonly session_id: Id;
  readonly epoch: number;
  readonly student_id: Id;
  readonly leave_id: Id;
  readonly excuse_category: ExcuseCategory;
}

/** A leave covers a session when it overlaps at least half of the session's length. */
const COVERED = `
  select distinct s.id as session_id, s.epoch, e.student_id, l.id as leave_id, lt.excuse_category
  from leave_application l
  join leave_type lt on lt.id = l.leave_type_id
  join attendance_session s on s.start_at < l.ends_at and s.end_at > l.starts_at
    and s.status in ('scheduled', 'open', 'closed', 'locked')
    and least(s.end_at, l.ends_at) - greatest(s.start_at, l.starts_at) >= (s.end_at - s.start_at) / 2
  join session_section x on x.session_id = s.id
  join enrolment e on e.course_section_id = x.course_section_id and e.student_id = l.student_id
    and e.status = 'enrolled' and e.valid_from <= s.scheduled_date
    and (e.valid_to is null or e.valid_to > s.scheduled_date)`;

/** Sessions a leave covers, ascending by id, the order in which sessions are locked. */
export function sessionsOfLeave(em: Em, leaveId: Id): Promise<CoveredSession[]> {
  return rows<CoveredSession>(em, `${COVERED} where l.id = ?::uuid order by s.id`, [leaveId]);
}

/** Approved leaves that cover a session and have no operation in it under its epoch. */
export async function leavesOfSession(em: Em, sessionId: Id): Promise<CoveredSession[]> {
  const covered = await rows<CoveredSession>(
    em,
    `${COVERED} where l.status = 'approved' and s.id = ?::uuid order by e.student_id`,
    [sessionId],
  );
  if (covered.length === 0) return [];
  const known = await rows<{ op_id: Id }>(
    em,
    'select op_id from attendance_operation where op_id = any(?::uuid[])',
    [covered.map(leaveOpId)],
  );
  const existing = new Set(known.map((row) => row.op_id));
  return covered.filter((found) => !existing.has(leaveOpId(found)));
}

/** UUIDv5 of `session|student|leave|leave_id|epoch`, so that a repeat makes the same operation. */
export function leaveOpId(found: CoveredSession): Id {
  const { session_id: session, student_id: student, leave_id: leave, epoch } = found;
  return uuidV5(session, `${session}|${student}|leave|${leave}|${epoch}`);
}

/** The claim of a leave in one session. */
export function leaveDraft(found: CoveredSession): OperationDraft {
  return {
    opId: leaveOpId(found),
    studentId: found.student_id,
    mark: 'excused',
    rank: RANK.leave,
    source: 'leave',
    excuseCategory: found.excuse_category,
    leaveApplicationId: found.leave_id,
    draftsAfterLock: true,
  };
}
