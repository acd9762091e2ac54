/** Decides a case: authority, decision row, effect and audit in one transaction (temporal.md section 7). */
import {
  auditEntry,
  appendLog,
  personChain,
  sessionChain,
  type AuditEntry,
} from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import { admit } from '../../domain/requests/admit.ts';
import type { CaseResult, DecisionMessage } from '../../domain/requests/case.ts';
import type { CaseKind, Id } from '../../domain/types.ts';
import { readMessageText } from '../message-text.ts';
import type { Operation } from '../ports.ts';
import {
  applyCorrection,
  applyLeave,
  EffectRefused,
  effectRefusal,
  type CaseEffect,
} from './case-effects.ts';
import { applySelfEntry, withdrawSelfEntry } from './self-entry-effects.ts';
import { applyUnlock, UNLOCK_SUBJECT } from './unlock-effects.ts';
import { CASE_TABLE, findCase, viewOf, type CaseRow } from './case-row.ts';
import { mayDecide } from './may-decide.ts';
import { tellOfEnd } from './tell-of-end.ts';

/**
 * Applies one decision. A known decision id gives the first result; a refusal changes nothing.
 * @throws AppError `not_found` when there is no such case; `try_again` for the activity to retry
 */
export async function applyDecision(
  operation: Operation,
  kind: CaseKind,
  id: Id,
  message: DecisionMessage,
): Promise<CaseResult> {
  const decider = decidingOperation(operation, message);
  try {
    return await operation.em.transactional((em) =>
      decide({ ...decider, em }, em, kind, id, message),
    );
  } catch (error) {
    const refused = effectRefusal(error);
    const row = refused && (await findCase(operation.em.fork(), kind, id));
    if (!refused || !row) throw error;
    return { view: viewOf(row), refused };
  }
}

function decidingOperation(operation: Operation, message: DecisionMessage): Operation {
  return {
    ...operation,
    actor: {
      ...operation.actor,
      userId: message.deciderId,
      role: 'decider',
      channel: message.channel ?? 'operator_update',
      requestId: message.requestId ?? null,
    },
  };
}

async function decide(
  operation: Operation,
  em: Em,
  kind: CaseKind,
  id: Id,
  message: DecisionMessage,
): Promise<CaseResult> {
  const row = await findCase(em, kind, id, { lock: true });
  if (!row) throw appError('not_found', 'There is no such request.');
  const known = await findDecidedCase(em, message.decisionId);
  if (known === id) return { view: viewOf(row), refused: null };
  const refused = known
    ? { code: 'op_id_reused', detail: 'This decision id was used for another request.' }
    : admit(row, new Set(), message);
  if (refused) return { view: viewOf(row), refused };
  if (!(await mayDecide(em, kind, id, message.deciderId))) {
    const detail = 'This person may not decide this request.';
    return { view: viewOf(row), refused: { code: 'forbidden', detail } };
  }
  const after = message.verdict === 'approved' ? await applyEffect(operation, em, row) : {};
  if (message.verdict === 'rejected' && row.kind === 'self_entry') {
    await withdrawSelfEntry(operation, em, row);
  }
  await writeDecision(operation, em, row, message);
  await tellOfEnd(operation, em, row, message.verdict);
  await appendLog(em, operation.ids, { audit: [decidedEvent(operation, row, message, after)] });
  const decided = await findCase(em, kind, id);
  return { view: viewOf(decided ?? row), refused: null };
}

/** The case that a decision id decided, or undefined while it decided none. */
export async function findDecidedCase(em: Em, decisionId: Id): Promise<Id | undefined> {
  const row = await firstRow<{ case_id: Id }>(
    em,
    'select case_id from decision where id = ?::uuid',
    [decisionId],
  );
  return row?.case_id;
}

type Effect = (operation: Operation, em: Em, row: CaseRow) => Promise<CaseEffect>;

/** What an approval does. */
const EFFECTS: Readonly<Record<CaseKind, Effect>> = {
  leave: applyLeave,
  correction: applyCorrection,
  self_entry: applySelfEntry,
  unlock: applyUnlock,
};

async function applyEffect(
  operation: Operation,
  em: Em,
  row: CaseRow,
): Promise<Readonly<Record<string, number>>> {
  const effect = await EFFECTS[row.kind](operation, em, row);
  if (effect.refused) throw new EffectRefused(effect.refused);
  return effect.after;
}

async function writeDecision(
  operation: Operation,
  em: Em,
  row: CaseRow,
  message: DecisionMessage,
): Promise<void> {
  const note = await readMessageText(operation, em, message.note);
  const place = { table: 'decision', column: 'note_sealed', rowId: message.decisionId };
  const subject = row.studentId === null ? UNLOCK_SUBJECT : `student:${row.studentId}`;
  const sealed = note ? await operation.sealer.seal(subject, place, note) : null;
  await rows(
    em,
    `insert into decision (id, case_kind, case_id, verdict, decider_id, channel, level, note_sealed)
     values (?::uuid, ?, ?::uuid, ?, ?::uuid, ?, ?::int, ?)`,
    [
      message.decisionId,
      row.kind,
      row.id,
      message.verdict,
      message.deciderId,
      message.channel ?? 'operator_update',
      row.level,
      sealed,
    ],
  );
  await rows(
    em,
    `update ${CASE_TABLE[row.kind]} set status = ?, decided_at = app_clock(),
       decided_by_id = ?::uuid, version = version + 1, updated_at = app_clock() where id = ?::uuid`,
    [message.verdict, message.deciderId, row.id],
  );
}

function decidedEvent(
  operation: Operation,
  row: CaseRow,
  message: DecisionMessage,
  after: Readonly<Record<string, number>>,
): AuditEntry {
  return caseEvent(operation, row, 'case.decided', {
    before: { status: row.status, level: row.level },
    after: { status: message.verdict, decision_id: message.decisionId, ...after },
  });
}

/** What the audit trail calls each kind of case. */
const CASE_ENTITY: Readonly<Record<CaseKind, string>> = {
  leave: 'LeaveApplication',
  correction: 'CorrectionRequest',
  self_entry: 'SelfEntry',
  unlock: 'UnlockRequest',
};

/** An audit event of a case: leave in the chain of the person, correction in that of the session. */
export function caseEvent(
  operation: Operation,
  row: CaseRow,
  action: string,
  states: Pick<AuditEntry, 'before' | 'after'>,
): AuditEntry {
  return auditEntry(operation.actor, {
    chain: chainOf(row),
    action,
    entityType: CASE_ENTITY[row.kind],
    entityId: row.id,
    sessionId: row.sessionId,
    studentId: row.studentId,
    ...states,
  });
}

function chainOf({ sessionId, studentId }: CaseRow): string {
  if (sessionId !== null) return sessionChain(sessionId);
  if (studentId === null) throw new Error('a case of neither a session nor a student');
  return personChain(studentId);
}
