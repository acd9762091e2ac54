/**
 * The records of students and everything that decides them, locked. Many classes at once cost as
 * many statements as one.
 */
import { missedRecheck } from '../../db/queries/recheck-missed.ts';
import { type Em, preparedRows, toInstant } from '../../db/orm.ts';
import type { ResolvableOperation } from '../../domain/attendance/operation.ts';
import type {
  CaptureMode,
  ConflictKind,
  ConflictState,
  ExcuseCategory,
  Id,
  Instant,
  Mark,
  MarkSource,
  OperationOutcome,
} from '../../domain/types.ts';

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
  session_id: string;
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
  session_id: string;
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

/** Students by session. */
export type StudentsOfSessions = ReadonlyMap<Id, ReadonlySet<Id>>;

/** The same for one session. */
export async function lockRecords(
  em: Em,
  sessionId: Id,
  studentIds: readonly Id[],
  nextId: () => Id,
): Promise<LockedRecords> {
  const locked = await lockRecordsOf(em, new Map([[sessionId, new Set(studentIds)]]), nextId);
  return locked.get(sessionId) ?? NOTHING_LOCKED;
}

/**
 * Creates missing record rows, at version 0 because nothing was said yet, and locks them, ascending
 * by session and student against deadlocks; then reads every operation and conflict of those
 * students.
 */
export async function lockRecordsOf(
  em: Em,
  wanted: StudentsOfSessions,
  nextId: () => Id,
): Promise<Map<Id, LockedRecords>> {
  const [sessions, students] = placesOf(wanted);
  await preparedRows(
    em,
    `insert into attendance_record (id, session_id, student_id, version)
     select n.*, 0 from unnest(?::uuid[], ?::uuid[], ?::uuid[]) n on conflict do nothing`,
    [sessions.map(() => nextId()), sessions, students],
  );
  const found = await preparedRows<RecordRow>(
    em,
    `select r.id, r.session_id, r.student_id, r.mark, r.winner_op_id, r.rank, r.source,
       r.capture_mode, r.arrival_at, r.marked_at, r.excuse_category, r.flags, r.version,
       r.updated_at, ${missedRecheck('r')} as missed_recheck
     from ${PLACES} join attendance_record r using (session_id, student_id)
     order by r.session_id, r.student_id for update of r`,
    [sessions, students],
  );
  const operations = await preparedRows<OperationRow>(
    em,
    `select o.op_id, o.session_id, o.student_id, o.kind, o.mark, o.rank, o.source, o.capture_mode,
       o.actor_id, o.eff_at, o.received_at, o.base_op_id, o.acks, o.target_op_id, o.excuse_category,
       o.phase, o.flags, o.outcome, o.device_key_id, o.payload_hash, o.result
     from ${PLACES} join attendance_operation o using (session_id, student_id)`,
    [sessions, students],
  );
  const conflicts = await preparedRows<ConflictRow>(
    em,
    `select id, session_id, student_id, kind, device_key_id, op_ids, state
     from attendance_conflict
     where session_id = any(?::uuid[]) and (student_id is null
       or (session_id, student_id) in (select * from ${PLACES}))`,
    [[...wanted.keys()], sessions, students],
  );
  return bySession(wanted, found, operations, conflicts);
}

/** Parameters: sessions, students; of the same length. */
const PLACES = 'unnest(?::uuid[], ?::uuid[]) as n(session_id, student_id)';

const NOTHING_LOCKED: LockedRecords = {
  records: new Map(),
  operations: [],
  conflicts: [],
  missed: new Set(),
};

/** Pairs of session and student, ascending, as two columns. */
function placesOf(wanted: StudentsOfSessions): [sessions: Id[], students: Id[]] {
  const places = [...wanted.keys()]
    .sort()
    .flatMap((session) => [...(wanted.get(session) ?? [])].sort().map((id) => [session, id]));
  return [places.map(([session = '']) => session), places.map(([, student = '']) => student)];
}

function bySession(
  wanted: StudentsOfSessions,
  found: readonly RecordRow[],
  operations: readonly OperationRow[],
  conflicts: readonly ConflictRow[],
): Map<Id, LockedRecords> {
  const records = Map.groupBy(found, (row) => row.session_id);
  const claims = Map.groupBy(operations, (row) => row.session_id);
  const contradictions = Map.groupBy(conflicts, (row) => row.session_id);
  return new Map(
    [...wanted.keys()].map((session) => {
      const own = records.get(session) ?? [];
      const missed = new Set(own.filter((row) => row.missed_recheck).map((row) => row.student_id));
      return [
        session,
        {
          records: new Map(own.map((row) => [row.student_id, toRecordState(row)])),
          operations: (claims.get(session) ?? []).map((row) => toStoredOperation(row, missed)),
          missed,
          conflicts: (contradictions.get(session) ?? []).map(toStoredConflict),
        },
      ];
    }),
  );
}

interface ConflictRow {
  id: string;
  session_id: string;
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
