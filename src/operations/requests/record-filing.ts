/** What filing a request leaves behind beside its row: the promise of its workflow and the audit event. */
import { appendLog, type AuditState } from '../../audit/append-log.ts';
import { rows, type Em } from '../../db/orm.ts';
import type { CaseKind, Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { caseEvent } from './apply-decision.ts';
import { findCase } from './case-row.ts';

/**
 * Writes the outbox row that starts the workflow and the event `leave.requested`,
 * `correction.requested` and so on. Call it last in the transaction that inserted the request: it locks the
 * head of the audit chain. Open inboxes learn of the request from its row (realtime/case-tail.ts).
 * @param after  ids, codes and instants of the request; never its texts
 */
export async function recordFiling(
  operation: Operation,
  em: Em,
  kind: CaseKind,
  id: Id,
  after: AuditState,
): Promise<void> {
  await rows(
    em,
    `insert into outbox (id, kind, payload) values (?::uuid, 'start_case', ?::jsonb)`,
    [operation.ids.next(), JSON.stringify({ kind, caseId: id })],
  );
  const row = await findCase(em, kind, id);
  if (!row) throw new Error('a request vanished while it was filed');
  await appendLog(em, operation.ids, {
    audit: [
      caseEvent(operation, row, `${kind}.requested`, {
        before: null,
        after: { status: row.status, expires_at: row.expiresAt, ...after },
      }),
    ],
  });
}
