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
  await insertPairs(
    em,
    people,
    {
      role_assignment: [
        '(id, user_id, role, scope_kind)',
        "n.fresh, n.user_id, 'student', 'institution'",
      ],
      enrolment: [
        '(id, student_id, course_section_id, valid_from)',
        'n.fresh, n.student_id, n.section_id, current_date - 60',
      ],
      device_key: ['(id, jkt, public_key)', 'n.key_id, n.jkt, n.public_key::jsonb'],
      device_binding: [
        '(id, device_key_id, user_id, valid_from)',
        "n.fresh, n.key_id, n.user_id, app_clock() - interval '30 days'",
      ],
    },
    sectionOf,
  );
  await cloneRows(
    em,
    'refresh_token_family',
    family,
    people.map(({ sid, user }) => ({ id: sid, user_id: user })),
  );
}

/** One insert per table, over the same people. */
async function insertPairs(
  em: Em,
  people: readonly Person[],
  tables: Readonly<Record<string, readonly [columns: string, values: string]>>,
  sectionOf: (person: Person) => Id,
): Promise<void> {
  for (const [table, [columns, values]] of Object.entries(tables)) {
    await rows(
      em,
      `insert into ${table} ${columns} select ${values}
       from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::text[])
         as n(fresh, user_id, student_id, section_id, key_id, jkt, public_key)`,
      [
        people.map(() => v7()),
        people.map(({ user }) => user),
        people.map(({ student }) => student),
        people.map(sectionOf),
        people.map(({ key }) => key),
        people.map(({ device }) => device.jkt),
        people.map(({ device }) => JSON.stringify(device.publicKey)),
      ],
    );
  }
}

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
 * Opens one class per section, showing codes since now. Classes opened before are over by then, so
 * that nobody is in two at once.
 * @returns the session of each section
 */
export async function openClasses(em: Em, { world, sections }: Crowd): Promise<Id[]> {
  await rows(
    em,
    "update attendance_session set start_at = start_at - interval '1 day', end_at = end_at - interval '1 day'",
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
    `insert into session_display (session_id, started_at, started_by_id, mode)
     select id, app_clock(), ?::uuid, 'rotating' from unnest(?::uuid[]) as n(id)`,
    [world.faculty.userId, sessions],
  );
  return sessions;
}
