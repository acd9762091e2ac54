/** Who teaches a class on its day: the people who are told what its presence checks found. */
import type { Id } from '../../domain/types.ts';
import { rows, type Em } from '../orm.ts';

/**
 * The accounts of those whose teaching assignment covers a session, by session. A head of
 * department may mark a class too, but does not stand in it; who may not sign in, or is no faculty
 * any more, is left out.
 */
export async function classStaff(
  em: Em,
  sessionIds: readonly Id[],
): Promise<ReadonlyMap<Id, readonly Id[]>> {
  const found = await rows<{ session_id: Id; user_id: Id }>(
    em,
    `select distinct s.id as session_id, f.user_id
     from attendance_session s
     join teaching_assignment ta on (ta.session_id = s.id or ta.course_section_id in (
         select x.course_section_id from session_section x where x.session_id = s.id))
       and ta.valid_from <= s.scheduled_date
       and (ta.valid_to is null or ta.valid_to > s.scheduled_date)
     join faculty f on f.id = ta.faculty_id
     join app_user u on u.id = f.user_id and u.status = 'active'
     join role_assignment ra on ra.user_id = u.id and ra.role = 'faculty'
     where s.id = any(?::uuid[]) order by s.id, f.user_id`,
    [[...new Set(sessionIds)]],
  );
  const bySession = Map.groupBy(found, (row) => row.session_id);
  return new Map([...bySession].map(([id, staff]) => [id, staff.map((row) => row.user_id)]));
}
