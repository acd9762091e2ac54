/** The parts that the statements of the integrity report share. */
import type { Id, LocalDate } from '../../domain/types.ts';
import { toInstant } from '../orm.ts';
import type { DatedSession, Listed, NamedStudent } from './integrity-report.ts';

/** Section, from and to: what every statement begins with. */
export type Bounds = readonly unknown[];

/** Rows of one list at most; the newest, or those that stand out most. */
export const LISTED_MAX = 200;

/** Parameters: section, from, to. */
export const SESSIONS = `
  session as materialized (
    select s.id, s.scheduled_date, s.start_at, d.session_id is not null as shows_codes,
      ss.course_section_id as section_id
    from attendance_session s
    join session_section ss on ss.session_id = s.id
    left join session_display d on d.session_id = s.id
    where ss.course_section_id = ?::uuid and s.status <> 'cancelled'
      and s.scheduled_date >= coalesce(?::date, '-infinity')
      and s.scheduled_date <= coalesce(?::date, 'infinity'))`;

/**
 * Who of the section was on the roster of each class: a merged class has students of other sections,
 * and the report of one section names nobody of another. After `SESSIONS`.
 */
export const MEMBERS = `
  member as materialized (
    select s.id as session_id, e.student_id
    from session s
    join enrolment e on e.course_section_id = s.section_id and e.status = 'enrolled'
      and e.valid_from <= s.scheduled_date
      and (e.valid_to is null or e.valid_to > s.scheduled_date))`;

/** Keeps the rows of `alias`, which has a session and a student, that are about the section. */
export const ofMembers = (alias: string, sessionColumn = `${alias}.session_id`): string =>
  `join member m on m.session_id = ${sessionColumn} and m.student_id = ${alias}.student_id`;

/**
 * Records of presence, and whether staff gave them without a scan: with no claim of the student or
 * a device beside theirs, with a category or in a class that showed codes. After `MEMBERS`.
 */
export const PRESENCE = `
  presence as materialized (
    select r.session_id, r.student_id, o.actor_id, o.evidence ->> 'fallback' as fallback,
      r.source = 'manual' and not exists (
        select 1 from attendance_operation e
        where e.session_id = r.session_id and e.student_id = r.student_id and e.kind = 'mark'
          and e.source in ('qr', 'biometric', 'card', 'self') and e.outcome <> 'rejected')
        as is_unscanned
    from attendance_record r ${ofMembers('r')}
    join session s on s.id = r.session_id
    join attendance_operation o on o.op_id = r.winner_op_id
    where r.mark in ('present', 'late')
      and (s.shows_codes or o.evidence ->> 'fallback' is not null))`;

/** Students of the section with a device beyond their first, from `from` to `to`. After nothing. */
export const DEVICE_CHANGES = `
  device_change as materialized (
    select st.id as student_id, b.valid_from as at, b.status
    from course_section cs
    join campus c on c.id = cs.campus_id
    join enrolment e on e.course_section_id = cs.id and e.status = 'enrolled'
    join student st on st.id = e.student_id
    join device_binding b on b.user_id = st.user_id
    cross join lateral (select (b.valid_from at time zone c.zone)::date as day) n
    where cs.id = ?::uuid and n.day >= coalesce(?::date, '-infinity')
      and n.day <= coalesce(?::date, 'infinity')
      and n.day >= e.valid_from and (e.valid_to is null or n.day < e.valid_to)
      and exists (
        select 1 from device_binding f where f.user_id = b.user_id
          and (f.valid_from, f.id) < (b.valid_from, b.id)))`;

/** Names of the class `s`. */
export const SESSION_COLUMNS = `
  s.id as session_id, s.scheduled_date::text as session_date, s.start_at as session_start`;

/** Names of the student `alias`, whose account is `alias`_user. */
export const studentColumns = (alias: string): string => `
  ${alias}.id as ${alias}_id, ${alias}.roll_number as ${alias}_roll,
  ${alias}_user.first_name as ${alias}_first, ${alias}_user.last_name as ${alias}_last`;

/** Joins what `studentColumns` reads. */
export const studentJoins = (alias: string, idColumn: string): string => `
  join student ${alias} on ${alias}.id = ${idColumn}
  join app_user ${alias}_user on ${alias}_user.id = ${alias}.user_id`;

/** What `SESSION_COLUMNS` gives. */
export interface SessionColumns {
  session_id: Id;
  session_date: LocalDate;
  session_start: string;
}

/** What `studentColumns('st')` gives. */
export interface StudentColumns {
  st_id: Id;
  st_roll: string;
  st_first: string;
  st_last: string;
}

/** The class of a row. */
export const toSession = (row: SessionColumns): DatedSession => ({
  id: row.session_id,
  scheduledDate: row.session_date,
  startAt: toInstant(row.session_start),
});

/** The student of a row. */
export const toStudent = (row: StudentColumns): NamedStudent => ({
  id: row.st_id,
  rollNumber: row.st_roll,
  firstName: row.st_first,
  lastName: row.st_last,
});

/** Rows that each say how many there are in all, counted before the list was cut. */
export const listed = <Found extends { readonly total: number }, Row>(
  found: readonly Found[],
  toRow: (row: Found) => Row,
): Listed<Row> => ({ total: found[0]?.total ?? 0, rows: found.map(toRow) });
