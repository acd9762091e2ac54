/** Named reads of counted units: one statement per screen, one definition of what counts. */
import type { Component, ExcuseCategory, Id, LocalDate, Mark } from '../../domain/types.ts';
import { firstRow, rows, type Em } from '../orm.ts';
import type { Condition } from './sessions.ts';

/**
 * What became of some counted sessions of a student in a course: a mark, `not_recorded` (taken, but
 * without a mark of this student) or `not_taken` (nobody took the class). Only the marks are held.
 */
export interface CountedBucket {
  readonly component: Component;
  readonly outcome: Mark | 'not_recorded' | 'not_taken';
  /** For `excused`; `other` where the record names no category. */
  readonly category: ExcuseCategory | null;
  readonly sessions: number;
  readonly units: number;
}

/** A section with the names lists show and the places its settings may be made at. */
export interface SectionName {
  readonly sectionId: Id;
  readonly sectionName: string;
  readonly courseId: Id;
  readonly courseCode: string;
  readonly courseName: string;
  readonly campusId: Id;
}

/** A student as lists show one. */
export interface StudentName {
  readonly id: Id;
  readonly rollNumber: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** One student in one course of one semester, named by the section in scope enrolled in last. */
export interface StatisticsLine {
  readonly student: StudentName;
  readonly section: SectionName;
  readonly buckets: readonly CountedBucket[];
}

/** First and last day that count; null for open. */
interface DateRange {
  readonly dateFrom?: LocalDate | undefined;
  readonly dateTo?: LocalDate | undefined;
}

const TODAY = '(app_clock() at time zone ca.zone)::date';

/**
 * Expressions `line` and `tally`, to follow `with`. `line` has one row per student, course and
 * semester among the enrolments `e` in sections `cs` of students `st` that the condition keeps.
 * `tally` counts, for each of them, the closed and locked sessions of every section of the course
 * that had the student on its roster on the session's own date (eligibility.md section 1), so a
 * change of section loses nothing. A session that serves two such sections counts once.
 *
 * `class` and `member` are materialized so that they meet by section: left to itself the planner
 * pairs every enrolment with every session since its first day (EXPLAIN on the demo university:
 * 529,000 pairs for 29,000 counted). Sections, enrolments, sessions and records are found by index.
 */
function countedLines(condition: Condition, { dateFrom, dateTo }: DateRange): Condition {
  return {
    sql: `line as materialized (
      select distinct on (e.student_id, cs.course_id, cs.semester_id) e.student_id,
        cs.id as section_id, cs.section_name, cs.course_id, c.code as course_code,
        c.name as course_name, cs.semester_id, cs.campus_id
      from enrolment e
      join course_section cs on cs.id = e.course_section_id
      join course c on c.id = cs.course_id
      join semester sem on sem.id = cs.semester_id
      join campus ca on ca.id = cs.campus_id
      join student st on st.id = e.student_id
      where e.status = 'enrolled' and (e.valid_to is null or e.valid_to > e.valid_from)
        and (${condition.sql})
      order by e.student_id, cs.course_id, cs.semester_id, (e.valid_from <= ${TODAY}) desc,
        e.valid_from desc, e.id),
    class as materialized (
      select xs.course_id, xs.semester_id, xs.id as section_id, s.id as session_id,
        s.scheduled_date, s.component, s.units, s.taken
      from (select distinct course_id, semester_id from line) l
      join course_section xs on xs.course_id = l.course_id and xs.semester_id = l.semester_id
      join session_section ss on ss.course_section_id = xs.id
      join attendance_session s on s.id = ss.session_id and s.status in ('closed', 'locked')
      where (?::date is null or s.scheduled_date >= ?::date)
        and (?::date is null or s.scheduled_date <= ?::date)),
    member as materialized (
      select l.student_id, x.course_section_id as section_id, x.valid_from, x.valid_to
      from (select distinct student_id from line) l
      join enrolment x on x.student_id = l.student_id and x.status = 'enrolled'),
    counted as (
      select distinct m.student_id, n.course_id, n.semester_id, n.session_id, n.component,
        n.units, n.taken
      from class n
      join member m on m.section_id = n.section_id and m.valid_from <= n.scheduled_date
        and (m.valid_to is null or m.valid_to > n.scheduled_date)),
    outcome as (
      select n.student_id, n.course_id, n.semester_id, n.component, n.units,
        case when not n.taken then 'not_taken' else coalesce(r.mark, 'not_recorded') end as outcome,
        case when n.taken and r.mark = 'excused' then coalesce(r.excuse_category, 'other') end
          as category
      from counted n
      left join attendance_record r
        on r.session_id = n.session_id and r.student_id = n.student_id),
    bucket as (
      select student_id, course_id, semester_id, component, outcome, category,
        count(*) as sessions, sum(units) as units
      from outcome group by student_id, course_id, semester_id, component, outcome, category),
    tally as (
      select student_id, course_id, semester_id, jsonb_agg(jsonb_build_object(
        'component', component, 'outcome', outcome, 'category', category,
        'sessions', sessions, 'units', units)) as buckets
      from bucket group by student_id, course_id, semester_id)`,
    parameters: [
      ...condition.parameters,
      dateFrom ?? null,
      dateFrom ?? null,
      dateTo ?? null,
      dateTo ?? null,
    ],
  };
}

/** A line as JSON, with the student's names and the buckets. */
const LINE_JSON = `jsonb_build_object(
  'student', jsonb_build_object('id', st.id, 'rollNumber', st.roll_number,
    'firstName', u.first_name, 'lastName', u.last_name),
  'section', jsonb_build_object('sectionId', l.section_id, 'sectionName', l.section_name,
    'courseId', l.course_id, 'courseCode', l.course_code, 'courseName', l.course_name,
    'campusId', l.campus_id),
  'buckets', coalesce(t.buckets, '[]'::jsonb))`;

const FROM_LINES = `from line l
  join student st on st.id = l.student_id
  join app_user u on u.id = st.user_id
  left join tally t on t.student_id = l.student_id and t.course_id = l.course_id
    and t.semester_id = l.semester_id`;

/** A student with the lines of one semester; the semester is null before the first enrolment. */
export interface StudentStatistics {
  readonly student: StudentName;
  readonly academicYear: string | null;
  readonly semester: string | null;
  readonly lines: readonly StatisticsLine[];
}

/** Which lines of a student are asked for. */
export interface StudentStatisticsFilters extends DateRange {
  readonly courseSection?: Id | undefined;
}

/**
 * The lines of a student in the semester of the section asked for, or else of the day asked up to:
 * the semester around it, or the nearest. Undefined unless the student, or a line, is in scope.
 * @param studentScope  over `st`
 * @param lineScope     over sections `cs` and students `st`
 */
export async function readStudentStatistics(
  em: Em,
  studentScope: Condition,
  lineScope: Condition,
  studentId: Id,
  filters: StudentStatisticsFilters,
): Promise<StudentStatistics | undefined> {
  const section = filters.courseSection ?? null;
  const lines = countedLines(
    {
      sql: `e.student_id = ?::uuid and cs.semester_id = (select id from term)
        and (?::uuid is null or cs.id = ?::uuid) and (${lineScope.sql})`,
      parameters: [studentId, section, section, ...lineScope.parameters],
    },
    filters,
  );
  return firstRow<StudentStatistics>(
    em,
    `with term as materialized (
      select sem.id, sem.code, ay.name
      from enrolment e
      join course_section cs on cs.id = e.course_section_id
      join campus ca on ca.id = cs.campus_id
      join semester sem on sem.id = cs.semester_id
      join academic_year ay on ay.id = sem.academic_year_id
      cross join lateral (select least(${TODAY}, ?::date) as day) asked
      where e.student_id = ?::uuid and e.status = 'enrolled' and (?::uuid is null or cs.id = ?::uuid)
      order by (asked.day between sem.starts_on and sem.ends_on) desc,
        (sem.starts_on <= asked.day) desc, abs(sem.starts_on - asked.day), sem.id
      limit 1),
    ${lines.sql}
    select jsonb_build_object('id', st.id, 'rollNumber', st.roll_number,
        'firstName', u.first_name, 'lastName', u.last_name) as student,
      (select name from term) as "academicYear", (select code from term) as semester,
      coalesce((select jsonb_agg(${LINE_JSON} order by l.course_code, l.section_id) ${FROM_LINES}),
        '[]'::jsonb) as lines
    from student st join app_user u on u.id = st.user_id
    where st.id = ?::uuid and ((${studentScope.sql}) or exists (select 1 from line))`,
    [
      filters.dateTo ?? null,
      studentId,
      section,
      section,
      ...lines.parameters,
      studentId,
      ...studentScope.parameters,
    ],
  );
}

/** A section with what was held in it and a line for each student ever on its roster. */
export interface SectionStatistics {
  readonly section: SectionName;
  /** Closed and locked sessions of the section. */
  readonly totalSessions: number;
  /** Those of them that nobody took. */
  readonly notTaken: number;
  readonly lines: readonly StatisticsLine[];
}

/**
 * A section and the lines of its students in scope; undefined unless the section is in scope.
 * @param sectionScope  over `cs`
 * @param lineScope     over sections `cs` and students `st`
 */
export async function readSectionStatistics(
  em: Em,
  sectionScope: Condition,
  lineScope: Condition,
  sectionId: Id,
): Promise<SectionStatistics | undefined> {
  const lines = countedLines(
    {
      sql: `cs.id = ?::uuid and (${lineScope.sql})`,
      parameters: [sectionId, ...lineScope.parameters],
    },
    {},
  );
  return firstRow<SectionStatistics>(
    em,
    `with ${lines.sql}
    select jsonb_build_object('sectionId', cs.id, 'sectionName', cs.section_name,
        'courseId', c.id, 'courseCode', c.code, 'courseName', c.name, 'campusId', cs.campus_id)
        as section,
      held.sessions as "totalSessions", held.not_taken as "notTaken",
      coalesce((select jsonb_agg(${LINE_JSON} order by st.roll_number) ${FROM_LINES}),
        '[]'::jsonb) as lines
    from course_section cs
    join course c on c.id = cs.course_id
    cross join lateral (
      select count(*)::int as sessions, (count(*) filter (where not s.taken))::int as not_taken
      from session_section ss
      join attendance_session s on s.id = ss.session_id and s.status in ('closed', 'locked')
      where ss.course_section_id = cs.id) held
    where cs.id = ?::uuid and (${sectionScope.sql})`,
    [...lines.parameters, sectionId, ...sectionScope.parameters],
  );
}

/** Filters of the eligibility report; absent ones do not narrow, but see `listStatistics`. */
export interface ReportFilters {
  readonly courseSection?: Id | undefined;
  /** The department of the student. */
  readonly department?: Id | undefined;
  /** A semester's code. */
  readonly semester?: string | undefined;
}

/**
 * Per campus the semesters around its today or, where there is none, those that began last. Apart
 * from the rows it narrows, so that it runs once.
 */
const CURRENT_SEMESTER = `(cs.campus_id, cs.semester_id) in (
  select today.campus_id, term.id
  from (select ca.id as campus_id, ${TODAY} as day from campus ca) today
  join semester term on term.starts_on <= today.day
  where term.ends_on >= today.day or not exists (
    select 1 from semester nearer
    where nearer.starts_on <= today.day
      and (nearer.ends_on >= today.day or nearer.starts_on > term.starts_on)))`;

/**
 * Every line in scope, by roll number and course; of the current semester where neither a semester
 * nor a section is asked for.
 * @param scope  over sections `cs` and students `st`
 */
export async function listStatistics(
  em: Em,
  scope: Condition,
  { courseSection, department, semester }: ReportFilters,
): Promise<readonly StatisticsLine[]> {
  const parts: Condition[] = [scope];
  const add = (sql: string, parameter: unknown) => parts.push({ sql, parameters: [parameter] });
  if (courseSection !== undefined) add('cs.id = ?::uuid', courseSection);
  if (department !== undefined) add('st.department_id = ?::uuid', department);
  if (semester !== undefined) add('sem.code = ?', semester);
  if (semester === undefined && courseSection === undefined) {
    parts.push({ sql: CURRENT_SEMESTER, parameters: [] });
  }
  const lines = countedLines(
    {
      sql: parts.map((part) => `(${part.sql})`).join(' and '),
      parameters: parts.flatMap((part) => part.parameters),
    },
    {},
  );
  const found = await rows<{ line: StatisticsLine }>(
    em,
    `with ${lines.sql} select ${LINE_JSON} as line ${FROM_LINES}
     order by st.roll_number, l.course_code, l.section_id`,
    lines.parameters,
  );
  return found.map(({ line }) => line);
}
