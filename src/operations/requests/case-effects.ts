/** What an approval does to the register, inside the deciding transaction. */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import { rows, type Em } from '../../db/orm.ts';
import { errorCodeOf } from '../../domain/attendance/results.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { AppError, type ErrorCode } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import type { Operation } from '../ports.ts';
import { appendMarks, applyOperations } from '../records/apply-operations.ts';
import { lockRecords } from '../records/lock-records.ts';
import { registerDigest } from '../sessions/register-digest.ts';
import { lockSessionForMarks } from '../sessions/session-row.ts';
import type { CaseRow } from './case-row.ts';
import { leaveDraft, sessionsOfLeave } from './leave-operations.ts';

/** The effect in numbers for the audit event, or why the approval cannot take place. */
export interface CaseEffect {
  readonly refused: { readonly code: ErrorCode; readonly detail: string } | null;
  readonly after: Readonly<Record<string, number>>;
}

/** Approves a leave: an `excused` claim in every covered session; locked ones are counted apart. */
export async function applyLeave(operation: Operation, em: Em, row: CaseRow): Promise<CaseEffect> {
  let excused = 0;
  let locked = 0;
  for (const covered of await sessionsOfLeave(em, row.id)) {
    const [result] = await applyOperations(operation, em, covered.session_id, [
      leaveDraft(covered),
    ]);
    if (result?.code === 'session_locked') locked += 1;
    else excused += 1;
  }
  return { refused: null, after: { sessions_excused: excused, sessions_locked: locked } };
}

/**
 * Approves a correction: one claim of rank 100 over the current winner, in closed and locked
 * sessions alike. A record that changed since the request sends it back to review.
 */
export async function applyCorrection(
  operation: Operation,
  em: Em,
  row: CaseRow,
): Promise<CaseEffect> {
  const { studentId } = row;
  if (row.sessionId === null || row.toMark === null || studentId === null) {
    throw new Error('not a correction');
  }
  const locked = await lockSessionForMarks(em, row.sessionId);
  const records = await lockRecords(em, row.sessionId, [studentId], () => operation.ids.next());
  const record = records.records.get(studentId);
  if ((record?.mark ?? null) !== row.fromMark) {
    const refused = {
      code: 'record_changed' as const,
      detail: `The record says ${record?.mark ?? 'unmarked'} now, the request ${row.fromMark ?? 'unmarked'}.`,
    };
    return { refused, after: {} };
  }
  const [result] = await applyOperations(
    operation,
    em,
    row.sessionId,
    [
      {
        opId: uuidV5(row.sessionId, `${row.sessionId}|${studentId}|correction|${row.id}`),
        studentId,
        mark: row.toMark,
        rank: RANK.correction,
        source: 'correction',
        baseOpId: record?.winnerOpId ?? null,
        acks: await lateEvidence(em, row.id),
        excuseCategory: row.excuseCategory,
        correctionRequestId: row.id,
      },
    ],
    { locked },
  );
  if (result?.status === 'rejected' && result.code) {
    return { refused: { code: errorCodeOf(result.code), detail: result.detail ?? '' }, after: {} };
  }
  if (locked.session.status === 'locked') await appendAmendedDigest(operation, em, row.sessionId);
  return { refused: null, after: { records_changed: 1 } };
}

/** The claims that came after the lock and drafted the request, or joined it. */
async function lateEvidence(em: Em, requestId: Id): Promise<Id[]> {
  const found = await rows<{ op_id: Id }>(
    em,
    `select op_id from attendance_operation
     where correction_request_id = ?::uuid and outcome = 'review' order by op_id`,
    [requestId],
  );
  return found.map((row) => row.op_id);
}

/** A locked register that changed by correction states its digest anew (marks.md section 11). */
async function appendAmendedDigest(operation: Operation, em: Em, sessionId: string): Promise<void> {
  const { session } = await lockSessionForMarks(em, sessionId);
  await appendMarks(em, operation, session, [], [], {
    audit: [
      auditEntry(operation.actor, {
        chain: sessionChain(sessionId),
        action: 'register.amended',
        entityType: 'AttendanceSession',
        entityId: sessionId,
        sessionId,
        after: { register_sha256: await registerDigest(em, sessionId) },
      }),
    ],
  });
}

/** Thrown inside the deciding transaction to undo it and answer with a refusal. */
export class EffectRefused extends Error {
  readonly refused: { readonly code: ErrorCode; readonly detail: string };

  constructor(refused: { readonly code: ErrorCode; readonly detail: string }) {
    super(refused.detail);
    this.refused = refused;
  }
}

/** The refusal inside an error of the effect, or undefined for every other error. */
export function effectRefusal(error: unknown): EffectRefused['refused'] | undefined {
  if (error instanceof EffectRefused) return error.refused;
  if (error instanceof AppError && error.code !== 'try_again') {
    return { code: error.code, detail: error.detail };
  }
  return undefined;
}
