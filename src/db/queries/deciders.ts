/** Who may decide a case, as one SQL condition used by lists, routes and the deciding transaction. */
import type { CaseKind, Id } from '../../domain/types.ts';
import { rows, type Em } from '../orm.ts';
import type { Condition } from './sessions.ts';

const isActive = (who: string): string =>
  `exists (select 1 from app_user du where du.id = ${who} and du.status = 'active')`;

const inDates = (alias: string, day: string): string =>
  `${alias}.valid_from <= ${day} and (${alias}.valid_to is null or ${alias}.valid_to > ${day})`;

const holdsRole = (who: string, role: string): string =>
  `exists (select 1 from role_assignment dr where dr.user_id = ${who} and dr.role = '${role}')`;

const overDepartment = (who: string, role: string, department: string, campus: string): string =>
  `exists (select 1 from role_assignment dr where dr.user_id = ${who} and dr.role = '${role}' and (
     dr.scope_kind = 'institution'
     or (dr.scope_kind = 'department' and dr.scope_id = ${department})
     or (dr.scope_kind = 'campus' and dr.scope_id = ${campus})))`;

/** Leave `l` of student `st`: the mentor, else a teacher of the student, or the head of department. */
function leaveDeciders(who: string): string {
  const today =
    '(app_clock() at time zone (select zone from campus where id = st.campus_id))::date';
  const mentors = (whose: string): string =>
    `exists (select 1 from mentor_assignment ma where ma.student_id = st.id ${whose} and ${inDates('ma', today)})`;
  return `st.user_id <> ${who} and ${isActive(who)} and (
    (${holdsRole(who, 'mentor')} and ${mentors(`and ma.mentor_id = ${who}`)})
    or ${overDepartment(who, 'hod', 'st.department_id', 'st.campus_id')}
    or (not ${mentors('')} and exists (
      select 1 from teaching_assignment ta
      join faculty tf on tf.id = ta.faculty_id and tf.user_id = ${who}
      join enrolment te on te.course_section_id = ta.course_section_id and te.student_id = st.id
        and te.status = 'enrolled' and ${inDates('te', today)}
      where ${inDates('ta', today)})))`;
}

const teachesSession = (who: string): string =>
  `exists (
      select 1 from teaching_assignment ta
      join faculty tf on tf.id = ta.faculty_id and tf.user_id = ${who}
      where (ta.session_id = s.id or exists (
          select 1 from session_section ss
          where ss.session_id = s.id and ss.course_section_id = ta.course_section_id))
        and ${inDates('ta', 's.scheduled_date')})`;

/** Self-entry `l` of session `s`, course `c`: the teachers of the class and the head of department. */
function selfEntryDeciders(who: string): string {
  return `st.user_id <> ${who} and ${isActive(who)} and (
    ${teachesSession(who)} or ${overDepartment(who, 'hod', 'c.department_id', 's.campus_id')})`;
}

/** Correction `l` of session `s`, course `c`: its teachers, the head of department, the exam cell after lock. */
function correctionDeciders(who: string): string {
  return `st.user_id <> ${who} and l.requested_by_id <> ${who} and ${isActive(who)} and (
    ${teachesSession(who)}
    or ${overDepartment(who, 'hod', 'c.department_id', 's.campus_id')}
    or (s.status = 'locked' and ${overDepartment(who, 'exam_cell', 'c.department_id', 's.campus_id')}))`;
}

/** Unlock `l` of session `s`, course `c`: the head of department and the exam cell, never the asker (O5, O6). */
function unlockDeciders(who: string): string {
  return `l.requested_by_id <> ${who} and ${isActive(who)} and (
    ${overDepartment(who, 'hod', 'c.department_id', 's.campus_id')}
    or ${overDepartment(who, 'exam_cell', 'c.department_id', 's.campus_id')})`;
}

const DECIDERS: Readonly<Record<CaseKind, (who: string) => string>> = {
  leave: leaveDeciders,
  correction: correctionDeciders,
  self_entry: selfEntryDeciders,
  unlock: unlockDeciders,
};

/** The condition, whatever the status, for the person that the expression `who` names. */
function deciders(kind: CaseKind, who: string): string {
  return DECIDERS[kind](who);
}

/**
 * The condition under which a person has authority over a case, decided or not, and so may read
 * its texts (trust.md O10). It reads the aliases of `CASE_FROM`.
 */
export function authorityCondition(kind: CaseKind, userId: Id): Condition {
  const sql = deciders(kind, '?::uuid');
  const placeholders = sql.match(/\?::uuid/g)?.length ?? 0;
  return { sql, parameters: Array.from({ length: placeholders }, () => userId) };
}

/**
 * The condition under which a person may decide a case now (trust.md section 3, O5). It reads the
 * aliases of `CASE_FROM`.
 */
export function deciderCondition(kind: CaseKind, userId: Id): Condition {
  const { sql, parameters } = authorityCondition(kind, userId);
  return { sql: `l.status = 'pending' and ${sql}`, parameters };
}

/** The tables behind the aliases that the conditions of a kind read. */
export const CASE_FROM: Readonly<Record<CaseKind, string>> = {
  leave: 'leave_application l join student st on st.id = l.student_id',
  correction: `correction_request l join student st on st.id = l.student_id
    join attendance_session s on s.id = l.session_id
    join course_section cs on cs.id = s.course_section_id join course c on c.id = cs.course_id`,
  self_entry: `self_entry l join student st on st.id = l.student_id
    join attendance_session s on s.id = l.session_id
    join course_section cs on cs.id = s.course_section_id join course c on c.id = cs.course_id`,
  // It concerns a class and no one student; the shared statements still name the alias.
  unlock: `unlock_request l left join student st on false
    join attendance_session s on s.id = l.session_id
    join course_section cs on cs.id = s.course_section_id join course c on c.id = cs.course_id`,
};

/** Who of the given people decides a case while it is pending, or could have decided it. */
export async function decidersAmong(
  em: Em,
  kind: CaseKind,
  id: Id,
  people: readonly Id[],
): Promise<Id[]> {
  const found = await rows<{ id: Id }>(
    em,
    `select person.id from unnest(?::uuid[]) as person(id), ${CASE_FROM[kind]}
     where l.id = ?::uuid and ${deciders(kind, 'person.id')}`,
    [people, id],
  );
  return found.map((row) => row.id);
}
