/** What a decision on a student's own entry does to the register, inside the deciding transaction. */
import { firstRow, type Em } from '../../db/orm.ts';
import { errorCodeOf } from '../../domain/attendance/results.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Id } from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import { SYSTEM_ACTOR, type Operation } from '../ports.ts';
import {
  applyOperations,
  type OperationDraft,
  type OperationResult,
} from '../records/apply-operations.ts';
import { lockSessionForMarks } from '../sessions/session-row.ts';
import { EffectRefused, type CaseEffect } from './case-effects.ts';
import type { CaseRow } from './case-row.ts';

/** An entry with the claim it stands for. */
interface Entry {
  readonly sessionId: Id;
  readonly studentId: Id;
  readonly opId: Id;
}

/**
 * Approves an entry: a claim of rank 80 by the approver that names the pending one (marks.md section
 * 12). A mark of the approver's own is followed; another teacher's contradicts it under rule R7.
 */
export async function applySelfEntry(
  operation: Operation,
  em: Em,
  row: CaseRow,
): Promise<CaseEffect> {
  const entry = entryOf(row);
  const { sessionId, studentId, opId } = entry;
  const locked = await lockSessionForMarks(em, sessionId);
  const draft: OperationDraft = {
    opId: uuidV5(sessionId, `${sessionId}|${studentId}|self_entry|${row.id}`),
    studentId,
    mark: 'present',
    rank: RANK.faculty,
    source: 'manual',
    baseOpId: await ownWinner(em, entry, operation.actor.userId),
    acks: [opId],
  };
  const [result] = await applyOperations(operation, em, sessionId, [draft], { locked });
  return { refused: refusedBy(result), after: { records_changed: 1 } };
}

/**
 * Withdraws the pending claim of an entry that was refused or taken back. The system does it, since
 * nobody else may withdraw a claim (marks.md section 3).
 * @throws EffectRefused when the class no longer takes withdrawals
 */
export async function withdrawSelfEntry(operation: Operation, em: Em, row: CaseRow): Promise<void> {
  const { sessionId, studentId, opId } = entryOf(row);
  const { requestId, workflowId } = operation.actor;
  const system: Operation = {
    ...operation,
    actor: { ...SYSTEM_ACTOR, requestId, workflowId },
  };
  const draft: OperationDraft = {
    opId: uuidV5(sessionId, `${sessionId}|${studentId}|withdraw|${opId}`),
    studentId,
    kind: 'withdraw',
    mark: null,
    // Scheduled, open and closed classes admit a withdrawal; the entry's own rank is live only.
    rank: RANK.leave,
    source: 'system',
    targetOpId: opId,
  };
  const [result] = await applyOperations(system, em, sessionId, [draft]);
  const refused = refusedBy(result);
  if (refused) throw new EffectRefused(refused);
}

function entryOf({ sessionId, studentId, opId }: CaseRow): Entry {
  if (sessionId === null || studentId === null || opId === null) {
    throw new Error('not a self-entry');
  }
  return { sessionId, studentId, opId };
}

/** The claim that holds the record, where the approver made it: nobody contradicts their own word. */
async function ownWinner(
  em: Em,
  { sessionId, studentId }: Entry,
  approverId: Id | null,
): Promise<Id | null> {
  const row = await firstRow<{ op_id: Id }>(
    em,
    `select o.op_id from attendance_record r
     join attendance_operation o on o.op_id = r.winner_op_id and o.actor_id = ?::uuid
     where r.session_id = ?::uuid and r.student_id = ?::uuid`,
    [approverId, sessionId, studentId],
  );
  return row?.op_id ?? null;
}

function refusedBy(result: OperationResult | undefined): CaseEffect['refused'] {
  if (result?.status !== 'rejected' || !result.code) return null;
  return { code: errorCodeOf(result.code), detail: result.detail ?? '' };
}
