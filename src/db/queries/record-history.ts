/** Named reads of one record: every stored claim behind it and its contradictions. */
import { recheckMissed } from './recheck-missed.ts';
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
  Role,
  SessionPolicy,
} from '../../domain/types.ts';
import type { Fallback } from '../../domain/presence/fallback.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../orm.ts';
import { toLocation, type RecordLocation } from './records.ts';
import type { Condition } from './sessions.ts';

/** What reading a record depends on beside the record itself. */
export interface RecordReading {
  readonly sessionId: Id;
  readonly studentId: Id;
  readonly winnerOpId: Id | null;
  readonly policy: SessionPolicy;
  /** The asker may read every text: staff of the session or the head of its department. */
  readonly mayReadTexts: boolean;
}

/**
 * Reads what is needed to show a record; the record's own scope was asked before.
 * @param staff  condition over session `s`: whose texts the asker may read
 */
export async function findRecordReading(
  em: Em,
  staff: Condition,
  id: Id,
): Promise<RecordReading | undefined> {
  const row = await firstRow<{
    session_id: string;
    student_id: string;
    winner_op_id: string | null;
    policy: SessionPolicy;
    may_read_texts: boolean;
  }>(
    em,
    `select r.session_id, r.student_id, r.winner_op_id, s.policy, (${staff.sql}) as may_read_texts
     from attendance_record r join attendance_session s on s.id = r.session_id
     where r.id = ?::uuid`,
    [...staff.parameters, id],
  );
  return (
    row && {
      sessionId: row.session_id,
      studentId: row.student_id,
      winnerOpId: row.winner_op_id,
      policy: row.policy,
      mayReadTexts: row.may_read_texts,
    }
  );
}

/** A stored claim with what people are told about it; the texts are still sealed. */
export interface HistoryRow {
  readonly opId: Id;
  readonly studentId: Id;
  readonly kind: 'mark' | 'withdraw';
  readonly mark: Mark | null;
  readonly rank: number;
  readonly source: MarkSource;
  readonly captureMode: CaptureMode;
  readonly effAtMs: number;
  readonly receivedAtMs: number;
  readonly capturedAt: Instant | null;
  readonly clockTrust: ClockTrust | null;
  readonly outcome: OperationOutcome;
  readonly outcomeCode: string | null;
  readonly deviceKeyId: Id | null;
  readonly recheckMissed: boolean;
  /** The registered device, or the student's own phone. */
  readonly deviceId: string | null;
  readonly location: RecordLocation | null;
  /** Why staff marked without a scan; null where they gave none. */
  readonly fallback: Fallback | null;
  readonly baseOpId: Id | null;
  readonly acks: readonly Id[];
  readonly targetOpId: Id | null;
  readonly excuseCategory: ExcuseCategory | null;
  readonly phase: 'entry' | 'exit';
  readonly flags: readonly string[];
  readonly notesSealed: string | null;
  readonly reasonSealed: string | null;
  /** Null where a device or the system spoke. */
  readonly actor: HistoryActor | null;
}

/** Who made a claim. */
export interface HistoryActor {
  readonly id: Id;
  readonly name: string;
  readonly isStudent: boolean;
  readonly roles: readonly Role[];
}

interface Row {
  op_id: string;
  student_id: string;
  kind: 'mark' | 'withdraw';
  mark: Mark | null;
  rank: number;
  source: MarkSource;
  capture_mode: CaptureMode;
  eff_at: string;
  received_at: string;
  captured_at: string | null;
  clock_trust: ClockTrust | null;
  outcome: OperationOutcome;
  outcome_code: string | null;
  device_key_id: string | null;
  device_id: string | null;
  location: unknown;
  fallback: Fallback | null;
  base_op_id: string | null;
  acks: string[];
  target_op_id: string | null;
  excuse_category: ExcuseCategory | null;
  phase: 'entry' | 'exit';
  flags: string[];
  recheck_missed: boolean;
  notes_sealed: string | null;
  reason_sealed: string | null;
  actor_id: string | null;
  actor_name: string | null;
  actor_is_student: boolean;
  actor_roles: Role[];
}

