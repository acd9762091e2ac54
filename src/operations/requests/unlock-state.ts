/** The unlock that opened a register again: which one is under way, and its end with the next lock. */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';

/** The approved unlock of a session that is not locked again, or undefined. */
export async function findOpenUnlock(em: Em, sessionId: Id): Promise<Id | undefined> {
  const row = await firstRow<{ id: Id }>(
    em,
    `select id from unlock_request
     where session_id = ?::uuid and status = 'approved' and relocked_at is null
     order by decided_at desc, id desc limit 1`,
    [sessionId],
  );
  return row?.id;
}

/**
 * Ends the unlocks of a session in the transaction that locks it, and promises a nudge to their
 * workflows, so that a lock by hand ends their wait.
 * @returns whether there was one, that is, whether this lock is a second one
 */
export async function endUnlocks(
  { ids }: Pick<Operation, 'ids'>,
  em: Em,
  sessionId: Id,
  now: Instant,
): Promise<boolean> {
  const ended = await rows<{ id: Id }>(
    em,
    `update unlock_request set relocked_at = ?::timestamptz, version = version + 1,
       updated_at = app_clock()
     where session_id = ?::uuid and status = 'approved' and relocked_at is null returning id`,
    [now, sessionId],
  );
  if (ended.length === 0) return false;
  await rows(
    em,
    `insert into outbox (id, kind, payload)
     select promise.id, 'nudge_case', jsonb_build_object('kind', 'unlock', 'caseId', promise.case_id)
     from unnest(?::uuid[], ?::text[]) as promise(id, case_id)`,
    [ended.map(() => ids.next()), ended.map(({ id }) => id)],
  );
  return true;
}
