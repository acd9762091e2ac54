/** Finds rows that their workflow should have changed by now (temporal.md section 5). */
import { firstRow, rows } from '../../db/orm.ts';
import { SELF_ENTRY_EXPIRY } from '../../db/queries/self-entries.ts';
import type { Operation } from '../ports.ts';
import type { RunRef } from './run-ref.ts';

const GRACE_SECONDS = 30;
const OUTBOX_GRACE_SECONDS = 60;
const LIMIT = 200;

/** Sessions past `opens_at`, `closes_at` or `lock_due_at` in the wrong status, and late cases. */
export async function findLateRuns(operation: Operation): Promise<RunRef[]> {
  return rows<RunRef>(
    operation.em,
    `with clock as (select app_clock() - make_interval(secs => ?::int) as late)
     (select 'session' as kind, s.id from attendance_session s, clock
      where (s.status = 'scheduled' and (s.auto_open and s.opens_at < late or s.closes_at < late))
         or (s.status = 'open' and s.closes_at < late)
         or (s.status = 'closed' and s.lock_due_at < late
           and not exists (select 1 from unlock_request u where u.session_id = s.id
             and u.status = 'approved' and u.relocked_at is null))
      order by s.opens_at limit ${LIMIT})
     union all
     (select 'leave', l.id from leave_application l, clock
      where l.status = 'pending' and (l.expires_at < late
        or l.workflow_started_at is null and l.submitted_at < late)
      order by l.submitted_at limit ${LIMIT})
     union all
     (select 'correction', r.id from correction_request r, clock
      where r.status = 'pending' and (r.expires_at < late
        or r.workflow_started_at is null and r.submitted_at < late)
      order by r.submitted_at limit ${LIMIT})
     union all
     (select 'self_entry', l.id from clock, self_entry l
        join attendance_session s on s.id = l.session_id
      where l.status = 'pending' and (${SELF_ENTRY_EXPIRY} < late
        or l.workflow_started_at is null and l.submitted_at < late)
      order by l.submitted_at limit ${LIMIT})
     union all
     (select 'unlock', u.id from unlock_request u, clock
      where (u.status = 'pending' and (u.expires_at < late
          or u.workflow_started_at is null and u.submitted_at < late))
        or (u.status = 'approved' and u.relocked_at is null and u.unlocked_until < late)
      order by u.submitted_at limit ${LIMIT})`,
    [GRACE_SECONDS],
  );
}

/** Of these rows, those whose workflow still has something to do. */
export async function keepUnfinished(
  operation: Operation,
  refs: readonly RunRef[],
): Promise<RunRef[]> {
  if (refs.length === 0) return [];
  return rows<RunRef>(
    operation.em,
    `select given.kind, given.id from unnest(?::text[], ?::uuid[]) as given(kind, id)
     where exists (select 1 from attendance_session s where given.kind = 'session'
         and s.id = given.id and s.status <> 'locked'
         and not (s.status = 'cancelled' and s.start_at <= app_clock())
         and not exists (select 1 from unlock_request u where u.session_id = s.id
           and u.status = 'approved' and u.relocked_at is null))
       or exists (select 1 from leave_application l
         where given.kind = 'leave' and l.id = given.id and l.status = 'pending')
       or exists (select 1 from correction_request r
         where given.kind = 'correction' and r.id = given.id and r.status = 'pending')
       or exists (select 1 from self_entry l
         where given.kind = 'self_entry' and l.id = given.id and l.status = 'pending')
       or exists (select 1 from unlock_request u
         where given.kind = 'unlock' and u.id = given.id and (u.status = 'pending'
           or u.status = 'approved' and u.relocked_at is null))`,
    [refs.map((ref) => ref.kind), refs.map((ref) => ref.id)],
  );
}

/** How many promised calls wait for longer than a minute. */
export async function countLateOutbox(operation: Operation): Promise<number> {
  const row = await firstRow<{ late: number }>(
    operation.em,
    `select count(*)::int as late from outbox
     where done_at is null and created_at < app_clock() - make_interval(secs => ?::int)`,
    [OUTBOX_GRACE_SECONDS],
  );
  return row?.late ?? 0;
}
