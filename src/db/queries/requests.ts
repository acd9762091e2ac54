/** Named reads of leave applications and correction requests, each within what the asker may see. */
import type {
  CaseKind,
  CaseStatus,
  ExcuseCategory,
  Id,
  Instant,
  LocalDate,
  Mark,
} from '../../domain/types.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../orm.ts';
import type { Found } from './academics.ts';
import { authorityCondition, CASE_FROM, deciderCondition } from './deciders.ts';
import type { Condition, Page } from './sessions.ts';

/** A kind of leave that can be applied for. */
export interface LeaveTypeRow {
  readonly id: Id;
  readonly code: string;
  readonly name: string;
  readonly excuse_category: ExcuseCategory;
}

/** Filters of both lists; absent ones do not narrow. */
interface CaseFilters {
  readonly id?: Id | undefined;
  readonly status?: CaseStatus | undefined;
  readonly student?: Id | undefined;
  /** Only pending cases that the asker may decide; false or absent does not narrow. */
  readonly waitingForMe?: boolean | undefined;
  /** Only cases that the asker filed; false or absent does not narrow. */
  readonly filedByMe?: boolean | undefined;
}

/** Orders the lists accept; the id breaks ties, so that pages never overlap. */
export const CASE_ORDERINGS = {
  submitted_at: 'l.submitted_at asc, l.id asc',
  '-submitted_at': 'l.submitted_at desc, l.id desc',
  expires_at: 'l.expires_at asc, l.id asc',
  '-expires_at': 'l.expires_at desc, l.id desc',
} as const;
export type CaseOrdering = keyof typeof CASE_ORDERINGS;

/** A person's name on a case. */
export interface PersonName {
  readonly id: Id;
  readonly firstName: string;
  readonly lastName: string;
}

/** What both kinds of case show; the sealed texts are null for who may not read them. */
export interface CaseListRow {
  readonly id: Id;
  readonly status: CaseStatus;
  readonly level: number;
  readonly version: number;
  readonly submittedAt: Instant;
  readonly expiresAt: Instant;
  readonly decidedAt: Instant | null;
  readonly decidedBy: PersonName | null;
  readonly outcomeCode: string | null;
  readonly reasonSealed: string | null;
  /** The decision that may carry a note. */
  readonly decisionId: Id | null;
  readonly noteSealed: string | null;
  readonly mayDecide: boolean;
  readonly mayWithdraw: boolean;
}

/** A case about one student. */
export interface StudentCaseRow extends CaseListRow {
  readonly student: PersonName & { readonly rollNumber: string };
}

