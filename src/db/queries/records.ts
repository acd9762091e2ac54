/** Named reads of attendance records and of a session's roll. */
import type {
  CaptureMode,
  ExcuseCategory,
  Id,
  Instant,
  LocalDate,
  Mark,
  MarkSource,
  SessionStatus,
} from '../../domain/types.ts';
import type { Fallback } from '../../domain/presence/fallback.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../orm.ts';
import {
  conflictedPairs,
  syncStatusOf,
  waitingClaims,
  waitingPairs,
  type SyncStatus,
  type WaitingClaim,
} from './record-sync.ts';
import type { Condition, Page } from './sessions.ts';

/** Where a phone was, as far as anyone is told: never coordinates. */
export interface RecordLocation {
  readonly verdict: 'inside' | 'outside' | 'unknown';
  /** Rounded to 10 m. */
  readonly distanceM: number | null;
}

/** A record with what lists show of its session. */
export interface RecordListRow {
  readonly id: Id;
  readonly sessionId: Id;
  readonly studentId: Id;
  readonly mark: Mark | null;
  readonly markedAt: Instant | null;
  readonly source: MarkSource | null;
  readonly captureMode: CaptureMode | null;
  readonly arrivalAt: Instant | null;
  readonly excuseCategory: ExcuseCategory | null;
  readonly deviceId: string | null;
  readonly location: RecordLocation | null;
  /** Why staff marked without a scan; null where they gave none. */
  readonly fallback: Fallback | null;
  readonly syncStatus: SyncStatus;
  readonly flags: readonly string[];
  readonly winnerOpId: Id | null;
  readonly version: number;
  readonly updatedAt: Instant;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
  readonly courseCode: string;
  readonly courseName: string;
  readonly sectionName: string;
  readonly sessionStatus: SessionStatus;
}

/** Filters of the records list; absent ones do not narrow. */
export interface RecordFilters {
  readonly session?: Id | undefined;
  readonly student?: Id | undefined;
  readonly courseSection?: Id | undefined;
  readonly mark?: Mark | undefined;
  readonly dateFrom?: LocalDate | undefined;
  readonly dateTo?: LocalDate | undefined;
  readonly source?: MarkSource | undefined;
  readonly syncStatus?: SyncStatus | undefined;
  /** With a claim that waits for a person, or without. */
  readonly needsReview?: boolean | undefined;
  readonly id?: Id | undefined;
}

/** Orders the list accepts. */
export const RECORD_ORDERINGS = {
  start_datetime: 's.start_at asc, r.id asc',
  '-start_datetime': 's.start_at desc, r.id desc',
  updated_at: 'r.updated_at asc, r.id asc',
  '-updated_at': 'r.updated_at desc, r.id desc',
} as const;
export type RecordOrdering = keyof typeof RECORD_ORDERINGS;

const FROM = `
  from attendance_record r
  join attendance_session s on s.id = r.session_id
  join student st on st.id = r.student_id`;

function where(filters: RecordFilters, scope: Condition): Condition {
  const parts: Condition[] = [scope];
  const add = (sql: string, parameter: unknown) => parts.push({ sql, parameters: [parameter] });
  if (filters.session !== undefined) add('r.session_id = ?::uuid', filters.session);
  if (filters.student !== undefined) add('r.student_id = ?::uuid', filters.student);
  if (filters.mark !== undefined) add('r.mark = ?', filters.mark);
  if (filters.dateFrom !== undefined) add('s.scheduled_date >= ?::date', filters.dateFrom);
  if (filters.dateTo !== undefined) add('s.scheduled_date <= ?::date', filters.dateTo);
  if (filters.courseSection !== undefined) {
    add(
      'exists (select 1 from session_section x where x.session_id = s.id and x.course_section_id = ?::uuid)',
      filters.courseSection,
    );
  }
  if (filters.id !== undefined) add('r.id = ?::uuid', filters.id);
  if (filters.source !== undefined) add('r.source = ?', filters.source);
  if (filters.needsReview !== undefined) parts.push(isIn(waitingPairs(), filters.needsReview));
  if (filters.syncStatus !== undefined) parts.push(...ofSyncStatus(filters.syncStatus));
  return {
    sql: parts.map((part) => `(${part.sql})`).join(' and '),
    parameters: parts.flatMap((part) => part.parameters),
  };
}

function isIn(pairs: string, isWanted: boolean): Condition {
  const sql = `${isWanted ? '' : 'not '}((r.session_id, r.student_id) in (${pairs}))`;
  return { sql, parameters: [] };
}

