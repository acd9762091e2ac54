/** Forgets what scans left behind, each kind when its time is over (presence.md section 10). */
import { rows } from '../../db/orm.ts';
import { SETTINGS } from '../../domain/settings.ts';
import type { Operation } from '../ports.ts';

/**
 * What is forgotten, and when: a ticket a day after it ended; the recognition of a position a day
 * after the lock; refused scans after a year; codes for registering a phone after a day; what stood
 * behind a scan a year after it could last be corrected; a key a year after it was last anybody's. In
 * large tables the instant is a subquery: compared with a clock that runs, no index is used.
 */
export const FORGETTING = [
  "delete from scan_ticket where expires_at < app_clock() - interval '24 hours' returning 1",
  `update presence_evidence e set position_hash = null from attendance_session s
   where e.position_hash is not null and s.id = e.session_id
     and coalesce(s.locked_at, s.lock_due_at, s.closes_at + interval '72 hours')
       < app_clock() - interval '24 hours' returning 1`,
  "delete from scan_refusal where created_at < (select app_clock() - interval '1 year') returning 1",
  "delete from device_code where expires_at < app_clock() - interval '24 hours' returning 1",
  `delete from presence_evidence where created_at < (
     select app_clock() - interval '1 year' - make_interval(days => greatest(
       ${SETTINGS.ATTENDANCE_MAX_CORRECTION_DAYS.default}, max((value #>> '{}')::int)))
     from setting where name = 'ATTENDANCE_MAX_CORRECTION_DAYS') returning 1`,
  `update device_key k set public_key = null
   where k.public_key is not null and k.created_at < app_clock() - interval '1 year' and not exists (
     select 1 from device_binding b where b.device_key_id = k.id
       and (b.status <> 'revoked' or b.valid_to > app_clock() - interval '1 year')) returning 1`,
] as const;

/** Forgets what is due. @returns how many rows were forgotten or lessened */
export async function forgetPresence({ em }: Pick<Operation, 'em'>): Promise<number> {
  let forgotten = 0;
  for (const statement of FORGETTING) forgotten += (await rows(em.fork(), statement)).length;
  return forgotten;
}
