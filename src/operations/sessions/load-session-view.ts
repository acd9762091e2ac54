/** The row of a session as its workflow and operators see it: codes and instants, no people. */
import { firstRow, toInstant, toInstantOrNull, type Em } from '../../db/orm.ts';
import type { Id, SessionStatus } from '../../domain/types.ts';
import type { SessionView } from '../../domain/session/view.ts';

interface Row {
  id: string;
  status: SessionStatus;
  epoch: number;
  start_at: string;
  end_at: string;
  opens_at: string;
  closes_at: string;
  lock_due_at: string | null;
  auto_open: boolean;
  campus_id: string;
  course_section_id: string;
  department_id: string;
  label: string;
}

/** Loads a session's view, or undefined when there is no such row. */
export async function loadSessionView(em: Em, sessionId: Id): Promise<SessionView | undefined> {
  const row = await firstRow<Row>(
    em,
    `select s.id, s.status, s.epoch, s.start_at, s.end_at, s.opens_at, s.closes_at, s.lock_due_at,
       s.auto_open, s.campus_id, s.course_section_id, c.department_id,
       c.code || '-' || cs.section_name || ', '
         || to_char(s.start_at at time zone ca.zone, 'YYYY-MM-DD HH24:MI') || ', room ' || r.code as label
     from attendance_session s
     join course_section cs on cs.id = s.course_section_id
     join course c on c.id = cs.course_id
     join campus ca on ca.id = s.campus_id
     join room r on r.id = s.room_id
     where s.id = ?::uuid`,
    [sessionId],
  );
  if (!row) return undefined;
  return {
    id: row.id,
    status: row.status,
    epoch: row.epoch,
    startAt: toInstant(row.start_at),
    endAt: toInstant(row.end_at),
    opensAt: toInstant(row.opens_at),
    closesAt: toInstant(row.closes_at),
    lockDueAt: toInstantOrNull(row.lock_due_at),
    autoOpen: row.auto_open,
    label: row.label,
    campusId: row.campus_id,
    departmentId: row.department_id,
    sectionId: row.course_section_id,
  };
}
