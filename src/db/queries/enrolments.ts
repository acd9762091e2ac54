/** Named reads of enrolments, within the asker's scope. */
import type { Id, LocalDate } from '../../domain/types.ts';
import { firstRow, rows, type Em } from '../orm.ts';
import type { Condition, Page } from './sessions.ts';

/** An enrolment with the names lists show. */
export interface EnrolmentRow {
  readonly id: Id;
  readonly studentId: Id;
  readonly rollNumber: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly courseSectionId: Id;
  readonly courseCode: string;
  readonly sectionName: string;
  readonly validFrom: LocalDate;
  readonly validTo: LocalDate | null;
}

/** Filters; absent ones do not narrow. */
export interface EnrolmentFilters {
  readonly id?: Id | undefined;
  readonly student?: Id | undefined;
  readonly courseSection?: Id | undefined;
}

/** Enrolments of one page within the scope over student `st`, by roll number and first day. */
export async function listEnrolments(
  em: Em,
  scope: Condition,
  { id, student, courseSection }: EnrolmentFilters,
  { page, pageSize }: Page,
): Promise<{ count: number; results: EnrolmentRow[] }> {
  const from = `
    from enrolment e
    join student st on st.id = e.student_id
    join app_user u on u.id = st.user_id
    join course_section cs on cs.id = e.course_section_id
    join course c on c.id = cs.course_id
    where e.status = 'enrolled' and (${scope.sql})
      and (?::uuid is null or e.id = ?::uuid)
      and (?::uuid is null or e.student_id = ?::uuid)
      and (?::uuid is null or e.course_section_id = ?::uuid)`;
  const parameters = [
    ...scope.parameters,
    ...[id, student, courseSection].flatMap((value) => [value ?? null, value ?? null]),
  ];
  const total = await firstRow<{ count: number }>(
    em,
    `select count(*)::int as count ${from}`,
    parameters,
  );
  const found = await rows<{
    id: string;
    student_id: string;
    roll_number: string;
    first_name: string;
    last_name: string;
    course_section_id: string;
    course_code: string;
    section_name: string;
    valid_from: string;
    valid_to: string | null;
  }>(
    em,
    `select e.id, e.student_id, st.roll_number, u.first_name, u.last_name, e.course_section_id,
       c.code as course_code, cs.section_name, e.valid_from, e.valid_to
     ${from} order by st.roll_number, e.valid_from, e.id limit ?::int offset ?::int`,
    [...parameters, pageSize, (page - 1) * pageSize],
  );
  return {
    count: total?.count ?? 0,
    results: found.map((row) => ({
      id: row.id,
      studentId: row.student_id,
      rollNumber: row.roll_number,
      firstName: row.first_name,
      lastName: row.last_name,
      courseSectionId: row.course_section_id,
      courseCode: row.course_code,
      sectionName: row.section_name,
      validFrom: row.valid_from,
      validTo: row.valid_to,
    })),
  };
}
