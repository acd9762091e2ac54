/** Named reads of class sessions, each within the asker's scope in the same statement. */
import type { SessionStatus, Component, Id, Instant, LocalDate } from '../../domain/types.ts';
import { rows, toInstant, toInstantOrNull, type Em } from '../orm.ts';

/** A condition with `?` placeholders, as auth/scope.ts makes them. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Filters of the sessions list; absent ones do not narrow. */
export interface SessionFilters {
  readonly id?: Id | undefined;
  readonly courseSection?: Id | undefined;
  readonly faculty?: Id | undefined;
  readonly student?: Id | undefined;
  readonly status?: SessionStatus | undefined;
  readonly room?: string | undefined;
  readonly dateFrom?: LocalDate | undefined;
  readonly dateTo?: LocalDate | undefined;
}

/** The asker's scopes over sessions `s`: what may be seen, run, locked and marked. */
export interface SessionScopes {
  readonly view: Condition;
  /** Over `s` and a student `st` on its roster: whose presence there may be asked about. */
  readonly student: Condition;
  readonly run: Condition;
  readonly lock: Condition;
  readonly mark: Condition;
}

/** One session with the names and counts that screens show. */
export interface SessionListRow {
  readonly id: Id;
  readonly courseSectionId: Id;
  readonly courseId: Id;
  readonly courseCode: string;
  readonly courseName: string;
  readonly sectionName: string;
  readonly facultyId: Id;
  readonly facultyFirstName: string;
  readonly facultyLastName: string;
  readonly room: string;
  readonly zone: string;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
  readonly endAt: Instant;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  readonly lockDueAt: Instant | null;
  readonly status: SessionStatus;
  readonly kind: string;
  readonly component: Component;
  readonly units: number;
  readonly biometricEnabled: boolean;
  readonly autoOpen: boolean;
  readonly autoOpened: boolean;
  readonly autoClosed: boolean;
  readonly taken: boolean;
  /** Its code was on a screen. */
  readonly showsCodes: boolean;
  readonly lockAfterHours: number;
  readonly selfEntryEnabled: boolean;
  readonly selfEntryMinutes: number;
  /** When the right of its screen ends, also where that is over; null where no code was shown. */
  readonly displayEndsAt: Instant | null;
  readonly notes: string;
  readonly epoch: number;
  readonly version: number;
  readonly present: number;
  readonly late: number;
  readonly absent: number;
  readonly excused: number;
  readonly unmarked: number;
  readonly roster: number;
  readonly conflicts: number;
  readonly mayRun: boolean;
  readonly mayLock: boolean;
  readonly mayMark: boolean;
}

/** Orders the list accepts; the id breaks ties, so that pages never overlap. */
export const SESSION_ORDERINGS = {
  start_datetime: 's.start_at asc, s.id asc',
  '-start_datetime': 's.start_at desc, s.id desc',
  scheduled_date: 's.scheduled_date asc, s.start_at asc, s.id asc',
  '-scheduled_date': 's.scheduled_date desc, s.start_at desc, s.id desc',
  status: 's.status asc, s.start_at asc, s.id asc',
} as const;
export type SessionOrdering = keyof typeof SESSION_ORDERINGS;

/** Page of a list; `page` counts from 1. */
export interface Page {
  readonly page: number;
  readonly pageSize: number;
}

function where(filters: SessionFilters, scopes: SessionScopes): Condition {
  const parts: Condition[] = [scopes.view];
  const add = (sql: string, ...parameters: unknown[]) => parts.push({ sql, parameters });
  if (filters.id !== undefined) add('s.id = ?::uuid', filters.id);
  if (filters.faculty !== undefined) add('s.faculty_id = ?::uuid', filters.faculty);
  if (filters.status !== undefined) add('s.status = ?', filters.status);
  if (filters.room !== undefined) add('rm.code = ?', filters.room);
  if (filters.dateFrom !== undefined) add('s.scheduled_date >= ?::date', filters.dateFrom);
  if (filters.dateTo !== undefined) add('s.scheduled_date <= ?::date', filters.dateTo);
  if (filters.courseSection !== undefined) {
    add(
      'exists (select 1 from session_section x where x.session_id = s.id and x.course_section_id = ?::uuid)',
      filters.courseSection,
    );
  }
  if (filters.student !== undefined) {
    add(
      `exists (select 1 from session_section x join enrolment e on e.course_section_id = x.course_section_id
         join student st on st.id = e.student_id
         where x.session_id = s.id and e.student_id = ?::uuid and e.status = 'enrolled'
           and e.valid_from <= s.scheduled_date and (e.valid_to is null or e.valid_to > s.scheduled_date)
           and (${scopes.student.sql}))`,
      filters.student,
      ...scopes.student.parameters,
    );
  }
  return {
    sql: parts.map((part) => `(${part.sql})`).join(' and '),
    parameters: parts.flatMap((part) => part.parameters),
  };
}

