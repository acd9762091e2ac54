/**
 * Settles records: stores new operations, resolves the students they concern and writes the
 * records that changed. Runs inside a transaction that holds the session's lock.
 */
import { missedRecheck } from '../../db/queries/recheck-missed.ts';
import { rows, toInstant, type Em } from '../../db/orm.ts';
import type { Conflict } from '../../domain/attendance/conflicts.ts';
import type { ResolvableOperation } from '../../domain/attendance/operation.ts';
import {
  resolveStudent,
  type Resolution,
  type ResolutionContext,
} from '../../domain/attendance/resolver.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type {
  CaptureMode,
  ClockTrust,
  ConflictKind,
  ConflictState,
  ExcuseCategory,
  Id,
  Instant,
  Mark,
  MarkSource,
  OperationOutcome,
} from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import type { SessionRow } from '../sessions/session-row.ts';

/** The current answer for one student, as results and screens show it. */
export interface RecordState {
  readonly id: Id;
  readonly studentId: Id;
  readonly mark: Mark | null;
  readonly winnerOpId: Id | null;
  readonly rank: number | null;
  readonly source: MarkSource | null;
  readonly captureMode: CaptureMode | null;
  readonly arrivalAt: Instant | null;
  readonly markedAt: Instant | null;
  readonly excuseCategory: ExcuseCategory | null;
  readonly flags: readonly string[];
  readonly version: number;
  readonly updatedAt: Instant;
}

/** An operation in the form it is stored. */
export interface StoredOperation extends ResolvableOperation {
  readonly captureMode: CaptureMode;
  readonly actorId: Id | null;
  readonly receivedAt: Instant;
  readonly payloadHash: string;
  readonly result: unknown;
}

/** A record before and after; `after` equals `before` where nothing changed. */
export interface RecordChange {
  readonly studentId: Id;
  readonly before: RecordState;
  readonly after: RecordState;
  readonly changed: boolean;
  /** The contradictions the student's claims give now. */
  readonly conflicts: readonly Conflict[];
}

/** A contradiction as it is stored. */
export interface StoredConflict {
  readonly id: Id;
  readonly studentId: Id | null;
  readonly kind: ConflictKind;
  readonly deviceKeyId: Id | null;
  readonly opIds: readonly Id[];
  readonly state: ConflictState;
}

/** Records, operations and conflicts of the students being settled, locked in ascending student id. */
export interface LockedRecords {
  readonly records: ReadonlyMap<Id, RecordState>;
  readonly operations: readonly StoredOperation[];
  readonly conflicts: readonly StoredConflict[];
  /** Students who missed the re-check of the session: their scans count as weak. */
  readonly missed: ReadonlySet<Id>;
}

interface RecordRow {
  id: string;
  student_id: string;
  mark: Mark | null;
  winner_op_id: string | null;
  rank: number | null;
  source: MarkSource | null;
  capture_mode: CaptureMode | null;
  arrival_at: string | null;
  marked_at: string | null;
  excuse_category: ExcuseCategory | null;
  flags: string[];
  version: number;
  updated_at: string;
  missed_recheck: boolean;
}

interface OperationRow {
  op_id: string;
  student_id: string;
  kind: 'mark' | 'withdraw';
  mark: Mark | null;
  rank: number;
  source: MarkSource;
  capture_mode: CaptureMode;
  actor_id: string | null;
  eff_at: string;
  received_at: string;
  base_op_id: string | null;
  acks: string[];
  target_op_id: string | null;
  excuse_category: ExcuseCategory | null;
  phase: 'entry' | 'exit';
  flags: string[];
  outcome: OperationOutcome;
  device_key_id: string | null;
  payload_hash: string;
  result: unknown;
}

/** The id of the automatic absence of a student: UUIDv5 of `session|student|auto_absent|epoch`. */
export function autoAbsentOpId(session: Pick<SessionRow, 'id' | 'epoch'>, studentId: Id): Id {
  return uuidV5(session.id, `${session.id}|${studentId}|auto_absent|${session.epoch}`);
}

/** What the resolver needs of a session for one student. */
export function resolutionContext(session: SessionRow, studentId: Id): ResolutionContext {
  const startMs = Date.parse(session.startAt);
  const shownMs = session.lateReferenceAt === null ? startMs : Date.parse(session.lateReferenceAt);
  return {
    status: session.status,
    taken: session.taken,
    policy: session.policy,
    lateReferenceMs: Math.max(startMs, shownMs),
    scheduledStartMs: startMs,
    autoOpId: autoAbsentOpId(session, studentId),
  };
}

