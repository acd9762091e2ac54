/** Writes the registers of past classes: operations, records, and how each session ended. */
import { rows, type Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import type { NewOperation } from '../../operations/records/store-operations.ts';
import { bulkInsert, type Column } from './bulk-insert.ts';
import { iso } from './context.ts';
import type { PastClass } from './history.ts';
import type { FinishedConflict, FinishedRecord } from './register.ts';

type ConflictOf = FinishedConflict & { readonly sessionId: Id };
type RecordOf = FinishedRecord & { readonly sessionId: Id };

const OPERATION_COLUMNS: readonly Column<NewOperation>[] = [
  ['op_id', 'uuid', (op) => op.opId],
  ['session_id', 'uuid', (op) => op.sessionId],
  ['student_id', 'uuid', (op) => op.studentId],
  ['kind', 'text', (op) => op.kind],
  ['mark', 'text', (op) => op.mark],
  ['rank', 'int', (op) => op.rank],
  ['source', 'text', (op) => op.source],
  ['capture_mode', 'text', (op) => op.captureMode],
  ['actor_id', 'uuid', (op) => op.actorId],
  ['eff_at', 'timestamptz', (op) => iso(op.effAtMs)],
  ['received_at', 'timestamptz', (op) => op.receivedAt],
  ['epoch', 'int', (op) => op.epoch],
  ['base_op_id', 'uuid', (op) => op.baseOpId],
  ['excuse_category', 'text', (op) => op.excuseCategory],
  ['phase', 'text', (op) => op.phase],
  ['flags', 'text[]', (op) => `{${op.flags.join(',')}}`],
  ['device_key_id', 'uuid', (op) => op.deviceKeyId],
  ['evidence', 'jsonb', (op) => op.evidence],
  ['device_ref', 'text', (op) => op.deviceRef],
  ['leave_application_id', 'uuid', (op) => op.leaveApplicationId],
  ['payload_hash', 'text', (op) => op.payloadHash],
  ['result', 'jsonb', (op) => op.result],
];

const RECORD_COLUMNS: readonly Column<RecordOf>[] = [
  ['id', 'uuid', (record) => record.id],
  ['created_at', 'timestamptz', (record) => iso(record.createdAtMs)],
  ['updated_at', 'timestamptz', (record) => record.updatedAt],
  ['session_id', 'uuid', (record) => record.sessionId],
  ['student_id', 'uuid', (record) => record.studentId],
  ['mark', 'text', (record) => record.mark],
  ['winner_op_id', 'uuid', (record) => record.winnerOpId],
  ['rank', 'int', (record) => record.rank],
  ['source', 'text', (record) => record.source],
  ['capture_mode', 'text', (record) => record.captureMode],
  ['arrival_at', 'timestamptz', (record) => record.arrivalAt],
  ['marked_at', 'timestamptz', (record) => record.markedAt],
  ['excuse_category', 'text', (record) => record.excuseCategory],
  ['flags', 'text[]', (record) => `{${record.flags.join(',')}}`],
  ['version', 'int', (record) => record.version],
];

const CONFLICT_COLUMNS: readonly Column<ConflictOf>[] = [
  ['id', 'uuid', (conflict) => conflict.id],
  ['session_id', 'uuid', (conflict) => conflict.sessionId],
  ['student_id', 'uuid', (conflict) => conflict.studentId],
  ['kind', 'text', (conflict) => conflict.kind],
  ['op_ids', 'uuid[]', (conflict) => `{${conflict.opIds.join(',')}}`],
  ['state', 'text', (conflict) => conflict.state],
  ['opened_at', 'timestamptz', (conflict) => iso(conflict.openedAtMs)],
];

/** Classes per round, so that progress moves and no message grows too large. */
const ROUND = 50;

/**
 * Writes the classes; their session rows exist already.
 * @param onProgress  told the share done, from 0 to 1
 */
export async function writeRegisters(
  em: Em,
  past: readonly PastClass[],
  onProgress: (share: number) => void,
): Promise<void> {
  for (let from = 0; from < past.length; from += ROUND) {
    const round = past.slice(from, from + ROUND);
    await bulkInsert(
      em,
      'attendance_operation',
      OPERATION_COLUMNS,
      round.flatMap(({ register }) => register.operations()),
    );
    await bulkInsert(em, 'attendance_record', RECORD_COLUMNS, round.flatMap(recordsOf));
    await bulkInsert(em, 'attendance_conflict', CONFLICT_COLUMNS, round.flatMap(conflictsOf));
    await endSessions(em, round);
    onProgress(Math.min((from + ROUND) / past.length, 1));
  }
}

function conflictsOf({ register }: PastClass): ConflictOf[] {
  return register.conflicts().map((conflict) => ({ ...conflict, sessionId: register.session.id }));
}

function recordsOf({ register }: PastClass): RecordOf[] {
  return register.records().map((record) => ({ ...record, sessionId: register.session.id }));
}

async function endSessions(em: Em, past: readonly PastClass[]): Promise<void> {
  await rows(
    em,
    `update attendance_session s set status = n.status, opened_at = n.opened_at,
       closed_at = n.closed_at, lock_due_at = n.lock_due_at, locked_at = n.locked_at,
       taken = n.taken, auto_opened = true, auto_closed = true, version = n.version,
       workflow_started_at = n.locked_at, late_reference_at = n.shown_at
     from unnest(?::uuid[], ?::text[], ?::timestamptz[], ?::timestamptz[], ?::timestamptz[],
       ?::timestamptz[], ?::boolean[], ?::int[], ?::timestamptz[])
       as n(id, status, opened_at, closed_at, lock_due_at, locked_at, taken, version, shown_at)
     where s.id = n.id`,
    [
      past.map(({ register }) => register.session.id),
      past.map(({ lockedAtMs }) => (lockedAtMs === null ? 'closed' : 'locked')),
      past.map(({ openedAtMs }) => iso(openedAtMs)),
      past.map(({ closedAtMs }) => iso(closedAtMs)),
      past.map(({ lockDueAtMs }) => iso(lockDueAtMs)),
      past.map(({ lockedAtMs }) => (lockedAtMs === null ? null : iso(lockedAtMs))),
      past.map(({ register }) => register.taken),
      past.map(
        ({ lockedAtMs, register }) =>
          (lockedAtMs === null ? 3 : 4) + (register.shownAtMs === null ? 0 : 1),
      ),
      past.map(({ register }) => (register.shownAtMs === null ? null : iso(register.shownAtMs))),
    ],
  );
}