/** Sessions of one page, and how many there are; two statements whatever the page. */
export async function listSessions(
  em: Em,
  scopes: SessionScopes,
  filters: SessionFilters,
  { page, pageSize }: Page,
  ordering: SessionOrdering = 'start_datetime',
): Promise<{ count: number; results: SessionListRow[] }> {
  const condition = where(filters, scopes);
  const [total] = await rows<{ count: number }>(
    em,
    `select count(*)::int as count from attendance_session s join room rm on rm.id = s.room_id
     where ${condition.sql}`,
    condition.parameters,
  );
  const results = await rows<Row>(
    em,
    `with page as (
       select s.id from attendance_session s join room rm on rm.id = s.room_id
       where ${condition.sql} order by ${SESSION_ORDERINGS[ordering]} limit ?::int offset ?::int)
     select s.id, s.course_section_id, c.id as course_id, c.code as course_code, c.name as course_name,
       cs.section_name, f.id as faculty_id, u.first_name, u.last_name, rm.code as room, ca.zone,
       s.scheduled_date, s.start_at, s.end_at, s.opens_at, s.closes_at, s.lock_due_at, s.status,
       s.kind, s.component, s.units, s.biometric_enabled, s.auto_open, s.auto_opened, s.auto_closed,
       s.taken, exists (select 1 from session_display d where d.session_id = s.id) as shows_codes,
       (s.policy->>'lockAfterHours')::int as lock_after_hours,
       coalesce((s.policy->>'selfEntryEnabled')::boolean, false) as self_entry_enabled,
       coalesce((s.policy->>'selfEntryMinutes')::int, 0) as self_entry_minutes,
       case when d.expires_at is not null then least(d.expires_at, s.closes_at) end as display_ends_at, s.notes, s.epoch, s.version,
       counts.*, (${scopes.run.sql}) as may_run, (${scopes.lock.sql}) as may_lock,
       (${scopes.mark.sql}) as may_mark
     from page join attendance_session s on s.id = page.id
     join course_section cs on cs.id = s.course_section_id
     join course c on c.id = cs.course_id
     join faculty f on f.id = s.faculty_id
     join app_user u on u.id = f.user_id
     join room rm on rm.id = s.room_id
     join campus ca on ca.id = s.campus_id
     left join session_display d on d.session_id = s.id
     cross join lateral (
       select count(*) filter (where r.mark = 'present')::int as present,
         count(*) filter (where r.mark = 'late')::int as late,
         count(*) filter (where r.mark = 'absent')::int as absent,
         count(*) filter (where r.mark = 'excused')::int as excused,
         count(*) filter (where r.mark is null)::int as unmarked, count(*)::int as roster,
         (select count(*)::int from attendance_conflict x
            where x.session_id = s.id and x.state = 'open') as conflicts
       from (
         select distinct e.student_id from session_section x
         join enrolment e on e.course_section_id = x.course_section_id and e.status = 'enrolled'
           and e.valid_from <= s.scheduled_date
           and (e.valid_to is null or e.valid_to > s.scheduled_date)
         where x.session_id = s.id) roster
       left join attendance_record r on r.session_id = s.id and r.student_id = roster.student_id
     ) counts
     order by ${SESSION_ORDERINGS[ordering]}`,
    [
      ...condition.parameters,
      pageSize,
      (page - 1) * pageSize,
      ...scopes.run.parameters,
      ...scopes.lock.parameters,
      ...scopes.mark.parameters,
    ],
  );
  return { count: total?.count ?? 0, results: results.map(toListRow) };
}

/** One session within the asker's scope, or undefined: outside it is as if absent (rule O2). */
export async function findSession(
  em: Em,
  scopes: SessionScopes,
  id: Id,
): Promise<SessionListRow | undefined> {
  const { results } = await listSessions(em, scopes, { id }, { page: 1, pageSize: 1 });
  return results[0];
}

interface Row {
  id: string;
  course_section_id: string;
  course_id: string;
  course_code: string;
  course_name: string;
  section_name: string;
  faculty_id: string;
  first_name: string;
  last_name: string;
  room: string;
  zone: string;
  scheduled_date: string;
  start_at: string;
  end_at: string;
  opens_at: string;
  closes_at: string;
  lock_due_at: string | null;
  status: SessionStatus;
  kind: string;
  component: Component;
  units: number;
  biometric_enabled: boolean;
  auto_open: boolean;
  auto_opened: boolean;
  auto_closed: boolean;
  taken: boolean;
  shows_codes: boolean;
  lock_after_hours: number;
  self_entry_enabled: boolean;
  self_entry_minutes: number;
  display_ends_at: string | null;
  notes: string;
  epoch: number;
  version: number;
  present: number;
  late: number;
  absent: number;
  excused: number;
  unmarked: number;
  roster: number;
  conflicts: number;
  may_run: boolean;
  may_lock: boolean;
  may_mark: boolean;
}

function toListRow(row: Row): SessionListRow {
  return {
    id: row.id,
    courseSectionId: row.course_section_id,
    courseId: row.course_id,
    courseCode: row.course_code,
    courseName: row.course_name,
    sectionName: row.section_name,
    facultyId: row.faculty_id,
    facultyFirstName: row.first_name,
    facultyLastName: row.last_name,
    room: row.room,
    zone: row.zone,
    scheduledDate: row.scheduled_date,
    startAt: toInstant(row.start_at),
    endAt: toInstant(row.end_at),
    opensAt: toInstant(row.opens_at),
    closesAt: toInstant(row.closes_at),
    lockDueAt: toInstantOrNull(row.lock_due_at),
    status: row.status,
    kind: row.kind,
    component: row.component,
    units: row.units,
    biometricEnabled: row.biometric_enabled,
    autoOpen: row.auto_open,
    autoOpened: row.auto_opened,
    autoClosed: row.auto_closed,
    taken: row.taken,
    showsCodes: row.shows_codes,
    lockAfterHours: row.lock_after_hours,
    selfEntryEnabled: row.self_entry_enabled,
    selfEntryMinutes: row.self_entry_minutes,
    displayEndsAt: toInstantOrNull(row.display_ends_at),
    notes: row.notes,
    epoch: row.epoch,
    version: row.version,
    present: row.present,
    late: row.late,
    absent: row.absent,
    excused: row.excused,
    unmarked: row.unmarked,
    roster: row.roster,
    conflicts: row.conflicts,
    mayRun: row.may_run,
    mayLock: row.may_lock,
    mayMark: row.may_mark,
  };
}
