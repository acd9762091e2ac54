/** Who may decide a case, as one SQL condition used by lists, routes and the deciding transaction. */
import type { CaseKind, Id } from '../../domain/types.ts';
import type { Condition } from './sessions.ts';

const ACTIVE = "exists (select 1 from app_user du where du.id = ?::uuid and du.status = 'active')";

const inDates = (alias: string, day: string): string =>
  `${alias}.valid_from <= ${day} and (${alias}.valid_to is null or ${alias}.valid_to > ${day})`;

const holdsRole = (role: string): string =>
  `exists (select 1 from role_assignment dr where dr.user_id = ?::uuid and dr.role = '${role}')`;

const overDepartment = (role: string, department: string, campus: string): string =>
  `exists (select 1 from role_assignment dr where dr.user_id = ?::uuid and dr.role = '${role}' and (
     dr.scope_kind = 'institution'
     or (dr.scope_kind = 'department' and dr.scope_id = ${department})
     or (dr.scope_kind = 'campus' and dr.scope_id = ${campus})))`;

/** Leave `l` of student `st`: the mentor, else a teacher of the student, or the head of department. */
function leaveDeciders(): string {
  const today =
    '(app_clock() at time zone (select zone from campus where id = st.campus_id))::date';
  const mentors = (who: string): string =>
    `exists (select 1 from mentor_assignment ma where ma.student_id = st.id ${who} and ${inDates('ma', today)})`;
  return `l.status = 'pending' and st.user_id <> ?::uuid and ${ACTIVE} and (
    (${holdsRole('mentor')} and ${mentors('and ma.mentor_id = ?::uuid')})
    or ${overDepartment('hod', 'st.department_id', 'st.campus_id')}
    or (not ${mentors('')} and exists (
      select 1 from teaching_assignment ta
      join faculty tf on tf.id = ta.faculty_id and tf.user_id = ?::uuid
      join enrolment te on te.course_section_id = ta.course_section_id and te.student_id = st.id
        and te.status = 'enrolled' and ${inDates('te', today)}
      where ${inDates('ta', today)})))`;
}

/** Correction `l` of session `s`, course `c`: its teachers, the head of department, the exam cell after lock. */
function correctionDeciders(): string {
  return `l.status = 'pending' and st.user_id <> ?::uuid and l.requested_by_id <> ?::uuid and ${ACTIVE} and (
    exists (
      select 1 from teaching_assignment ta
      join faculty tf on tf.id = ta.faculty_id and tf.user_id = ?::uuid
      where (ta.session_id = s.id or ta.course_section_id = s.course_section_id)
        and ${inDates('ta', 's.scheduled_date')})
    or ${overDepartment('hod', 'c.department_id', 's.campus_id')}
    or (s.status = 'locked' and ${overDepartment('exam_cell', 'c.department_id', 's.campus_id')}))`;
}

/**
 * The condition under which a person may decide a case now (trust.md section 3, O5). Leave reads
 * aliases `l` and `st`; correction reads `l`, `st`, `s` and `c`.
 */
export function deciderCondition(kind: CaseKind, userId: Id): Condition {
  const sql = kind === 'leave' ? leaveDeciders() : correctionDeciders();
  const placeholders = sql.match(/\?::uuid/g)?.length ?? 0;
  return { sql, parameters: Array.from({ length: placeholders }, () => userId) };
}
