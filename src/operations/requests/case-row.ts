/** Reads and locks the row of a case. */
import { firstRow, toInstant, type Em } from '../../db/orm.ts';
import { SELF_ENTRY_EXPIRY } from '../../db/queries/self-entries.ts';
import type { CaseView } from '../../domain/requests/case.ts';
import type {
  CaseKind,
  CaseStatus,
  ExcuseCategory,
  Id,
  Instant,
  Mark,
} from '../../domain/types.ts';

/** The columns of a case that decisions need, for every kind. */
export interface CaseRow extends CaseView {
  /** Null for an unlock, which concerns a whole class. */
  readonly studentId: Id | null;
  readonly zone: string;
  readonly excuseCategory: ExcuseCategory | null;
  /** Leave only: the time away. */
  readonly startsAt: Instant | null;
  readonly endsAt: Instant | null;
  /** Correction only. */
  readonly sessionId: Id | null;
  readonly fromMark: Mark | null;
  readonly toMark: Mark | null;
  /** Self-entry only: the pending claim, and when its class closed or will. */
  readonly opId: Id | null;
  readonly sessionClosesAt: Instant | null;
  /** Unlock only: for how long the register opens again. */
  readonly hours: number | null;
}

interface Row {
  id: string;
  status: CaseStatus;
  level: number;
  submitted_at: string;
  expires_at: string;
  applicant_id: string;
  subject_id: string;
  student_id: string | null;
  campus_id: string;
  department_id: string;
  zone: string;
  excuse_category: ExcuseCategory | null;
  starts_at: string | null;
  ends_at: string | null;
  session_id: string | null;
  from_mark: Mark | null;
  to_mark: Mark | null;
  op_id?: string;
  session_closes_at?: string;
  hours?: number;
  label: string;
}

const SELECTS: Readonly<Record<CaseKind, string>> = {
  leave: `
    select l.id, l.status, l.level, l.submitted_at, l.expires_at, st.user_id as applicant_id,
      st.user_id as subject_id, st.id as student_id, st.campus_id, st.department_id, ca.zone,
      lt.excuse_category, l.starts_at, l.ends_at, null::uuid as session_id, null as from_mark,
      null as to_mark,
      ceil(extract(epoch from l.ends_at - l.starts_at) / 86400)::int || ' days, level ' || l.level as label
    from leave_application l
    join student st on st.id = l.student_id
    join campus ca on ca.id = st.campus_id
    join leave_type lt on lt.id = l.leave_type_id
    where l.id = ?::uuid`,
  correction: `
    select l.id, l.status, l.level, l.submitted_at, l.expires_at, l.requested_by_id as applicant_id,
      st.user_id as subject_id, st.id as student_id, s.campus_id, c.department_id, ca.zone,
      l.excuse_category, null::timestamptz as starts_at, null::timestamptz as ends_at, l.session_id,
      l.from_mark, l.to_mark,
      coalesce(l.from_mark, 'unmarked') || ' to ' || l.to_mark || ', level ' || l.level as label
    from correction_request l
    join student st on st.id = l.student_id
    join attendance_session s on s.id = l.session_id
    join campus ca on ca.id = s.campus_id
    join course_section cs on cs.id = s.course_section_id
    join course c on c.id = cs.course_id
    where l.id = ?::uuid`,
  self_entry: `
    select l.id, l.status, l.level, l.submitted_at, ${SELF_ENTRY_EXPIRY} as expires_at,
      st.user_id as applicant_id, st.user_id as subject_id, st.id as student_id, s.campus_id,
      c.department_id, ca.zone, null as excuse_category, null::timestamptz as starts_at,
      null::timestamptz as ends_at, l.session_id, null as from_mark, 'present' as to_mark, l.op_id,
      coalesce(s.closed_at, s.closes_at) as session_closes_at, 'present, level ' || l.level as label
    from self_entry l
    join student st on st.id = l.student_id
    join attendance_session s on s.id = l.session_id
    join campus ca on ca.id = s.campus_id
    join course_section cs on cs.id = s.course_section_id
    join course c on c.id = cs.course_id
    where l.id = ?::uuid`,
  unlock: `
    select l.id, l.status, l.level, l.submitted_at, l.expires_at, l.requested_by_id as applicant_id,
      l.requested_by_id as subject_id, null::uuid as student_id, s.campus_id, c.department_id, ca.zone,
      null as excuse_category, null::timestamptz as starts_at, null::timestamptz as ends_at,
      l.session_id, null as from_mark, null as to_mark, l.hours,
      l.hours || ' hours, level ' || l.level as label
    from unlock_request l
    join attendance_session s on s.id = l.session_id
    join campus ca on ca.id = s.campus_id
    join course_section cs on cs.id = s.course_section_id
    join course c on c.id = cs.course_id
    where l.id = ?::uuid`,
};

/** The table of a kind of case. */
export const CASE_TABLE: Readonly<Record<CaseKind, string>> = {
  leave: 'leave_application',
  correction: 'correction_request',
  self_entry: 'self_entry',
  unlock: 'unlock_request',
};

/** Reads a case; undefined when there is none. `lock` holds its row to the end of the transaction. */
export async function findCase(
  em: Em,
  kind: CaseKind,
  id: Id,
  { lock = false } = {},
): Promise<CaseRow | undefined> {
  const row = await firstRow<Row>(em, `${SELECTS[kind]}${lock ? ' for update of l' : ''}`, [id]);
  if (!row) return undefined;
  return {
    kind,
    id: row.id,
    status: row.status,
    level: row.level,
    submittedAt: toInstant(row.submitted_at),
    expiresAt: toInstant(row.expires_at),
    applicantId: row.applicant_id,
    subjectId: row.subject_id,
    label: row.label,
    campusId: row.campus_id,
    departmentId: row.department_id,
    studentId: row.student_id,
    zone: row.zone,
    excuseCategory: row.excuse_category,
    startsAt: row.starts_at === null ? null : toInstant(row.starts_at),
    endsAt: row.ends_at === null ? null : toInstant(row.ends_at),
    sessionId: row.session_id,
    fromMark: row.from_mark,
    toMark: row.to_mark,
    opId: row.op_id ?? null,
    sessionClosesAt: row.session_closes_at === undefined ? null : toInstant(row.session_closes_at),
    hours: row.hours ?? null,
  };
}

/** The part of a case that may travel to its workflow: codes, ids and instants. */
export function viewOf(row: CaseRow): CaseView {
  const { kind, id, status, level, submittedAt, expiresAt, applicantId, subjectId } = row;
  const { label, campusId, departmentId } = row;
  return {
    kind,
    id,
    status,
    level,
    submittedAt,
    expiresAt,
    applicantId,
    subjectId,
    label,
    campusId,
    departmentId,
  };
}
