/**
 * Sends a person's decision or withdrawal to the workflow of a case, the only writer of its status
 * (temporal.md section 7). What the row alone refuses is refused before Temporal is asked.
 */
import type { Em } from '../../db/orm.ts';
import { AppError, appError, isRetryable, type ErrorCode } from '../../domain/errors.ts';
import { admit } from '../../domain/requests/admit.ts';
import type { CaseResult, DecisionMessage, WithdrawMessage } from '../../domain/requests/case.ts';
import type { CaseKind, Id, Verdict } from '../../domain/types.ts';
import { dropMessageText, saveMessageText } from '../message-text.ts';
import type { Operation, WorkflowGateway } from '../ports.ts';
import { findDecidedCase } from './apply-decision.ts';
import { findCase, viewOf, type CaseRow } from './case-row.ts';
import { isWithdrawalKnown, withdrawalRefusal } from './withdraw-case.ts';

/** Which case. */
export interface CaseRef {
  readonly kind: CaseKind;
  readonly id: Id;
}

/** A decision as its decider states it; the same id again is answered with the first result. */
export interface NewDecision {
  readonly decisionId: Id;
  readonly verdict: Verdict;
  readonly note: string | undefined;
}

/**
 * Decides a case in the name of the operation's actor and returns when it took effect. The note is
 * sealed first and travels by its id; it goes when the decision is refused.
 * @throws AppError `not_found`, `own_request`, `already_decided`, `note_required`, `forbidden`,
 *   `record_changed`, `workflow_unavailable`
 */
export async function sendDecision(
  operation: Operation,
  workflows: WorkflowGateway,
  { kind, id }: CaseRef,
  { decisionId, verdict, note }: NewDecision,
): Promise<void> {
  const isDone = async (): Promise<boolean> =>
    (await findDecidedCase(operation.em, decisionId)) === id;
  if (await isDone()) return;
  const row = await requireCase(operation.em, kind, id);
  const decision: DecisionMessage = {
    decisionId,
    verdict,
    deciderId: actorOf(operation),
    ...requestOf(operation),
  };
  const refused = admit(viewOf(row), new Set(), { ...decision, ...(note ? { note } : {}) });
  if (refused) throw appError(refused.code, refused.detail);
  const text = note ? { note: await saveMessageText(operation, decisionId, note) } : {};
  try {
    throwRefusal(await workflows.decide(kind, id, { ...decision, ...text }));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (await isDone()) return; // The same request came twice, and the other was faster.
    await dropMessageText(operation.em, decisionId);
    throw error;
  }
}

/**
 * Withdraws a case in the name of the operation's actor and returns when it took effect.
 * @param withdrawalId  the same id again is answered with the first result
 * @throws AppError `not_found`, `forbidden`, `already_decided`, `workflow_unavailable`
 */
export async function sendWithdrawal(
  operation: Operation,
  workflows: WorkflowGateway,
  { kind, id }: CaseRef,
  withdrawalId: Id,
): Promise<void> {
  const isDone = (): Promise<boolean> => isWithdrawalKnown(operation.em, kind, id, withdrawalId);
  if (await isDone()) return;
  const row = await requireCase(operation.em, kind, id);
  const message: WithdrawMessage = {
    withdrawalId,
    actorId: actorOf(operation),
    ...requestOf(operation),
  };
  const refused = withdrawalRefusal(row, message);
  if (refused) throw appError(refused.code as ErrorCode, refused.detail);
  try {
    throwRefusal(await workflows.withdraw(kind, id, message));
  } catch (error) {
    if (!isRefusal(error) || !(await isDone())) throw error;
  }
}

async function requireCase(em: Em, kind: CaseKind, id: Id): Promise<CaseRow> {
  const row = await findCase(em, kind, id);
  if (!row) throw appError('not_found', 'There is no such request, or it is not one of yours.');
  return row;
}

function actorOf({ actor }: Operation): Id {
  if (actor.userId === null) throw new Error('a case is decided and withdrawn by a person');
  return actor.userId;
}

function requestOf({ actor }: Operation): { requestId?: string } {
  return actor.requestId === null ? {} : { requestId: actor.requestId };
}

function throwRefusal({ refused }: CaseResult): void {
  if (refused) throw appError(refused.code as ErrorCode, refused.detail);
}

/** Anything else may still have taken effect, or may do so on a retry. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && !isRetryable(error.code);
}
