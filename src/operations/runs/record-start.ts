/** Records that a row's workflow runs, and that the reconciler repaired one. */
import { appendLog, auditEntry, personChain, sessionChain } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { RUN_TABLES, type RunRef } from './run-ref.ts';

/** Sets `workflow_started_at` where it is empty. */
export async function recordStart(em: Em, { kind, id }: RunRef): Promise<void> {
  await rows(
    em,
    `update ${RUN_TABLES[kind]} set workflow_started_at = app_clock()
     where id = ?::uuid and workflow_started_at is null`,
    [id],
  );
}

/**
 * Records a run that the reconciler started, with its audit event `workflow.repaired`.
 * @param reason  what was found: `missing`, or how the last run had ended
 */
export async function recordRepair(
  operation: Operation,
  ref: RunRef,
  reason: string,
): Promise<void> {
  await operation.em.transactional(async (em) => {
    await recordStart(em, ref);
    const sessionId = await sessionOf(em, ref);
    const studentId = sessionId === null ? await studentOf(em, ref) : null;
    const entry = auditEntry(operation.actor, {
      chain: studentId === null ? sessionChain(sessionId ?? ref.id) : personChain(studentId),
      action: 'workflow.repaired',
      entityType: ENTITY_TYPES[ref.kind],
      entityId: ref.id,
      sessionId,
      studentId,
      after: { reason },
    });
    await appendLog(em, operation.ids, { audit: [entry] });
  });
}

const ENTITY_TYPES = {
  session: 'AttendanceSession',
  leave: 'LeaveApplication',
  correction: 'CorrectionRequest',
  self_entry: 'SelfEntry',
  unlock: 'UnlockRequest',
} as const satisfies Record<RunRef['kind'], string>;

/** The session of a session's run or an unlock's; null for the cases of one student. */
async function sessionOf(em: Em, { kind, id }: RunRef): Promise<Id | null> {
  if (kind === 'session') return id;
  if (kind !== 'unlock') return null;
  const row = await firstRow<{ session_id: Id }>(
    em,
    'select session_id from unlock_request where id = ?::uuid',
    [id],
  );
  if (!row) throw new Error('the unlock of a repaired run is gone');
  return row.session_id;
}

async function studentOf(em: Em, { kind, id }: RunRef): Promise<Id> {
  const row = await firstRow<{ student_id: Id }>(
    em,
    `select student_id from ${RUN_TABLES[kind]} where id = ?::uuid`,
    [id],
  );
  if (!row) throw new Error(`the ${kind} of a repaired run is gone`);
  return row.student_id;
}
