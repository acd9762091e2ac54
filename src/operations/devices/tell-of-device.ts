/** Who is told of a registered device: its person, and of a later one those who approve it. */
import { rows, type Em } from '../../db/orm.ts';
import type { Notice } from '../../domain/notices.ts';
import type { Id } from '../../domain/types.ts';
import { notify } from '../notifications/notify.ts';
import type { Ids } from '../ports.ts';

/** A device that was just registered. */
export interface RegisteredDevice {
  /** Id of the `device_binding`. */
  readonly bindingId: Id;
  readonly userId: Id;
  readonly status: 'active' | 'pending';
}

/**
 * Tells the person by mail, since it may have been somebody else with their password; and where the
 * device is pending, the mentors of the student, or the teachers of the student's sections where
 * there is no mentor. Mentors are told by mail too; teachers have hundreds of students.
 */
export async function tellOfDevice(
  em: Em,
  ids: Ids,
  { bindingId, userId, status }: RegisteredDevice,
): Promise<void> {
  const approvers = status === 'pending' ? await approversOf(em, userId) : [];
  const waiting = approvers.map((approver): Notice => ({
    userId: approver.user_id,
    kind: 'device_pending',
    dedupeKey: `device_pending:${bindingId}`,
    payload: { binding: bindingId, student: approver.student_id },
    mail: approver.is_mentor,
  }));
  const registered: Notice = {
    userId,
    kind: 'device_registered',
    dedupeKey: `device_registered:${bindingId}`,
    payload: { binding: bindingId, status },
    mail: true,
  };
  await notify(em, ids, [registered, ...waiting]);
}

/** Tells the person that their pending device was activated. */
export async function tellOfApproval(em: Em, ids: Ids, userId: Id, bindingId: Id): Promise<void> {
  await notify(em, ids, [
    {
      userId,
      kind: 'device_approved',
      dedupeKey: `device_approved:${bindingId}`,
      payload: { binding: bindingId },
      mail: true,
    },
  ]);
}

interface Approver {
  readonly user_id: Id;
  readonly student_id: Id;
  readonly is_mentor: boolean;
}

/** Those who hold `approve_rebind` for the student by knowing them (trust.md section 3, M and T). */
function approversOf(em: Em, userId: Id): Promise<Approver[]> {
  return rows<Approver>(
    em,
    `with mine as (
       select st.id, (app_clock() at time zone c.zone)::date as today
       from student st join campus c on c.id = st.campus_id where st.user_id = ?::uuid
     ), mentors as (
       select distinct u.id as user_id, mine.id as student_id
       from mine join mentor_assignment ma on ma.student_id = mine.id
         and ma.valid_from <= mine.today and (ma.valid_to is null or ma.valid_to > mine.today)
       join app_user u on u.id = ma.mentor_id and u.status = 'active'
       join role_assignment ra on ra.user_id = u.id and ra.role = 'mentor'
     ), teachers as (
       select distinct u.id as user_id, mine.id as student_id
       from mine join enrolment e on e.student_id = mine.id and e.status = 'enrolled'
       join course_section cs on cs.id = e.course_section_id
       join semester sem on sem.id = cs.semester_id
         and sem.starts_on <= mine.today and sem.ends_on >= mine.today
       join teaching_assignment ta on ta.course_section_id = cs.id
         and ta.valid_from <= mine.today and (ta.valid_to is null or ta.valid_to > mine.today)
       join faculty f on f.id = ta.faculty_id
       join app_user u on u.id = f.user_id and u.status = 'active'
       join role_assignment ra on ra.user_id = u.id and ra.role = 'faculty'
       where e.valid_from <= mine.today and (e.valid_to is null or e.valid_to > mine.today)
     )
     select user_id, student_id, true as is_mentor from mentors where user_id <> ?::uuid
     union all
     select user_id, student_id, false from teachers
     where user_id <> ?::uuid and not exists (select 1 from mentors)`,
    [userId, userId, userId],
  );
}
