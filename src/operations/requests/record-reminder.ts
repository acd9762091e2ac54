/** Records a reminder or an escalation of a case; each step once. */
import { appendLog } from '../../audit/append-log.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { LadderStep } from '../../domain/requests/case.ts';
import type { CaseKind, Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { caseEvent } from './apply-decision.ts';
import { CASE_TABLE, findCase } from './case-row.ts';

/**
 * Writes the audit event of a step and, for an escalation, the new level. A case decided meanwhile
 * is left alone.
 * @throws AppError `not_found`
 */
export async function recordReminder(
  operation: Operation,
  kind: CaseKind,
  id: Id,
  step: LadderStep,
): Promise<void> {
  await operation.em.transactional(async (em) => {
    const row = await findCase(em, kind, id, { lock: true });
    if (!row) throw appError('not_found', 'There is no such request.');
    if (row.status !== 'pending') return;
    const first = await firstRow<{ key: string }>(
      em,
      `insert into idempotency_key (scope, key, body_hash, response)
       values ('activity', ?, '', '{}') on conflict do nothing returning key`,
      [`${kind}/${id}:notice:${step.kind}:${step.level}:${step.at}`],
    );
    if (!first) return;
    if (step.kind === 'escalation') {
      await rows(
        em,
        `update ${CASE_TABLE[kind]} set level = greatest(level, ?::int), version = version + 1,
           updated_at = app_clock() where id = ?::uuid`,
        [step.level, id],
      );
    }
    await appendLog(em, operation.ids, {
      audit: [
        caseEvent(operation, row, step.kind === 'escalation' ? 'case.escalated' : 'case.reminded', {
          before: { level: row.level },
          after: { level: step.kind === 'escalation' ? step.level : row.level, due_at: step.at },
        }),
      ],
    });
  });
}