function ofSyncStatus(status: SyncStatus): Condition[] {
  if (status === 'conflict') return [isIn(conflictedPairs(), true)];
  return [isIn(conflictedPairs(), false), isIn(waitingPairs(), status === 'pending')];
}

/**
 * What every reading of a record shows of the winner's evidence. The key of a phone is shown where
 * the student held the phone; a teacher's own device is nobody's business.
 */
const EVIDENCE_COLUMNS = `
  coalesce(o.device_ref, case when o.source in ('qr', 'self') then o.device_key_id::text end)
    as device_id,
  o.evidence -> 'location' as location, o.evidence ->> 'fallback' as fallback`;

/** Records of one page within the scope over `s` and `st`, and how many there are. */
export async function listRecords(
  em: Em,
  scope: Condition,
  filters: RecordFilters,
  { page, pageSize }: Page,
  ordering: RecordOrdering = '-start_datetime',
): Promise<{ count: number; results: RecordListRow[] }> {
  const condition = where(filters, scope);
  const order = RECORD_ORDERINGS[ordering];
  const total = await firstRow<{ count: number }>(
    em,
    `select count(*)::int as count ${FROM} where ${condition.sql}`,
    condition.parameters,
  );
  const found = await rows<Row>(
    em,
    `with page as materialized (
       select r.id, r.session_id, r.student_id, r.mark, r.marked_at, r.source, r.capture_mode,
         r.arrival_at, r.excuse_category, ${EVIDENCE_COLUMNS}, r.flags, r.winner_op_id,
         r.version, r.updated_at, s.scheduled_date, s.start_at, c.code as course_code,
         c.name as course_name, cs.section_name, s.status as session_status
       ${FROM}
       join course_section cs on cs.id = s.course_section_id
       join course c on c.id = cs.course_id
       left join attendance_operation o on o.op_id = r.winner_op_id
       where ${condition.sql} order by ${order} limit ?::int offset ?::int)
     select page.*, ${SYNC_COLUMNS} from page ${PAGE_SYNC_JOINS}
     order by ${order.replaceAll(/\b[rs]\./g, 'page.')}`,
    [...condition.parameters, pageSize, (page - 1) * pageSize],
  );
  return { count: total?.count ?? 0, results: found.map(toRecordRow) };
}

/** One record within the scope over `s` and `st`, or undefined. */
export async function findRecord(
  em: Em,
  scope: Condition,
  id: Id,
): Promise<RecordListRow | undefined> {
  const found = await listRecords(em, scope, { id }, { page: 1, pageSize: 1 });
  return found.results[0];
}

const SYNC_COLUMNS = `
  (conflicted.student_id is not null) as has_conflict, (waiting.student_id is not null) as is_waiting`;

const IN_PAGE = '(w.session_id, w.student_id) in (select session_id, student_id from page)';

/** Joins what `SYNC_COLUMNS` reads of the records of a page, once for all rows. */
const PAGE_SYNC_JOINS = `
  left join (${conflictedPairs('select session_id from page')}) conflicted
    on conflicted.session_id = page.session_id and conflicted.student_id = page.student_id
  left join (${waitingPairs(IN_PAGE)}) waiting
    on waiting.session_id = page.session_id and waiting.student_id = page.student_id`;

/** The same for the students `st` of one session, who may have no record; its id three times. */
const ROLL_SYNC_JOINS = `
  left join (${conflictedPairs('select ?::uuid')}) conflicted on conflicted.student_id = st.id
  left join (${waitingClaims('w.session_id = ?::uuid')}) waiting on waiting.student_id = st.id`;

/** A student of a session's roll with the record, if any. */
export interface RollRow {
  readonly studentId: Id;
  readonly rollNumber: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly record: Omit<
    RecordListRow,
    'scheduledDate' | 'startAt' | 'courseCode' | 'courseName' | 'sectionName' | 'sessionStatus'
  > | null;
  /** Claims that wait for a person, the oldest first. */
  readonly waiting: readonly WaitingClaim[];
}

/**
 * The roll of a session within the scope over `s` and `st`, by roll number, with the number of the
 * session's last live event, so that a screen continues from there without a gap.
 */
