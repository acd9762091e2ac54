/** A fast wrong run fails: what was acknowledged is stored once, and the audit chains verify. */
import { chainStart, eventHash, sessionChain } from '../../src/audit/append-log.ts';
import { firstRow, rows, type Em } from '../../src/db/orm.ts';
import type { Id } from '../../src/domain/types.ts';

/** @throws Error naming the first difference between what was acknowledged and what is stored */
export async function checkStored(
  em: Em,
  sessions: readonly Id[],
  opIds: readonly Id[],
): Promise<void> {
  const stored = await firstRow<Record<'operations' | 'records' | 'evidence' | 'tickets', number>>(
    em,
    `with acked as (select * from unnest(?::uuid[]) as n(op_id))
     select (select count(*)::int from attendance_operation join acked using (op_id)) as operations,
       (select count(*)::int from attendance_record r join acked on acked.op_id = r.winner_op_id
          where r.mark = 'present' and r.rank = 50) as records,
       (select count(*)::int from presence_evidence join acked using (op_id)) as evidence,
       (select count(*)::int from scan_ticket t join presence_evidence e on e.ticket_id = t.id
          join acked on acked.op_id = e.op_id where t.used_at is not null) as tickets`,
    [opIds],
  );
  for (const [name, count] of Object.entries(stored ?? {})) {
    if (count !== opIds.length) throw new Error(`${opIds.length} scans, but ${count} ${name}`);
  }
  const events = await rows<{ chain: string; body: string; prev_hash: string; hash: string }>(
    em,
    `select chain, body, prev_hash, hash from audit_event where chain = any(?::text[])
     order by chain, seq`,
    [sessions.map(sessionChain)],
  );
  let [chain, previous] = ['', ''];
  for (const event of events) {
    if (event.chain !== chain) [chain, previous] = [event.chain, chainStart(event.chain)];
    const isSound = event.prev_hash === previous && eventHash(previous, event.body) === event.hash;
    if (!isSound) throw new Error(`the audit chain ${chain} does not verify`);
    previous = event.hash;
  }
  // One event for the claim, one for the record it changed.
  if (events.length < opIds.length * 2) throw new Error(`only ${events.length} audit events`);
}
