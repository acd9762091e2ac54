/** Withdraws a pending case for the person who filed it. */
import { appendLog } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { CaseResult, WithdrawMessage } from '../../domain/requests/case.ts';
import type { CaseKind, Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { caseEvent } from './apply-decision.ts';
import { effectRefusal } from './case-effects.ts';
import { CASE_TABLE, findCase, viewOf, type CaseRow } from './case-row.ts';
import { withdrawSelfEntry } from './self-entry-effects.ts';

/**
 * Withdraws a case. A known withdrawal id gives the first result; a refusal changes nothing.
 * @throws AppError `not_found`
 */
export async function withdrawCase(
  operation: Operation,
  kind: CaseKind,
  id: Id,
  message: WithdrawMessage,
): Promise<CaseResult> {
  try {
    return await operation.em.transactional((em) => withdraw(operation, em, kind, id, message));
  } catch (error) {
    const refused = effectRefusal(error);
    const row = refused && (await findCase(operation.em.fork(), kind, id));
    if (!refused || !row) throw error;
    return { view: viewOf(row), refused };
  }
}

async function withdraw(
  operation: Operation,
  em: Em,
  kind: CaseKind,
  id: Id,
  message: WithdrawMessage,
): Promise<CaseResult> {
  const actor = {
    ...operation.actor,
    userId: message.actorId,
    role: 'applicant',
    requestId: message.requestId ?? null,
  };
  const row = await findCase(em, kind, id, { lock: true });
  if (!row) throw appError('not_found', 'There is no such request.');
  if (await isWithdrawalKnown(em, kind, id, message.withdrawalId))
    return { view: viewOf(row), refused: null };
  const refused = withdrawalRefusal(row, message);
  if (refused) return { view: viewOf(row), refused };
  if (row.kind === 'self_entry') await withdrawSelfEntry({ ...operation, em }, em, row);
  await rows(
    em,
    `update ${CASE_TABLE[kind]} set status = 'withdrawn', decided_at = app_clock(),
         version = version + 1, updated_at = app_clock() where id = ?::uuid`,
    [id],
  );
  await rows(
    em,
    "insert into idempotency_key (scope, key, body_hash, response) values ('activity', ?, '', '{}')",
    [keyOf(kind, id, message.withdrawalId)],
  );
  await appendLog(em, operation.ids, {
    audit: [
      caseEvent({ ...operation, actor }, row, 'case.withdrawn', {
        before: { status: row.status },
        after: { status: 'withdrawn' },
      }),
    ],
  });
  const after = await findCase(em, kind, id);
  return { view: viewOf(after ?? row), refused: null };
}

const keyOf = (kind: CaseKind, id: Id, withdrawalId: Id): string =>
  `${kind}/${id}:withdraw:${withdrawalId}`;

/** Says whether this withdrawal was applied already, so that a repeat is answered from the row. */
export async function isWithdrawalKnown(
  em: Em,
  kind: CaseKind,
  id: Id,
  withdrawalId: Id,
): Promise<boolean> {
  const found = await firstRow<{ key: string }>(
    em,
    "select key from idempotency_key where scope = 'activity' and key = ?",
    [keyOf(kind, id, withdrawalId)],
  );
  return found !== undefined;
}

/** Why a withdrawal is refused, or null when it is admitted. */
export function withdrawalRefusal(row: CaseRow, message: WithdrawMessage): CaseResult['refused'] {
  if (message.actorId !== row.applicantId) {
    return { code: 'forbidden', detail: 'Only the person who filed a request withdraws it.' };
  }
  if (row.status !== 'pending') {
    return { code: 'already_decided', detail: `This request is ${row.status}; read it again.` };
  }
  return null;
}
