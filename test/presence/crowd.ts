/** Thousands of students with registered phones and open classes, written straight into a database. */
import { v7 } from 'uuid';
import { rows, type Em } from '../../src/db/orm.ts';
import type { Id } from '../../src/domain/types.ts';
import { createAccessTokens } from '../../src/security/access-tokens.ts';
import type { Keys } from '../../src/security/keys.ts';
import { makeDevice, type TestDevice } from '../device.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../factories.ts';

/** A student with a signed-in, registered phone. */
export interface Member {
  readonly studentId: Id;
  readonly token: string;
  readonly device: TestDevice;
  /** Which section of the crowd the student is enrolled in. */
  readonly section: number;
}

/** The crowd: sections of one size, and their students. */
export interface Crowd {
  readonly world: World;
  readonly members: readonly Member[];
  readonly sections: readonly Id[];
}

/** Where every class of the crowd meets; a phone that stands here is inside. */
export const ROOM_PLACE = { lat: 17.385, lng: 78.4867 } as const;
const ROWS_AT_ONCE = 5_000;

/** Makes the crowd. Sign-ins are the rows a sign-in writes, with tokens of the given keys. */
export async function makeCrowd(
  em: Em,
  keys: Keys,
  { sections: sectionCount, sectionSize }: { sections: number; sectionSize: number },
): Promise<Crowd> {
  const world = await makeWorld(em, { studentCount: 1 });
  await rows(em, 'update room set fence_lat = ?, fence_lng = ?, fence_radius_m = 60', [
    ROOM_PLACE.lat,
    ROOM_PLACE.lng,
  ]);
  await rows(
    em,
    `insert into building_network (id, campus_id, building, network)
     values (?::uuid, ?::uuid, 'Block A', '127.0.0.0/8')`,
    [v7(), world.campus],
  );
  const sections = Array.from({ length: sectionCount }, () => v7());
  await cloneRows(
    em,
    'course_section',
    world.section,
    sections.map((id, index) => ({ id, section_name: `CROWD${index}` })),
  );
  const tokens = createAccessTokens(keys.accessSigning);
  const family = await signInPattern(em, world.student.userId);
  const members: Member[] = [];
  for (let from = 0; from < sectionCount * sectionSize; from += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, sectionCount * sectionSize - from);
    const people = await Promise.all(
      Array.from({ length: count }, async (_, offset) => ({
        user: v7(),
        student: v7(),
        key: v7(),
        sid: v7(),
        number: from + offset,
        device: await makeDevice(),
      })),
    );
    await writePeople(em, world, family, people, sections);
    const now = new Date();
    for (const { user, student, sid, number, device } of people) {
      const claims = { userId: user, sid, tokenVersion: 1, amr: ['pwd'], authTime: epoch(now) };
      members.push({
        studentId: student,
        token: await tokens.sign(claims, v7(), now),
        device,
        section: number % sectionCount,
      });
    }
  }
  return { world, members, sections };
}

const epoch = (at: Date): number => Math.floor(at.getTime() / 1_000);

interface Person {
  readonly user: Id;
  readonly student: Id;
  readonly key: Id;
  readonly sid: Id;
  readonly number: number;
  readonly device: TestDevice;
}

async function signInPattern(em: Em, userId: Id): Promise<Id> {
  const id = v7();
  await rows(
    em,
    `insert into refresh_token_family (id, user_id, client, authenticated_at, last_used_at,
       idle_seconds, expires_at)
     values (?::uuid, ?::uuid, 'app', app_clock(), app_clock(), 1209600, app_clock() + interval '90 days')`,
    [id, userId],
  );
  return id;
}

async function writePeople(
  em: Em,
  world: World,
  family: Id,
  people: readonly Person[],
  sections: readonly Id[],
): Promise<void> {
  const { student } = world;
  await cloneRows(
    em,
    'app_user',
    student.userId,
    people.map(({ user, number }) => ({ id: user, email: `crowd${number}@test.campus` })),
  );
  await cloneRows(
    em,
    'student',
    student.id,
    people.map((person) => ({
      id: person.student,
      user_id: person.user,
      roll_number: `CROWD${person.number}`,
    })),
  );
  const sectionOf = ({ number }: Person): Id => sections[number % sections.length] ?? '';
  for (const insert of PEOPLE_INSERTS) {
    await rows(
      em,
      `${insert} from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::text[])
         as n(fresh, user_id, student_id, section_id, key_id, jkt, public_key)`,
      [
        people.map(() => v7()),
        people.map(({ user }) => user),
        people.map(({ student: id }) => id),
        people.map(sectionOf),
        people.map(({ key }) => key),
        people.map(({ device }) => device.jkt),
        people.map(({ device }) => JSON.stringify(device.publicKey)),
      ],
    );
  }
  await cloneRows(
    em,
    'refresh_token_family',
    family,
    people.map(({ sid, user }) => ({ id: sid, user_id: user })),
  );
}