/**
 * Creates missing record rows, at version 0 because nothing was said yet, and locks them, ascending
 * by student id against deadlocks; then reads every operation and conflict of those students.
 */
export async function lockRecords(
  em: Em,
  sessionId: Id,
  studentIds: readonly Id[],
  nextId: () => Id,
): Promise<LockedRecords> {
  const ordered = [...new Set(studentIds)].sort();
  await rows(
    em,
    `insert into attendance_record (id, session_id, student_id, version)
     select n.*, 0 from unnest(?::uuid[], ?::uuid[], ?::uuid[]) n on conflict do nothing`,
    [ordered.map(() => nextId()), ordered.map(() => sessionId), ordered],
  );
  const found = await rows<RecordRow>(
    em,
    `select id, student_id, mark, winner_op_id, rank, source, capture_mode, arrival_at, marked_at,
       excuse_category, flags, version, updated_at,
       ${missedRecheck('attendance_record')} as missed_recheck
     from attendance_record where session_id = ?::uuid and student_id = any(?::uuid[])
     order by student_id for update`,
    [sessionId, ordered],
  );
  const operations = await rows<OperationRow>(
    em,
    `select op_id, student_id, kind, mark, rank, source, capture_mode, actor_id, eff_at, received_at,
       base_op_id, acks, target_op_id, excuse_category, phase, flags, outcome, device_key_id,
       payload_hash, result
     from attendance_operation where session_id = ?::uuid and student_id = any(?::uuid[])`,
    [sessionId, ordered],
  );
  const conflicts = await rows<ConflictRow>(
    em,
    `select id, student_id, kind, device_key_id, op_ids, state from attendance_conflict
     where session_id = ?::uuid and (student_id is null or student_id = any(?::uuid[]))`,
    [sessionId, ordered],
  );
  const missed = new Set(found.filter((row) => row.missed_recheck).map((row) => row.student_id));
  return {
    records: new Map(found.map((row) => [row.student_id, toRecordState(row)])),
    operations: operations.map((row) => toStoredOperation(row, missed)),
    missed,
    conflicts: conflicts.map(toStoredConflict),
  };
}

interface ConflictRow {
  id: string;
  student_id: string | null;
  kind: ConflictKind;
  device_key_id: string | null;
  op_ids: string[];
  state: ConflictState;
}

function toStoredConflict(row: ConflictRow): StoredConflict {
  return {
    id: row.id,
    studentId: row.student_id,
    kind: row.kind,
    deviceKeyId: row.device_key_id,
    opIds: row.op_ids,
    state: row.state,
  };
}

function toRecordState(row: RecordRow): RecordState {
  return {
    id: row.id,
    studentId: row.student_id,
    mark: row.mark,
    winnerOpId: row.winner_op_id,
    rank: row.rank,
    source: row.source,
    captureMode: row.capture_mode,
    arrivalAt: row.arrival_at === null ? null : toInstant(row.arrival_at),
    markedAt: row.marked_at === null ? null : toInstant(row.marked_at),
    excuseCategory: row.excuse_category,
    flags: row.flags,
    version: row.version,
    updatedAt: toInstant(row.updated_at),
  };
}

function toStoredOperation(row: OperationRow, missed: ReadonlySet<Id>): StoredOperation {
  return {
    opId: row.op_id,
    studentId: row.student_id,
    kind: row.kind,
    mark: row.mark,
    rank: row.rank,
    source: row.source,
    captureMode: row.capture_mode,
    actorId: row.actor_id,
    effAtMs: Date.parse(toInstant(row.eff_at)),
    receivedAt: toInstant(row.received_at),
    baseOpId: row.base_op_id,
    acks: row.acks,
    targetOpId: row.target_op_id,
    excuseCategory: row.excuse_category,
    phase: row.phase,
    flags: row.flags,
    outcome: row.outcome,
    deviceKeyId: row.device_key_id,
    payloadHash: row.payload_hash,
    result: row.result,
    recheckMissed: row.source === 'qr' && missed.has(row.student_id),
  };
}

const NO_KEYS: ReadonlySet<Id> = new Set();

