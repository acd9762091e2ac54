/** Ends a case that nobody decided in its time; silence approves and rejects nothing. */
import { appendLog } from '../../audit/append-log.ts';
import { firstRow } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { CaseView } from '../../domain/requests/case.ts';
import type { CaseKind, Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { caseEvent } from './apply-decision.ts';
import { CASE_TABLE, findCase, viewOf } from './case-row.ts';
import { tellOfEnd } from './tell-of-end.ts';

/**
 * Expires a pending case whose time has come, with code `not_decided`; others stay as they are.
 * @throws AppError `not_found`
 */
export async function expireCase(operation: Operation, kind: CaseKind, id: Id): Promise<CaseView> {
  return operation.em.transactional(async (em) => {
    const row = await findCase(em, kind, id, { lock: true });
    if (!row) throw appError('not_found', 'There is no such request.');
    const expired = await firstRow<{ id: Id }>(
      em,
      `update ${CASE_TABLE[kind]} set status = 'expired', outcome_code = 'not_decided',
         decided_at = app_clock(), version = version + 1, updated_at = app_clock()
       where id = ?::uuid and status = 'pending' and ?::timestamptz <= app_clock() returning id`,
      [id, row.expiresAt],
    );
    if (!expired) return viewOf(row);
    await tellOfEnd(operation, em, row, 'expired');
    await appendLog(em, operation.ids, {
      audit: [
        caseEvent(operation, row, 'case.expired', {
          before: { status: row.status },
          after: { status: 'expired', code: 'not_decided' },
        }),
      ],
    });
    const after = await findCase(em, kind, id);
    return viewOf(after ?? row);
  });
}
