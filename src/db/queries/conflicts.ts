/** Named reads of contradictions between claims, each within the asker's scope. */
import type {
  CaptureMode,
  ConflictKind,
  ConflictState,
  Id,
  Instant,
  LocalDate,
  Mark,
  MarkSource,
  SessionStatus,
} from '../../domain/types.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../orm.ts';
import type { Condition, Page } from './sessions.ts';

/** A contradiction with what lists show of its class and student. */
export interface ConflictListRow {
  readonly id: Id;
  readonly sessionId: Id;
  readonly kind: ConflictKind;
  readonly state: ConflictState;
  readonly opIds: readonly Id[];
  readonly openedAt: Instant;
  readonly settledAt: Instant | null;
  readonly resolvedBy: string | null;
  readonly version: number;
  readonly student: ConflictStudent | null;
  readonly mark: Mark | null;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
  readonly sessionStatus: SessionStatus;
  readonly courseCode: string;
  readonly sectionName: string;
  readonly mayResolve: boolean;
}

/** A student as staff see one. */
export interface ConflictStudent {
  readonly id: Id;
  readonly rollNumber: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** A claim that a contradiction names. */
export interface ConflictClaim {
  readonly opId: Id;
  readonly student: ConflictStudent;
  readonly mark: Mark | null;
  readonly rank: number;
  readonly source: MarkSource;
  readonly captureMode: CaptureMode;
  readonly effAt: Instant;
  readonly receivedAt: Instant;
  readonly by: string | null;
  readonly isWinner: boolean;
  /** False once the student left the roster: nobody is asked about them any more. */
  readonly isOnRoster: boolean;
}

/** Filters; absent ones do not narrow. */
export interface ConflictFilters {
  readonly id?: Id | undefined;
  readonly session?: Id | undefined;
  readonly student?: Id | undefined;
  readonly courseSection?: Id | undefined;
  readonly kind?: ConflictKind | undefined;
  readonly state?: ConflictState | undefined;
  readonly dateFrom?: LocalDate | undefined;
  readonly dateTo?: LocalDate | undefined;
}

/** The asker's scopes over sessions `s`: which contradictions are seen and which may be settled. */
export interface ConflictScopes {
  readonly view: Condition;
  readonly mark: Condition;
}

interface Row {
  id: string;
  session_id: string;
  kind: ConflictKind;
  state: ConflictState;
  op_ids: string[];
  opened_at: string;
  settled_at: string | null;
  resolved_by: string | null;
  version: number;
  student_id: string | null;
  roll_number: string | null;
  first_name: string | null;
  last_name: string | null;
  mark: Mark | null;
  scheduled_date: string;
  start_at: string;
  session_status: SessionStatus;
  course_code: string;
  section_name: string;
  may_resolve: boolean;
}

const FROM = `
  from attendance_conflict x
  join attendance_session s on s.id = x.session_id
  join course_section cs on cs.id = s.course_section_id
  join course c on c.id = cs.course_id
  left join student st on st.id = x.student_id
  left join app_user u on u.id = st.user_id`;

function where(filters: ConflictFilters, scope: Condition): Condition {
  const parts: Condition[] = [scope];
  const add = (sql: string, parameter: unknown) => parts.push({ sql, parameters: [parameter] });
  if (filters.id !== undefined) add('x.id = ?::uuid', filters.id);
  if (filters.session !== undefined) add('x.session_id = ?::uuid', filters.session);
  if (filters.student !== undefined) {
    add(
      `exists (select 1 from attendance_operation o
         where o.op_id = any(x.op_ids) and o.student_id = ?::uuid)`,
      filters.student,
    );
  }
  if (filters.kind !== undefined) add('x.kind = ?', filters.kind);
  if (filters.state !== undefined) add('x.state = ?', filters.state);
  if (filters.dateFrom !== undefined) add('s.scheduled_date >= ?::date', filters.dateFrom);
  if (filters.dateTo !== undefined) add('s.scheduled_date <= ?::date', filters.dateTo);
  if (filters.courseSection !== undefined) {
    add(
      `exists (select 1 from session_section y
         where y.session_id = s.id and y.course_section_id = ?::uuid)`,
      filters.courseSection,
    );
  }
  return {
    sql: parts.map((part) => `(${part.sql})`).join(' and '),
    parameters: parts.flatMap((part) => part.parameters),
  };
}

/** Contradictions of one page, the newest first, and how many there are. */
export async function listConflicts(
  em: Em,
  scopes: ConflictScopes,
  filters: ConflictFilters,
  { page, pageSize }: Page,
): Promise<{ count: number; results: ConflictListRow[] }> {
  const condition = where(filters, scopes.view);
  const total = await firstRow<{ count: number }>(
    em,
    `select count(*)::int as count ${FROM} where ${condition.sql}`,
    condition.parameters,
  );
  const found = await rows<Row>(
    em,
    `select x.id, x.session_id, x.kind, x.state, x.op_ids, x.opened_at, x.settled_at, x.version,
       ru.first_name || ' ' || ru.last_name as resolved_by, x.student_id, st.roll_number,
       u.first_name, u.last_name, r.mark, s.scheduled_date, s.start_at, s.status as session_status,
       c.code as course_code, cs.section_name, (${scopes.mark.sql}) as may_resolve
     ${FROM}
     left join app_user ru on ru.id = x.resolved_by_id
     left join attendance_record r on r.session_id = x.session_id and r.student_id = x.student_id
     where ${condition.sql} order by x.opened_at desc, x.id desc limit ?::int offset ?::int`,
    [...scopes.mark.parameters, ...condition.parameters, pageSize, (page - 1) * pageSize],
  );
  return { count: total?.count ?? 0, results: found.map(toListRow) };
}

/** One contradiction within the scope, or undefined. */
export async function findConflict(
  em: Em,
  scopes: ConflictScopes,
  id: Id,
): Promise<ConflictListRow | undefined> {
  const found = await listConflicts(em, scopes, { id }, { page: 1, pageSize: 1 });
  return found.results[0];
}

/** The claims a contradiction names, oldest first. */
export async function claimsOfConflict(em: Em, id: Id): Promise<ConflictClaim[]> {
  const found = await rows<{
    op_id: string;
    student_id: string;
    roll_number: string;
    first_name: string;
    last_name: string;
    mark: Mark | null;
    rank: number;
    source: MarkSource;
    capture_mode: CaptureMode;
    eff_at: string;
    received_at: string;
    by: string | null;
    is_winner: boolean;
    is_on_roster: boolean;
  }>(
    em,
    `select o.op_id, o.student_id, st.roll_number, u.first_name, u.last_name, o.mark, o.rank,
       o.source, o.capture_mode, o.eff_at, o.received_at,
       case when a.id is distinct from st.user_id then a.first_name || ' ' || a.last_name end as by,
       coalesce(r.winner_op_id = o.op_id, false) as is_winner,
       exists (
         select 1 from session_section ss
         join enrolment e on e.course_section_id = ss.course_section_id and e.status = 'enrolled'
           and e.valid_from <= s.scheduled_date
           and (e.valid_to is null or e.valid_to > s.scheduled_date)
         where ss.session_id = o.session_id and e.student_id = o.student_id) as is_on_roster
     from attendance_conflict x
     join attendance_session s on s.id = x.session_id
     join attendance_operation o on o.op_id = any(x.op_ids)
     join student st on st.id = o.student_id
     join app_user u on u.id = st.user_id
     left join app_user a on a.id = o.actor_id
     left join attendance_record r on r.session_id = o.session_id and r.student_id = o.student_id
     where x.id = ?::uuid order by o.received_at, o.op_id`,
    [id],
  );
  return found.map((row) => ({
    opId: row.op_id,
    student: {
      id: row.student_id,
      rollNumber: row.roll_number,
      firstName: row.first_name,
      lastName: row.last_name,
    },
    mark: row.mark,
    rank: row.rank,
    source: row.source,
    captureMode: row.capture_mode,
    effAt: toInstant(row.eff_at),
    receivedAt: toInstant(row.received_at),
    by: row.by,
    isWinner: row.is_winner,
    isOnRoster: row.is_on_roster,
  }));
}

function toListRow(row: Row): ConflictListRow {
  return {
    id: row.id,
    sessionId: row.session_id,
    kind: row.kind,
    state: row.state,
    opIds: row.op_ids,
    openedAt: toInstant(row.opened_at),
    settledAt: toInstantOrNull(row.settled_at),
    resolvedBy: row.resolved_by,
    version: row.version,
    student:
      row.student_id === null
        ? null
        : {
            id: row.student_id,
            rollNumber: row.roll_number ?? '',
            firstName: row.first_name ?? '',
            lastName: row.last_name ?? '',
          },
    mark: row.mark,
    scheduledDate: row.scheduled_date,
    startAt: toInstant(row.start_at),
    sessionStatus: row.session_status,
    courseCode: row.course_code,
    sectionName: row.section_name,
    mayResolve:
      row.may_resolve &&
      row.state === 'open' &&
      (row.session_status === 'open' || row.session_status === 'closed'),
  };
}