/**
 * Resolves one student over stored and new operations.
 * @param now  instant of the write, for `updatedAt`
 * @param shared  device keys that several students of the session used
 */
export function settleStudent(
  session: SessionRow,
  before: RecordState,
  operations: readonly StoredOperation[],
  now: Instant,
  shared: ReadonlySet<Id> = NO_KEYS,
): RecordChange {
  const context = resolutionContext(session, before.studentId);
  const { resolution, conflicts } = resolveStudent(context, operations, shared);
  const winner = operations.find((op) => op.opId === resolution?.winnerOpId);
  const after = resolvedRecord(before, resolution, winner, now);
  const changed = isDifferent(before, after);
  return {
    studentId: before.studentId,
    before,
    after: changed ? after : before,
    changed,
    conflicts,
  };
}

function resolvedRecord(
  before: RecordState,
  resolution: Resolution | null,
  winner: StoredOperation | undefined,
  now: Instant,
): RecordState {
  return {
    id: before.id,
    studentId: before.studentId,
    mark: resolution?.mark ?? null,
    winnerOpId: resolution?.winnerOpId ?? null,
    rank: resolution?.rank ?? null,
    source: resolution?.source ?? null,
    captureMode: resolution ? (winner?.captureMode ?? 'online') : null,
    arrivalAt:
      resolution === null || resolution.arrivalMs === null
        ? null
        : new Date(resolution.arrivalMs).toISOString(),
    markedAt: resolution ? (winner?.receivedAt ?? now) : null,
    excuseCategory: resolution?.excuseCategory ?? null,
    flags: resolution?.flags ?? [],
    version: before.version + 1,
    updatedAt: now,
  };
}

function isDifferent(before: RecordState, after: RecordState): boolean {
  return (
    before.mark !== after.mark ||
    before.winnerOpId !== after.winnerOpId ||
    before.rank !== after.rank ||
    before.arrivalAt !== after.arrivalAt ||
    before.excuseCategory !== after.excuseCategory ||
    before.flags.join() !== after.flags.join()
  );
}

/** Writes records as they are after their changes, in one statement. */
export async function writeRecords(em: Em, changes: readonly RecordChange[]): Promise<void> {
  const after = changes.map((change) => change.after);
  if (after.length === 0) return;
  await rows(
    em,
    `update attendance_record r set mark = n.mark, winner_op_id = n.winner_op_id, rank = n.rank,
       source = n.source, capture_mode = n.capture_mode, arrival_at = n.arrival_at,
       marked_at = n.marked_at, excuse_category = n.excuse_category,
       flags = string_to_array(n.flags, ','), version = n.version, updated_at = n.updated_at
     from unnest(?::uuid[], ?::text[], ?::uuid[], ?::int[], ?::text[], ?::text[], ?::timestamptz[],
       ?::timestamptz[], ?::text[], ?::text[], ?::int[], ?::timestamptz[])
       as n(id, mark, winner_op_id, rank, source, capture_mode, arrival_at, marked_at,
         excuse_category, flags, version, updated_at)
     where r.id = n.id`,
    [
      after.map((r) => r.id),
      after.map((r) => r.mark),
      after.map((r) => r.winnerOpId),
      after.map((r) => r.rank),
      after.map((r) => r.source),
      after.map((r) => r.captureMode),
      after.map((r) => r.arrivalAt),
      after.map((r) => r.markedAt),
      after.map((r) => r.excuseCategory),
      after.map((r) => r.flags.join(',')),
      after.map((r) => r.version),
      after.map((r) => r.updatedAt),
    ],
  );
}

/** A new operation with the columns only storage needs. */
export interface NewOperation extends StoredOperation {
  /** When the device says it was captured, as sent. */
  readonly capturedAt: Instant | null;
  readonly clockTrust: ClockTrust | null;
  readonly outcomeCode: string | null;
  readonly clientId: string | null;
  readonly epoch: number;
  readonly deviceRef: string | null;
  readonly evidence: Readonly<Record<string, unknown>> | null;
  readonly leaveApplicationId: Id | null;
  readonly correctionRequestId: Id | null;
  readonly notesSealed: string | null;
  readonly reasonSealed: string | null;
}