export async function readRoll(
  em: Em,
  scope: Condition,
  sessionId: Id,
): Promise<{ seq: number; students: RollRow[] }> {
  const head = await firstRow<{ live_seq: string }>(
    em,
    'select live_seq from audit_chain_head where chain = ?',
    [`session:${sessionId}`],
  );
  const found = await rows<Partial<Row> & RollNames>(
    em,
    `select distinct on (st.roll_number) st.id as roll_student_id, st.roll_number, u.first_name,
       u.last_name, r.id, r.session_id, r.student_id, r.mark, r.marked_at, r.source, r.capture_mode,
       r.arrival_at, r.excuse_category, ${EVIDENCE_COLUMNS}, r.flags, r.winner_op_id,
       r.version, r.updated_at, ${SYNC_COLUMNS}, waiting.claims as waiting_claims
     from attendance_session s
     join session_section x on x.session_id = s.id
     join enrolment e on e.course_section_id = x.course_section_id and e.status = 'enrolled'
       and e.valid_from <= s.scheduled_date and (e.valid_to is null or e.valid_to > s.scheduled_date)
     join student st on st.id = e.student_id
     join app_user u on u.id = st.user_id
     left join attendance_record r on r.session_id = s.id and r.student_id = st.id
     left join attendance_operation o on o.op_id = r.winner_op_id
     ${ROLL_SYNC_JOINS}
     where s.id = ?::uuid and (${scope.sql}) order by st.roll_number`,
    // Three times within the joins, once in the condition.
    [sessionId, sessionId, sessionId, sessionId, ...scope.parameters],
  );
  return { seq: Number(head?.live_seq ?? 0), students: found.map(toRollRow) };
}

interface RollNames {
  roll_student_id: string;
  roll_number: string;
  first_name: string;
  last_name: string;
  waiting_claims: readonly WaitingClaim[] | null;
}

interface Row {
  id: string;
  session_id: string;
  student_id: string;
  mark: Mark | null;
  marked_at: string | null;
  source: MarkSource | null;
  capture_mode: CaptureMode | null;
  arrival_at: string | null;
  excuse_category: ExcuseCategory | null;
  device_id: string | null;
  location: unknown;
  fallback: Fallback | null;
  has_conflict: boolean;
  is_waiting: boolean;
  flags: string[];
  winner_op_id: string | null;
  version: number;
  updated_at: string;
  scheduled_date: string;
  start_at: string;
  course_code: string;
  course_name: string;
  section_name: string;
  session_status: SessionStatus;
}

function toRecordRow(row: Row): RecordListRow {
  return {
    ...toRecord(row),
    scheduledDate: row.scheduled_date,
    startAt: toInstant(row.start_at),
    courseCode: row.course_code,
    courseName: row.course_name,
    sectionName: row.section_name,
    sessionStatus: row.session_status,
  };
}

type RecordColumns = Pick<
  Row,
  | 'id'
  | 'session_id'
  | 'student_id'
  | 'mark'
  | 'marked_at'
  | 'source'
  | 'capture_mode'
  | 'arrival_at'
  | 'excuse_category'
  | 'device_id'
  | 'location'
  | 'fallback'
  | 'has_conflict'
  | 'is_waiting'
  | 'flags'
  | 'winner_op_id'
  | 'version'
  | 'updated_at'
>;

function toRecord(row: RecordColumns): NonNullable<RollRow['record']> {
  return {
    id: row.id,
    sessionId: row.session_id,
    studentId: row.student_id,
    mark: row.mark,
    markedAt: toInstantOrNull(row.marked_at),
    source: row.source,
    captureMode: row.capture_mode,
    arrivalAt: toInstantOrNull(row.arrival_at),
    excuseCategory: row.excuse_category,
    deviceId: row.device_id,
    location: toLocation(row.location),
    fallback: row.fallback,
    syncStatus: syncStatusOf(row.has_conflict, row.is_waiting),
    flags: row.flags,
    winnerOpId: row.winner_op_id,
    version: row.version,
    updatedAt: toInstant(row.updated_at),
  };
}

/** Verdict and rounded distance of stored evidence; what else it holds stays there. */
export function toLocation(stored: unknown): RecordLocation | null {
  if (stored === null || typeof stored !== 'object') return null;
  const { verdict, distance_m: distance } = stored as Readonly<Record<string, unknown>>;
  if (verdict !== 'inside' && verdict !== 'outside' && verdict !== 'unknown') return null;
  const isMeasured = typeof distance === 'number' && Number.isFinite(distance);
  return { verdict, distanceM: isMeasured ? Math.round(distance / 10) * 10 : null };
}

function toRollRow(row: Partial<Row> & RollNames): RollRow {
  const hasRecord = row.id !== undefined && row.id !== null;
  return {
    studentId: row.roll_student_id,
    rollNumber: row.roll_number,
    firstName: row.first_name,
    lastName: row.last_name,
    record: hasRecord ? toRecord(row as RecordColumns) : null,
    waiting: (row.waiting_claims ?? []).map((claim) => ({
      ...claim,
      effectiveAt: toInstant(claim.effectiveAt),
    })),
  };
}
