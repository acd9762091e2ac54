/** Forgets what scans left behind, each kind when its time is over (presence.md section 10). */
import { rows } from '../../db/orm.ts';
import type { Operation } from '../ports.ts';

/**
 * What is forgotten, and when: a ticket a day after it ended; the recognition of a position a day
 * after the lock; refused scans after a year; codes for registering a phone after a day.
 */
const STATEMENTS = [
  "delete from scan_ticket where expires_at < app_clock() - interval '24 hours' returning 1",
  `update presence_evidence e set position_hash = null from attendance_session s
   where e.position_hash is not null and s.id = e.session_id
     and coalesce(s.locked_at, s.lock_due_at, s.closes_at + interval '72 hours')
       < app_clock() - interval '24 hours' returning 1`,
  "delete from scan_refusal where created_at < app_clock() - interval '1 year' returning 1",
  "delete from device_code where expires_at < app_clock() - interval '24 hours' returning 1",
] as const;

/** Forgets what is due. @returns how many rows were forgotten or lessened */
export async function forgetPresence({ em }: Pick<Operation, 'em'>): Promise<number> {
  let forgotten = 0;
  for (const statement of STATEMENTS) forgotten += (await rows(em.fork(), statement)).length;
  return forgotten;
}
