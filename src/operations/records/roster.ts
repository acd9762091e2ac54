/** The roster of a session at its own date (marks.md section 8). */
import { type Em, preparedRows } from '../../db/orm.ts';
import type { Id, LocalDate } from '../../domain/types.ts';

/** Students enrolled on the date of a session; parameters: session, date, date. */
export const ROSTER = `
  select distinct e.student_id
  from session_section ss join enrolment e on e.course_section_id = ss.course_section_id
  where ss.session_id = ?::uuid and e.status = 'enrolled'
    and e.valid_from <= ?::date and (e.valid_to is null or e.valid_to > ?::date)`;

/** Ids of the students on a session's roster, ascending. */
export async function rosterOf(
  em: Em,
  session: { readonly id: Id; readonly scheduledDate: LocalDate },
): Promise<Id[]> {
  const found = await preparedRows<{ student_id: string }>(em, `${ROSTER} order by 1`, [
    session.id,
    session.scheduledDate,
    session.scheduledDate,
  ]);
  return found.map((row) => row.student_id);
}

/** Which of these students are on the roster. */
export async function rosterMembers(
  em: Em,
  session: { readonly id: Id; readonly scheduledDate: LocalDate },
  studentIds: readonly Id[],
): Promise<Set<Id>> {
  const isMember = await findMembers(
    em,
    studentIds.map((studentId) => ({ session, studentId })),
  );
  return new Set(studentIds.filter((studentId) => isMember(session.id, studentId)));
}

/**
 * Finds which students are on the rosters of which sessions.
 * @returns the question, answered without the database
 */
export async function findMembers(
  em: Em,
  places: readonly {
    readonly session: { readonly id: Id; readonly scheduledDate: LocalDate };
    readonly studentId: Id;
  }[],
): Promise<(sessionId: Id, studentId: Id) => boolean> {
  const found = await preparedRows<{ session_id: Id; student_id: Id }>(
    em,
    `select q.session_id, q.student_id
     from unnest(?::uuid[], ?::uuid[], ?::date[]) as q(session_id, student_id, held_on)
     cross join lateral (
       select 1 from session_section ss
       join enrolment e on e.course_section_id = ss.course_section_id
       where ss.session_id = q.session_id and e.student_id = q.student_id
         and e.status = 'enrolled' and e.valid_from <= q.held_on
         and (e.valid_to is null or e.valid_to > q.held_on) limit 1 offset 0) m`,
    [
      places.map(({ session }) => session.id),
      places.map(({ studentId }) => studentId),
      places.map(({ session }) => session.scheduledDate),
    ],
  );
  const members = new Set(found.map((row) => `${row.session_id}|${row.student_id}`));
  return (sessionId, studentId) => members.has(`${sessionId}|${studentId}`);
}
