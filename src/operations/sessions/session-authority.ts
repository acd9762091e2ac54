/** Who may run a session: checked inside the transaction that changes it (temporal.md section 7). */
import { firstRow, type Em } from '../../db/orm.ts';
import type { Id, SessionEdge } from '../../domain/types.ts';

/**
 * Says whether an active person may take this edge: its teachers on its date, the head of the
 * department, an administrator; the exam cell may lock only (trust.md section 3).
 */
export async function mayRunSession(
  em: Em,
  userId: Id,
  sessionId: Id,
  edge: SessionEdge,
): Promise<boolean> {
  const row = await firstRow<{ allowed: boolean }>(
    em,
    `select exists (
       select 1
       from attendance_session s
       join course_section cs on cs.id = s.course_section_id
       join course c on c.id = cs.course_id
       join app_user u on u.id = ?::uuid and u.status = 'active'
       where s.id = ?::uuid and (
         exists (
           select 1 from teaching_assignment ta join faculty f on f.id = ta.faculty_id
           where f.user_id = u.id
             and (ta.session_id = s.id or ta.course_section_id in (
               select x.course_section_id from session_section x where x.session_id = s.id))
             and ta.valid_from <= s.scheduled_date
             and (ta.valid_to is null or ta.valid_to > s.scheduled_date))
         or exists (
           select 1 from role_assignment ra where ra.user_id = u.id and (
             (ra.role = 'hod' and ra.scope_kind = 'department' and ra.scope_id = c.department_id)
             or (ra.role = 'hod' and ra.scope_kind = 'campus' and ra.scope_id = s.campus_id)
             or (ra.role in ('hod', 'admin') and ra.scope_kind = 'institution')
             or (ra.role = 'admin' and ra.scope_id = s.campus_id)
             or (ra.role = 'exam_cell' and ?::text = 'lock'
                 and (ra.scope_kind = 'institution' or ra.scope_id = s.campus_id)))))
     ) as allowed`,
    [userId, sessionId, edge],
  );
  return row?.allowed ?? false;
}
