/** Tells people something, once: a row of `notification` for each, in the caller's transaction. */
import { rows, type Em } from '../../db/orm.ts';
import type { Notice } from '../../domain/notices.ts';
import type { Ids } from '../ports.ts';

export type { Notice };

/**
 * Writes the notices in one statement. What a person was told before under the same key is left as
 * it is, so a repeat of the caller's work tells nobody twice. Mail is sent later by the worker:
 * nothing outside the database happens here.
 * @returns how many notices are new
 */
export async function notify(em: Em, ids: Ids, notices: readonly Notice[]): Promise<number> {
  if (notices.length === 0) return 0;
  const inserted = await rows(
    em,
    // In the order of the unique index: two transactions that tell the same people cannot deadlock.
    `insert into notification (id, user_id, kind, dedupe_key, payload, mail_status, mail_due_at)
     select n.id, n.user_id, n.kind, n.dedupe_key, n.payload::jsonb,
       case when n.mail then 'due' else 'none' end, case when n.mail then app_clock() end
     from unnest(?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::boolean[])
       as n(id, user_id, kind, dedupe_key, payload, mail)
     order by n.user_id, n.dedupe_key
     on conflict (user_id, dedupe_key) do nothing
     returning id`,
    [
      notices.map(() => ids.next()),
      notices.map(({ userId }) => userId),
      notices.map(({ kind }) => kind),
      notices.map(({ dedupeKey }) => dedupeKey),
      notices.map(({ payload }) => JSON.stringify(payload)),
      notices.map(({ mail }) => mail),
    ],
  );
  return inserted.length;
}