/** What a student with a phone is made of, beside the rows copied from a pattern. */
const PEOPLE_INSERTS = [
  `insert into role_assignment (id, user_id, role, scope_kind)
   select n.fresh, n.user_id, 'student', 'institution'`,
  `insert into enrolment (id, student_id, course_section_id, valid_from)
   select n.fresh, n.student_id, n.section_id, current_date - 60`,
  'insert into device_key (id, jkt, public_key) select n.key_id, n.jkt, n.public_key::jsonb',
  `insert into device_binding (id, device_key_id, user_id, valid_from)
   select n.fresh, n.key_id, n.user_id, app_clock() - interval '30 days'`,
] as const;

/** Copies of a row, each with its own values in some columns. */
async function cloneRows(
  em: Em,
  table: string,
  id: Id,
  changes: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  await rows(
    em,
    `insert into ${table}
     select (jsonb_populate_record(t, c.change)).* from ${table} t
     cross join jsonb_array_elements(?::jsonb) as c(change) where t.id = ?::uuid`,
    [JSON.stringify(changes), id],
  );
}

/**
 * Writes the scans of past classes, one a day, so that tables have the size of a term's: what is fast
 * on empty tables proves nothing.
 */
export async function writePast(em: Em, crowd: Crowd, days: number): Promise<void> {
  for (let day = 1; day <= days; day += 1) {
    const sessions = await openClasses(em, crowd);
    await rows(
      em,
      `update attendance_session set start_at = start_at - make_interval(days => ?::int),
         end_at = end_at - make_interval(days => ?::int), status = 'locked', taken = true
       where id = any(?::uuid[])`,
      [day, day, sessions],
    );
    for (const insert of PAST_INSERTS) {
      await rows(
        em,
        `${insert} from attendance_session s
         join enrolment e on e.course_section_id = s.course_section_id
         join student st on st.id = e.student_id
         join device_binding b on b.user_id = st.user_id
         cross join lateral (select md5(s.id::text || e.student_id::text)::uuid as op_id) n
         where s.id = any(?::uuid[])`,
        [sessions],
      );
    }
  }
  // Ten days of rows in seconds: a database that grew by the day is vacuumed and written by now.
  await rows(em, 'vacuum analyze');
  await rows(em, 'checkpoint');
}

const PAST_INSERTS = [
  `insert into attendance_operation (op_id, session_id, student_id, kind, mark, rank, source,
     actor_id, eff_at, received_at, epoch, device_key_id, payload_hash, result)
   select n.op_id, s.id, e.student_id, 'mark', 'present', 50, 'qr', st.user_id, s.start_at,
     s.start_at, 1, b.device_key_id, md5(n.op_id::text) || md5(n.op_id::text), '{}'`,
  `insert into attendance_record (id, session_id, student_id, mark, winner_op_id, rank, source,
     capture_mode, arrival_at, marked_at)
   select gen_random_uuid(), s.id, e.student_id, 'present', n.op_id, 50, 'qr', 'online', s.start_at,
     s.start_at`,
  `insert into session_device_claim (session_id, device_key_id, student_id)
   select s.id, b.device_key_id, e.student_id`,
  `insert into presence_evidence (id, session_id, student_id, step, op_id, via, purpose,
     device_key_id, ticket_id, network, geofence, level, geofence_mode, risk_score, risk_parts, verdict)
   select gen_random_uuid(), s.id, e.student_id, 1, n.op_id, 'qr', 'entry', b.device_key_id, n.op_id,
     'on_campus', 'inside', 'standard', 'warn', 10, '[]', 'accepted'`,
] as const;

/**
 * Opens one class per section, showing codes since now. Classes opened before are over by then, so
 * that nobody is in two at once.
 * @returns the session of each section
 */
export async function openClasses(em: Em, { world, sections }: Crowd): Promise<Id[]> {
  await rows(
    em,
    `update attendance_session set start_at = start_at - interval '1 day',
       end_at = end_at - interval '1 day' where end_at > app_clock()`,
  );
  const pattern = await makeSession(em, {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-2),
    policy: { presenceLevel: 'standard', geofenceMode: 'level' },
  });
  const sessions = sections.map(() => v7());
  await cloneRows(
    em,
    'attendance_session',
    pattern,
    sessions.map((id, index) => ({ id, course_section_id: sections[index] })),
  );
  await rows(
    em,
    `insert into session_section (session_id, course_section_id)
     select * from unnest(?::uuid[], ?::uuid[])`,
    [sessions, sections],
  );
  await rows(
    em,
    `insert into session_display (session_id, started_at, started_by_id, mode, expires_at)
     select id, app_clock(), ?::uuid, 'rotating', app_clock() + interval '1 hour' from unnest(?::uuid[]) as n(id)`,
    [world.faculty.userId, sessions],
  );
  return sessions;
}
