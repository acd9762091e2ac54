/** Claims sessions whose workflow the planner starts (temporal.md section 5). */
import { rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';

/** Sessions are started this long before they open. */
export const HORIZON_HOURS = 36;
/** Rows a page of the planner claims. */
export const PAGE_ROWS = 200;

/**
 * Sets `workflow_started_at` of the next page of rows and gives their ids, earliest first. The row
 * lock decides against a timetable edit: afterwards only an Update may move the session.
 */
export async function claimSessions(operation: Operation): Promise<Id[]> {
  const claimed = await rows<{ id: Id }>(
    operation.em,
    `with page as (
       select id from attendance_session
       where workflow_started_at is null and status <> 'locked'
         and not (status = 'cancelled' and start_at <= app_clock())
         and opens_at < app_clock() + make_interval(hours => ?::int)
       order by opens_at, id limit ?::int
       for update skip locked)
     update attendance_session s set workflow_started_at = app_clock()
     from page where s.id = page.id returning s.id`,
    [HORIZON_HOURS, PAGE_ROWS],
  );
  return claimed.map((row) => row.id);
}