/** The automatic absence of a student, as an operation to store. */
export function autoAbsentOperation(
  session: Pick<SessionRow, 'id' | 'epoch'>,
  studentId: Id,
  now: Instant,
): NewOperation {
  return {
    opId: autoAbsentOpId(session, studentId),
    studentId,
    kind: 'mark',
    mark: 'absent',
    rank: RANK.autoAbsent,
    source: 'system',
    captureMode: 'online',
    actorId: null,
    effAtMs: Date.parse(now),
    receivedAt: now,
    baseOpId: null,
    acks: [],
    targetOpId: null,
    excuseCategory: null,
    phase: 'entry',
    flags: [],
    outcome: 'admitted',
    outcomeCode: null,
    deviceKeyId: null,
    capturedAt: null,
    clockTrust: 'server',
    clientId: null,
    payloadHash: '',
    result: {},
    epoch: session.epoch,
    deviceRef: null,
    evidence: null,
    leaveApplicationId: null,
    correctionRequestId: null,
    notesSealed: null,
    reasonSealed: null,
  };
}

/**
 * Inserts operations in one statement.
 * @returns the ids really inserted; a missing one exists already in another place
 */
export async function insertOperations(
  em: Em,
  sessionId: Id,
  operations: readonly NewOperation[],
): Promise<Set<Id>> {
  if (operations.length === 0) return new Set();
  const inserted = await rows<{ op_id: string }>(
    em,
    `insert into attendance_operation (op_id, session_id, student_id, kind, mark, rank, source,
       capture_mode, actor_id, eff_at, received_at, epoch, base_op_id, acks, target_op_id,
       excuse_category, phase, flags, evidence, device_ref, leave_application_id,
       correction_request_id, notes_sealed, reason_sealed, payload_hash, result, outcome,
       outcome_code, device_key_id, captured_at, clock_trust, client_id)
     select op_id, ?::uuid, student_id, kind, mark, rank, source, capture_mode, actor_id, eff_at,
       received_at, epoch, base_op_id, string_to_array(acks, ',')::uuid[], target_op_id,
       excuse_category, phase, string_to_array(flags, ','), evidence::jsonb, device_ref,
       leave_application_id, correction_request_id, notes_sealed, reason_sealed, payload_hash,
       result::jsonb, outcome, outcome_code, device_key_id, captured_at, clock_trust, client_id
     from unnest(?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::int[], ?::text[], ?::text[],
       ?::uuid[], ?::timestamptz[], ?::timestamptz[], ?::int[], ?::uuid[], ?::text[], ?::uuid[],
       ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::uuid[], ?::uuid[], ?::text[],
       ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::uuid[], ?::timestamptz[],
       ?::text[], ?::text[])
       as n(op_id, student_id, kind, mark, rank, source, capture_mode, actor_id, eff_at,
         received_at, epoch, base_op_id, acks, target_op_id, excuse_category, phase, flags,
         evidence, device_ref, leave_application_id, correction_request_id, notes_sealed,
         reason_sealed, payload_hash, result, outcome, outcome_code, device_key_id, captured_at,
         clock_trust, client_id)
     on conflict (op_id) do nothing returning op_id`,
    [sessionId, ...operationColumns(operations)],
  );
  return new Set(inserted.map((row) => row.op_id));
}

function operationColumns(operations: readonly NewOperation[]): unknown[][] {
  const pickers: ((op: NewOperation) => unknown)[] = [
    (op) => op.opId,
    (op) => op.studentId,
    (op) => op.kind,
    (op) => op.mark,
    (op) => op.rank,
    (op) => op.source,
    (op) => op.captureMode,
    (op) => op.actorId,
    (op) => new Date(op.effAtMs).toISOString(),
    (op) => op.receivedAt,
    (op) => op.epoch,
    (op) => op.baseOpId,
    (op) => op.acks.join(','),
    (op) => op.targetOpId,
    (op) => op.excuseCategory,
    (op) => op.phase,
    (op) => op.flags.join(','),
    (op) => (op.evidence === null ? null : JSON.stringify(op.evidence)),
    (op) => op.deviceRef,
    (op) => op.leaveApplicationId,
    (op) => op.correctionRequestId,
    (op) => op.notesSealed,
    (op) => op.reasonSealed,
    (op) => op.payloadHash,
    (op) => JSON.stringify(op.result),
    (op) => op.outcome,
    (op) => op.outcomeCode,
    (op) => op.deviceKeyId,
    (op) => op.capturedAt,
    (op) => op.clockTrust,
    (op) => op.clientId,
  ];
  return pickers.map((pick) => operations.map(pick));
}