/** A leave application as lists show it. */
export interface LeaveListRow extends StudentCaseRow {
  readonly leaveType: { readonly id: Id; readonly code: string; readonly name: string };
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

/** A correction request as lists show it. */
export interface CorrectionListRow extends StudentCaseRow {
  readonly sessionId: Id;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
  readonly courseCode: string;
  readonly courseName: string;
  readonly sectionName: string;
  readonly fromMark: Mark | null;
  readonly toMark: Mark;
  readonly excuseCategory: ExcuseCategory | null;
  readonly requestedBy: PersonName;
}

/** A list's questions: who asks, which cases, which page, in which order. */
export interface CaseQuestion {
  readonly userId: Id;
  readonly filters: CaseFilters;
  readonly page: Page;
  readonly ordering?: CaseOrdering;
}

/** The kinds of leave that can be applied for, by name; two statements. */
export async function listLeaveTypes(
  em: Em,
  { page, pageSize }: Page,
): Promise<Found<LeaveTypeRow>> {
  const total = await firstRow<{ count: number }>(
    em,
    'select count(*)::int as count from leave_type where is_active',
  );
  const results = await rows<LeaveTypeRow>(
    em,
    `select id, code, name, excuse_category from leave_type where is_active
     order by name, id limit ?::int offset ?::int`,
    [pageSize, (page - 1) * pageSize],
  );
  return { count: total?.count ?? 0, results };
}

/** Leaves of one page that concern the asker, and how many there are; two statements. */
export async function listLeaves(em: Em, question: CaseQuestion): Promise<Found<LeaveListRow>> {
  const { count, results } = await readPage<LeaveRow>(em, 'leave', question, LEAVE_COLUMNS);
  return { count, results: results.map(toLeave) };
}

/** One leave, or undefined where it does not concern the asker (rule O2). */
export async function findLeave(em: Em, userId: Id, id: Id): Promise<LeaveListRow | undefined> {
  return (await listLeaves(em, oneOf(userId, id))).results[0];
}

/** Corrections of one page that concern the asker, and how many there are; two statements. */
export async function listCorrections(
  em: Em,
  question: CaseQuestion,
): Promise<Found<CorrectionListRow>> {
  const { count, results } = await readPage<CorrectionRow>(
    em,
    'correction',
    question,
    CORRECTION_COLUMNS,
  );
  return { count, results: results.map(toCorrection) };
}

/** One correction, or undefined where it does not concern the asker (rule O2). */
export async function findCorrection(
  em: Em,
  userId: Id,
  id: Id,
): Promise<CorrectionListRow | undefined> {
  return (await listCorrections(em, oneOf(userId, id))).results[0];
}

/** The question for one case. */
export const oneOf = (userId: Id, id: Id): CaseQuestion => ({
  userId,
  filters: { id },
  page: { page: 1, pageSize: 1 },
});

/** Who filed a case: the student of a leave, the requester of a correction. */
const APPLICANT: Readonly<Record<CaseKind, string>> = {
  leave: 'st.user_id',
  correction: 'l.requested_by_id',
  self_entry: 'st.user_id',
  unlock: 'l.requested_by_id',
};

/** The column of what the applicant wrote. */
const TEXT_COLUMN: Readonly<Partial<Record<CaseKind, string>>> = { self_entry: 'notes_sealed' };

/** What each kind adds to the tables of its conditions, and the columns only it has. */
interface KindColumns {
  readonly joins: string;
  readonly columns: string;
}

const LEAVE_COLUMNS: KindColumns = {
  joins: 'join leave_type lt on lt.id = l.leave_type_id',
  columns: `lt.id as leave_type_id, lt.code as leave_type_code, lt.name as leave_type_name,
    l.starts_at, l.ends_at`,
};

const CORRECTION_COLUMNS: KindColumns = {
  joins: 'join app_user ru on ru.id = l.requested_by_id',
  columns: `s.id as session_id, s.scheduled_date, s.start_at, c.code as course_code,
    c.name as course_name, cs.section_name, l.from_mark, l.to_mark, l.excuse_category,
    ru.id as requester_id, ru.first_name as requester_first_name,
    ru.last_name as requester_last_name`,
};

/**
 * One page of the cases that concern the asker: filed by them, about them, or theirs to decide.
 * Reason and note leave the database for the applicant and the deciders only (trust.md O10); a
 * student sees that a teacher asked to correct the own record, not what the teacher wrote.
 */
export async function readPage<T extends SharedRow>(
  em: Em,
  kind: CaseKind,
  { userId, filters, page, ordering = '-submitted_at' }: CaseQuestion,
  { joins, columns }: KindColumns,
): Promise<{ count: number; results: T[] }> {
  const condition = where(kind, userId, filters);
  const total = await firstRow<{ count: number }>(
    em,
    `select count(*)::int as count from ${CASE_FROM[kind]} where ${condition.sql}`,
    condition.parameters,
  );
  const decider = deciderCondition(kind, userId);
  const authority = authorityCondition(kind, userId);
  const results = await rows<T>(
    em,
    `with page as materialized (
       select l.id as page_id from ${CASE_FROM[kind]} where ${condition.sql}
       order by ${CASE_ORDERINGS[ordering]} limit ?::int offset ?::int)
     select l.id, l.status, l.level, l.version, l.submitted_at, l.expires_at, l.decided_at,
       l.outcome_code, st.id as student_id, st.roll_number, su.first_name as student_first_name,
       su.last_name as student_last_name, dp.id as decider_id, dp.first_name as decider_first_name,
       dp.last_name as decider_last_name, de.id as decision_id,
       case when rights.reads then l.${TEXT_COLUMN[kind] ?? 'reason_sealed'} end as reason_sealed,
       case when rights.reads then de.note_sealed end as note_sealed,
       rights.decides as may_decide,
       l.status = 'pending' and ${APPLICANT[kind]} = ?::uuid as may_withdraw, ${columns}
     from ${CASE_FROM[kind]}
     join page on page.page_id = l.id
     left join app_user su on su.id = st.user_id
     ${joins}
     left join app_user dp on dp.id = l.decided_by_id
     left join lateral (
       select d.id, d.note_sealed from decision d where d.case_kind = '${kind}' and d.case_id = l.id
       order by d.created_at desc, d.id desc limit 1) de on true
     cross join lateral (
       select (${decider.sql}) as decides,
         (${APPLICANT[kind]} = ?::uuid or (${authority.sql})) as reads) rights
     order by ${CASE_ORDERINGS[ordering]}`,
    [
      ...condition.parameters,
      page.pageSize,
      (page.page - 1) * page.pageSize,
      userId,
      ...decider.parameters,
      userId,
      ...authority.parameters,
    ],
  );
  return { count: total?.count ?? 0, results };
}

function where(kind: CaseKind, userId: Id, filters: CaseFilters): Condition {
  const parts: Condition[] = [
    filters.waitingForMe ? deciderCondition(kind, userId) : concerning(kind, userId),
  ];
  const add = (sql: string, parameter: unknown) => parts.push({ sql, parameters: [parameter] });
  if (filters.filedByMe) add(`${APPLICANT[kind]} = ?::uuid`, userId);
  if (filters.id !== undefined) add('l.id = ?::uuid', filters.id);
  if (filters.status !== undefined) add('l.status = ?', filters.status);
  if (filters.student !== undefined) add('st.id = ?::uuid', filters.student);
  return {
    sql: parts.map((part) => `(${part.sql})`).join(' and '),
    parameters: parts.flatMap((part) => part.parameters),
  };
}

function concerning(kind: CaseKind, userId: Id): Condition {
  const authority = authorityCondition(kind, userId);
  return {
    sql: `${APPLICANT[kind]} = ?::uuid or st.user_id = ?::uuid or (${authority.sql})`,
    parameters: [userId, userId, ...authority.parameters],
  };
}

/** The columns that every kind of case is read with. */
export interface SharedRow {
  id: string;
  status: CaseStatus;
  level: number;
  version: number;
  submitted_at: string;
  expires_at: string;
  decided_at: string | null;
  outcome_code: string | null;
  student_id: string;
  roll_number: string;
  student_first_name: string;
  student_last_name: string;
  decider_id: string | null;
  decider_first_name: string | null;
  decider_last_name: string | null;
  decision_id: string | null;
  reason_sealed: string | null;
  note_sealed: string | null;
  may_decide: boolean;
  may_withdraw: boolean;
}

interface LeaveRow extends SharedRow {
  leave_type_id: string;
  leave_type_code: string;
  leave_type_name: string;
  starts_at: string;
  ends_at: string;
}

interface CorrectionRow extends SharedRow {
  session_id: string;
  scheduled_date: string;
  start_at: string;
  course_code: string;
  course_name: string;
  section_name: string;
  from_mark: Mark | null;
  to_mark: Mark;
  excuse_category: ExcuseCategory | null;
  requester_id: string;
  requester_first_name: string;
  requester_last_name: string;
}

/** The members that every kind of case about a student shares. */
export function toShared(row: SharedRow): StudentCaseRow {
  return {
    ...toCaseRow(row),
    student: {
      id: row.student_id,
      rollNumber: row.roll_number,
      firstName: row.student_first_name,
      lastName: row.student_last_name,
    },
  };
}

/** The members that every kind of case shares; the student's columns are null in some. */
export function toCaseRow(row: Omit<SharedRow, StudentColumn>): CaseListRow {
  return {
    id: row.id,
    status: row.status,
    level: row.level,
    version: row.version,
    submittedAt: toInstant(row.submitted_at),
    expiresAt: toInstant(row.expires_at),
    decidedAt: toInstantOrNull(row.decided_at),
    decidedBy: row.decider_id === null ? null : deciderName(row, row.decider_id),
    outcomeCode: row.outcome_code,
    reasonSealed: row.reason_sealed,
    decisionId: row.decision_id,
    noteSealed: row.note_sealed,
    mayDecide: row.may_decide,
    mayWithdraw: row.may_withdraw,
  };
}

type StudentColumn = 'student_id' | 'roll_number' | 'student_first_name' | 'student_last_name';

function deciderName(
  row: Pick<SharedRow, 'decider_first_name' | 'decider_last_name'>,
  id: Id,
): PersonName {
  return {
    id,
    firstName: row.decider_first_name ?? '',
    lastName: row.decider_last_name ?? '',
  };
}

function toLeave(row: LeaveRow): LeaveListRow {
  return {
    ...toShared(row),
    leaveType: { id: row.leave_type_id, code: row.leave_type_code, name: row.leave_type_name },
    startsAt: toInstant(row.starts_at),
    endsAt: toInstant(row.ends_at),
  };
}

function toCorrection(row: CorrectionRow): CorrectionListRow {
  return {
    ...toShared(row),
    sessionId: row.session_id,
    scheduledDate: row.scheduled_date,
    startAt: toInstant(row.start_at),
    courseCode: row.course_code,
    courseName: row.course_name,
    sectionName: row.section_name,
    fromMark: row.from_mark,
    toMark: row.to_mark,
    excuseCategory: row.excuse_category,
    requestedBy: {
      id: row.requester_id,
      firstName: row.requester_first_name,
      lastName: row.requester_last_name,
    },
  };
}
