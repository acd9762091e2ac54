/** Tells the workflows of pending self-entries that their class closed or locked. */
import { rows, type Em } from '../../db/orm.ts';
import { pendingSelfEntries } from '../../db/queries/self-entries.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';

/**
 * Promises a nudge per pending entry of the session in the caller's transaction: reminders hang on
 * the close, the expiry on the lock, and a person may bring both forward (temporal.md section 8).
 */
export async function nudgeSelfEntries(operation: Operation, em: Em, sessionId: Id): Promise<void> {
  const pending = await pendingSelfEntries(em, sessionId);
  if (pending.length === 0) return;
  const payloads = pending.map((caseId) => JSON.stringify({ kind: 'self_entry', caseId }));
  await rows(
    em,
    `insert into outbox (id, kind, payload)
     select promise.id, 'nudge_case', promise.payload::jsonb
     from unnest(?::uuid[], ?::text[]) as promise(id, payload)`,
    [pending.map(() => operation.ids.next()), payloads],
  );
}
