/** Stores operations in the append-only ledger. */
import { type Em, preparedRows } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { ClockTrust, Id, Instant } from '../../domain/types.ts';
import type { SessionRow } from '../sessions/session-row.ts';
import type { StoredOperation } from './lock-records.ts';
import { autoAbsentOpId } from './settle-records.ts';

/** A new operation with the columns only storage needs. */
export interface NewOperation extends StoredOperation {
  readonly sessionId: Id;
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
    sessionId: session.id,
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
 * Inserts operations, of whatever sessions, in one statement.
 * @returns the ids really inserted; a missing one exists already in another place
 */
export async function insertOperations(
  em: Em,
  operations: readonly NewOperation[],
): Promise<Set<Id>> {
  if (operations.length === 0) return new Set();
  const inserted = await preparedRows<{ op_id: string }>(
    em,
    `insert into attendance_operation (op_id, session_id, student_id, kind, mark, rank, source,
       capture_mode, actor_id, eff_at, received_at, epoch, base_op_id, acks, target_op_id,
       excuse_category, phase, flags, evidence, device_ref, leave_application_id,
       correction_request_id, notes_sealed, reason_sealed, payload_hash, result, outcome,
       outcome_code, device_key_id, captured_at, clock_trust, client_id)
     select op_id, session_id, student_id, kind, mark, rank, source, capture_mode, actor_id, eff_at,
       received_at, epoch, base_op_id, string_to_array(acks, ',')::uuid[], target_op_id,
       excuse_category, phase, string_to_array(flags, ','), evidence::jsonb, device_ref,
       leave_application_id, correction_request_id, notes_sealed, reason_sealed, payload_hash,
       result::jsonb, outcome, outcome_code, device_key_id, captured_at, clock_trust, client_id
     from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::int[], ?::text[],
       ?::text[], ?::uuid[], ?::timestamptz[], ?::timestamptz[], ?::int[], ?::uuid[], ?::text[], ?::uuid[],
       ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::uuid[], ?::uuid[], ?::text[],
       ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::uuid[], ?::timestamptz[],
       ?::text[], ?::text[])
       as n(op_id, session_id, student_id, kind, mark, rank, source, capture_mode, actor_id, eff_at,
         received_at, epoch, base_op_id, acks, target_op_id, excuse_category, phase, flags,
         evidence, device_ref, leave_application_id, correction_request_id, notes_sealed,
         reason_sealed, payload_hash, result, outcome, outcome_code, device_key_id, captured_at,
         clock_trust, client_id)
     on conflict (op_id) do nothing returning op_id`,
    operationColumns(operations),
  );
  return new Set(inserted.map((row) => row.op_id));
}

function operationColumns(operations: readonly NewOperation[]): unknown[][] {
  const pickers: ((op: NewOperation) => unknown)[] = [
    (op) => op.opId,
    (op) => op.sessionId,
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