/** Every stored claim about a student in a session, in the order they were received. */
export async function listRecordOperations(
  em: Em,
  sessionId: Id,
  studentId: Id,
): Promise<HistoryRow[]> {
  const found = await rows<Row>(
    em,
    `select o.op_id, o.student_id, o.kind, o.mark, o.rank, o.source, o.capture_mode, o.eff_at,
       o.received_at, o.captured_at, o.clock_trust, o.outcome, o.outcome_code, o.device_key_id,
       coalesce(o.device_ref, case when o.source in ('qr', 'self') then o.device_key_id::text end)
         as device_id,
       o.evidence -> 'location' as location, o.evidence ->> 'fallback' as fallback, o.base_op_id, o.acks, o.target_op_id,
       o.excuse_category, o.phase, o.flags, ${recheckMissed('o')} as recheck_missed,
       o.notes_sealed, o.reason_sealed, o.actor_id,
       a.first_name || ' ' || a.last_name as actor_name,
       coalesce(a.id = st.user_id, false) as actor_is_student,
       array(select ra.role from role_assignment ra where ra.user_id = a.id) as actor_roles
     from attendance_operation o
     join student st on st.id = o.student_id
     left join app_user a on a.id = o.actor_id
     where o.session_id = ?::uuid and o.student_id = ?::uuid order by o.received_at, o.op_id`,
    [sessionId, studentId],
  );
  return found.map(toHistoryRow);
}

function toHistoryRow(row: Row): HistoryRow {
  return {
    opId: row.op_id,
    studentId: row.student_id,
    kind: row.kind,
    mark: row.mark,
    rank: row.rank,
    source: row.source,
    captureMode: row.capture_mode,
    effAtMs: Date.parse(toInstant(row.eff_at)),
    receivedAtMs: Date.parse(toInstant(row.received_at)),
    capturedAt: toInstantOrNull(row.captured_at),
    clockTrust: row.clock_trust,
    outcome: row.outcome,
    outcomeCode: row.outcome_code,
    deviceKeyId: row.device_key_id,
    deviceId: row.device_id,
    location: toLocation(row.location),
    fallback: row.fallback,
    baseOpId: row.base_op_id,
    acks: row.acks,
    targetOpId: row.target_op_id,
    excuseCategory: row.excuse_category,
    phase: row.phase,
    flags: row.flags,
    recheckMissed: row.recheck_missed,
    notesSealed: row.notes_sealed,
    reasonSealed: row.reason_sealed,
    actor:
      row.actor_id === null
        ? null
        : {
            id: row.actor_id,
            name: row.actor_name ?? '',
            isStudent: row.actor_is_student,
            roles: row.actor_roles,
          },
  };
}

/** A contradiction that names claims of the record. */
export interface RecordConflictRow {
  readonly id: Id;
  readonly kind: ConflictKind;
  readonly state: ConflictState;
  readonly deviceKeyId: Id | null;
  readonly opIds: readonly Id[];
  readonly openedAt: Instant;
  readonly settledAt: Instant | null;
}

/** The contradictions of a record, also those of several students on one device, oldest first. */
export async function listRecordConflicts(
  em: Em,
  sessionId: Id,
  studentId: Id,
): Promise<RecordConflictRow[]> {
  const found = await rows<{
    id: string;
    kind: ConflictKind;
    state: ConflictState;
    device_key_id: string | null;
    op_ids: string[];
    opened_at: string;
    settled_at: string | null;
  }>(
    em,
    `select k.id, k.kind, k.state, k.device_key_id, k.op_ids, k.opened_at, k.settled_at
     from attendance_conflict k
     where k.session_id = ?::uuid and (k.student_id = ?::uuid or (k.student_id is null and exists (
       select 1 from attendance_operation o
       where o.op_id = any(k.op_ids) and o.student_id = ?::uuid)))
     order by k.opened_at, k.id`,
    [sessionId, studentId, studentId],
  );
  return found.map((row) => ({
    id: row.id,
    kind: row.kind,
    state: row.state,
    deviceKeyId: row.device_key_id,
    opIds: row.op_ids,
    openedAt: toInstant(row.opened_at),
    settledAt: toInstantOrNull(row.settled_at),
  }));
}
