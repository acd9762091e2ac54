/** Who hears of head counts, re-checks and shared phones: the staff of the class, students their own. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import {
  assignTeaching,
  campusDay,
  makeFaculty,
  makeSession,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { makeScanner, type Scanner } from '../../../test/scanner.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id, SessionEdge, SessionPolicy } from '../../domain/types.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import { runDueRechecks } from '../../operations/presence/recheck-session.ts';
import { applyTransition } from '../../operations/sessions/apply-transition.ts';

let api: TestApi;
let world: World;
let teacher: string;
let phones: Scanner[];
/** Teaches single classes beside the teacher of the section. */
let substitute: { id: Id; userId: Id; email: string };

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 5 });
  substitute = await makeFaculty(api.em(), world.department);
  teacher = await api.signIn(world.faculty.email);
  phones = [];
  for (const { email } of world.students) {
    phones.push(await makeScanner(api, await api.signIn(email)));
  }
});
afterAll(() => api.close());

/** A class of the section; `isShared` gives it the substitute as well. */
async function aClass(
  policy: Partial<SessionPolicy> = {},
  { isShared = true, startAt = minutesFromNow(-30) } = {},
): Promise<Id> {
  const session = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt,
    policy: { geofenceMode: 'off', presenceLevel: 'open', lateAfterMinutes: 60, ...policy },
  });
  if (isShared) await assignTeaching(api.em(), substitute.id, { session });
  return session;
}

const post = (session: Id, path: string, body: object = {}, token = teacher): Promise<ApiReply> =>
  api.request('POST', `/api/v1/attendance/sessions/${session}/${path}`, { token, body });
const get = (session: Id, path: string, token = teacher): Promise<ApiReply> =>
  api.request('GET', `/api/v1/attendance/sessions/${session}/${path}`, { token });
const codes = (reply: ApiReply) => `${reply.status} ${JSON.stringify(reply.body['code'])}`;

async function scanAll(session: Id): Promise<void> {
  const code = await codeOf(session);
  const replies = await Promise.all(phones.map((phone) => phone.scan(session, code)));
  expect(replies.map(({ status }) => status)).toEqual(phones.map(() => 201));
}

async function codeOf(session: Id): Promise<{ qr_token: string }> {
  return { qr_token: textOf((await post(session, 'generate-qr')).body['qr_token']) };
}

/** Everybody who was told something of a session, as `kind` to whom. */
async function told(session: Id): Promise<[kind: string, userId: Id][]> {
  const found = await rows<{ kind: string; user_id: Id }>(
    api.em(),
    `select kind, user_id from notification where payload ->> 'session' = ?
     order by kind, user_id`,
    [session],
  );
  return found.map((row) => [row.kind, row.user_id]);
}
const to = (kind: string, ...people: Id[]): [string, Id][] =>
  people.toSorted().map((userId) => [kind, userId]);

/** The newest notification of an account, as its owner reads it. */
async function newest(token: string) {
  const reply = await api.request('GET', '/api/v1/me/notifications', { token });
  return reply.body['results']?.['0'];
}

const pass = () => runDueRechecks(operationFor(api.deps, SYSTEM_ACTOR), { below: () => 0 });
/** Takes one edge of a class by the word of its teacher. */
async function take(sessionId: Id, edge: SessionEdge): Promise<void> {
  const row = await firstRow<{ epoch: number }>(
    api.em(),
    'select epoch from attendance_session where id = ?::uuid',
    [sessionId],
  );
  const command = {
    id: api.deps.ids.next(),
    edge,
    by: 'person',
    actorId: world.faculty.userId,
    channel: 'api',
  } as const;
  const { refused } = await applyTransition(operationFor(api.deps, SYSTEM_ACTOR), {
    sessionId,
    epoch: row?.epoch ?? 0,
    command,
  });
  expect(refused).toBeNull();
}
const timeIsUp = (session: Id) =>
  rows(
    api.em(),
    "update recheck set ends_at = app_clock() - interval '1 s' where session_id = ?::uuid",
    [session],
  );

describe('a head count', () => {
  it('that does not fit is told to the other staff of the class, with its numbers', async () => {
    const session = await aClass();
    await scanAll(session);

    await post(session, 'head-counts', { heads: 5 });
    expect(await told(session)).toEqual([]);
    await post(session, 'head-counts', { heads: 3 });
    expect(await told(session)).toEqual(to('headcount_excess', substitute.userId));

    expect(await newest(await api.signIn(substitute.email))).toMatchObject({
      kind: 'headcount_excess',
      heads: 3,
      marked: 5,
      sessions: [{ id: session }],
      students: [],
    });
    // What was said already is not said again; another finding is.
    await post(session, 'head-counts', { heads: 2 });
    expect(await told(session)).toHaveLength(1);
    await post(session, 'head-counts', { heads: 9 });
    expect(await told(session)).toEqual([
      ...to('headcount_excess', substitute.userId),
      ...to('headcount_short', substitute.userId),
    ]);
  });

  it('is told to who counted where nobody else teaches the class', async () => {
    const session = await aClass({}, { isShared: false });
    await post(session, 'head-counts', { heads: 4 });
    expect(await told(session)).toEqual(to('headcount_short', world.faculty.userId));
  });

  it('is not told to who left the class, is no faculty any more, or may not sign in', async () => {
    const session = await aClass({}, { isShared: false });
    const former = await makeFaculty(api.em(), world.department);
    await assignTeaching(
      api.em(),
      former.id,
      { courseSection: world.section },
      { validTo: campusDay(-1) },
    );
    const disabled = await makeFaculty(api.em(), world.department, { status: 'disabled' });
    await assignTeaching(api.em(), disabled.id, { session });
    const withdrawn = await makeFaculty(api.em(), world.department);
    await assignTeaching(api.em(), withdrawn.id, { session });
    await rows(api.em(), 'delete from role_assignment where user_id = ?::uuid', [withdrawn.userId]);
    await post(session, 'head-counts', { heads: 4 });
    expect(await told(session)).toEqual(to('headcount_short', world.faculty.userId));
  });

  it('by a head of department is told to those who teach, and names who counted', async () => {
    const session = await aClass();
    const hod = await api.signIn(world.people.hod.email);
    await post(session, 'head-counts', { heads: 4 }, hod);
    expect(await told(session)).toEqual(
      to('headcount_short', world.faculty.userId, substitute.userId),
    );
    const listed = await get(session, 'head-counts');
    expect(listed.body['results']?.['0']).toMatchObject({
      heads: 4,
      counted_by: { id: world.people.hod.id, first_name: expect.any(String) },
    });
  });
});

describe('a re-check', () => {
  it('is told to each student drawn and to no other, until when', async () => {
    const session = await aClass();
    await scanAll(session);
    await post(session, 'recheck');

    const drawn = await rows<{ user_id: Id }>(
      api.em(),
      `select st.user_id from recheck_pick p join recheck k on k.id = p.recheck_id
       join student st on st.id = p.student_id where k.session_id = ?::uuid`,
      [session],
    );
    expect(drawn).toHaveLength(3);
    expect(await told(session)).toEqual(to('recheck_asked', ...drawn.map((row) => row.user_id)));

    const asked = world.students.findIndex(({ userId }) => userId === drawn[0]?.user_id);
    const phone = phones[asked];
    const own = await get(session, 'my-recheck', phone?.token);
    expect(await newest(phone?.token ?? '')).toMatchObject({
      kind: 'recheck_asked',
      until: own.body['scan_again_until'],
      sessions: [{ id: session }],
    });
    expect(Number(own.body['remaining_ms'])).toBeGreaterThan(150_000);
    expect(Number(own.body['remaining_ms'])).toBeLessThanOrEqual(180_000);
    expect(codes(await post(session, 'recheck'))).toBe('409 "state_conflict"');
    expect(await told(session)).toHaveLength(3);
  });

  it('that starts by itself tells those drawn as well', async () => {
    const session = await aClass({ recheckEnabled: true });
    await scanAll(session);
    expect(await told(session)).toEqual([]);
    await rows(
      api.em(),
      "update recheck set due_at = app_clock() - interval '1 s' where session_id = ?::uuid",
      [session],
    );
    await pass();
    expect((await told(session)).map(([kind]) => kind)).toEqual(
      Array.from({ length: 3 }, () => 'recheck_asked'),
    );
  });

  it('tells all staff in one notice how many missed it', async () => {
    const session = await aClass({ recheckPercent: 100 });
    await scanAll(session);
    await post(session, 'recheck');
    await phones[0]?.scan(session, await codeOf(session));
    await timeIsUp(session);
    await pass();
    await pass();

    expect((await told(session)).filter(([kind]) => kind !== 'recheck_asked')).toEqual(
      to('recheck_missed', world.faculty.userId, substitute.userId),
    );
    expect(await newest(teacher)).toMatchObject({ kind: 'recheck_missed', missed: 4 });
  });

  it('that everybody passed, also by the digits, says nothing', async () => {
    const session = await aClass();
    await scanAll(session);
    await post(session, 'recheck');
    const again = await post(session, 'generate-qr', { text_code: true });
    const code = { text_code: textOf(again.body['text_code']) };
    await Promise.all(phones.map((phone) => phone.scan(session, code)));
    expect((await get(session, 'recheck')).body).toMatchObject({ picked: 3, passed: 3 });
    await timeIsUp(session);
    expect(await pass()).toEqual({ started: 0, settled: 1 });
    expect((await told(session)).filter(([kind]) => kind !== 'recheck_asked')).toEqual([]);
  });

  it('is not passed by digits from before it began', async () => {
    const session = await aClass();
    await scanAll(session);
    const before = await post(session, 'generate-qr', { text_code: true });
    await post(session, 'recheck');
    await rows(
      api.em(),
      `update recheck set started_at = app_clock() + interval '20 s' where session_id = ?::uuid`,
      [session],
    );
    const code = { text_code: textOf(before.body['text_code']) };
    const replies = await Promise.all(phones.map((phone) => phone.scan(session, code)));
    expect(replies.map(({ status }) => status)).toEqual(phones.map(() => 200));
    expect((await get(session, 'recheck')).body).toMatchObject({ picked: 3, passed: 0 });
  });

  it('whose class closed before its end is cancelled, and nobody missed it', async () => {
    const session = await aClass({ recheckPercent: 100 });
    await scanAll(session);
    await post(session, 'recheck');
    await rows(
      api.em(),
      "update attendance_session set status = 'closed', closed_at = app_clock() - interval '5 s', taken = true where id = ?::uuid",
      [session],
    );
    expect((await get(session, 'my-recheck', phones[0]?.token)).body).toEqual({
      scan_again_until: null,
      remaining_ms: 0,
    });
    await timeIsUp(session);
    await pass();

    expect((await get(session, 'recheck')).body).toMatchObject({
      status: 'cancelled',
      passed: 0,
      missed: 0,
    });
    expect((await told(session)).filter(([kind]) => kind === 'recheck_missed')).toEqual([]);
    const lowered = await firstRow<{ count: number }>(
      api.em(),
      `select count(*)::int from attendance_record
       where session_id = ?::uuid and 'recheck_missed' = any(flags)`,
      [session],
    );
    expect(lowered).toEqual({ count: 0 });
  });

  it.each([
    ['closed by mistake and reopened', -30, ['close', 'reopen']],
    ['cancelled by mistake and restored', 4, ['cancel', 'restore']],
  ] as const)('whose class was %s is missed by nobody', async (_, startMinutes, edges) => {
    const session = await aClass(
      { recheckPercent: 100 },
      { startAt: minutesFromNow(startMinutes) },
    );
    await scanAll(session);
    await post(session, 'recheck');
    // A class is not restored on top of another, and every test here has its own.
    await rows(api.em(), "update attendance_session set status = 'cancelled' where id <> ?::uuid", [
      session,
    ]);
    for (const edge of edges) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await take(session, edge);
    }
    expect((await get(session, 'recheck')).body).toMatchObject({
      status: 'cancelled',
      remaining_ms: 0,
    });
    await timeIsUp(session);
    expect(await pass()).toEqual({ started: 0, settled: 0 });

    expect((await get(session, 'recheck')).body).toMatchObject({ status: 'cancelled', missed: 0 });
    expect((await told(session)).filter(([kind]) => kind === 'recheck_missed')).toEqual([]);
    const event = await firstRow<{ actor: Id; body: string }>(
      api.em(),
      `select body::jsonb ->> 'actor' as actor, body from audit_event
       where chain = ? and action = 'session.recheck_cancelled'`,
      [`session:${session}`],
    );
    expect(event?.actor).toBe(world.faculty.userId);
  });

  it('whose time was over before its class was closed is settled, also when reopened', async () => {
    const session = await aClass({ recheckPercent: 100 });
    await scanAll(session);
    await post(session, 'recheck');
    await timeIsUp(session);
    await take(session, 'close');
    await take(session, 'reopen');

    expect(await pass()).toEqual({ started: 0, settled: 1 });
    expect((await get(session, 'recheck')).body).toMatchObject({ status: 'settled', missed: 5 });
  });

  it('is refused where marking closes before its time would be over', async () => {
    const session = await aClass();
    await scanAll(session);
    await rows(
      api.em(),
      "update attendance_session set closes_at = app_clock() + interval '2 minutes' where id = ?::uuid",
      [session],
    );
    const reply = await post(session, 'recheck');
    expect(codes(reply)).toBe('409 "state_conflict"');
    expect(reply.body['detail']).toBe('Marking closes before students could scan again.');
    expect(await told(session)).toEqual([]);
  });
});

describe('a phone for two students', () => {
  it('is told to the staff with both names, once, and to neither student', async () => {
    const session = await aClass();
    const [owner, ...friends] = phones;
    if (!owner) throw new Error('the world has phones');
    const code = await codeOf(session);
    await owner.scan(session, code);
    for (const [slot, index] of [1, 2].entries()) {
      const friend = world.students[index];
      // oxlint-disable-next-line no-await-in-loop -- two of them
      await rows(
        api.em(),
        `update device_binding b set device_key_id = k.id, slot = ?::int
         from device_key k where k.jkt = ? and b.user_id = ?::uuid and b.status = 'active'`,
        [slot + 2, owner.device.jkt, friend?.userId ?? ''],
      );
    }
    for (const friend of friends.slice(0, 2)) {
      const borrowed = await makeScanner(api, friend.token, owner.device);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(codes(await borrowed.scan(session, code))).toBe('409 "device_already_used"');
    }

    expect(await told(session)).toEqual(
      to('device_shared', world.faculty.userId, substitute.userId),
    );
    expect(await newest(teacher)).toMatchObject({
      kind: 'device_shared',
      students: [
        { id: world.students[0]?.id, roll_number: world.students[0]?.rollNumber },
        { id: world.students[1]?.id, roll_number: world.students[1]?.rollNumber },
      ],
    });
    expect(JSON.stringify(await newest(friends[0]?.token ?? ''))).not.toContain('device_shared');
  });
});

describe('GET exit-scan', () => {
  it('says whether the stay counts, when it may start and since when it runs', async () => {
    const single = await aClass();
    expect((await get(single, 'exit-scan')).body).toMatchObject({ stay_counts: false });
    const session = await aClass({ stayMode: 'first_last' });
    await codeOf(session);
    const early = (await get(session, 'exit-scan')).body;
    expect(early).toMatchObject({ stay_counts: true, started_at: null });
    // It began 30 minutes ago and lasts an hour.
    expect(Number(early['starts_in_ms'])).toBeGreaterThan(14 * 60_000);
    await rows(
      api.em(),
      "update attendance_session set end_at = app_clock() + interval '9 minutes' where id = ?::uuid",
      [session],
    );
    expect((await get(session, 'exit-scan')).body).toMatchObject({ starts_in_ms: 0 });
    expect((await post(session, 'exit-scan')).status).toBe(204);
    expect((await get(session, 'exit-scan')).body).toMatchObject({
      started_at: expect.any(String),
    });
  });

  it('is for the staff of the class', async () => {
    const session = await aClass();
    expect(codes(await get(session, 'exit-scan', phones[0]?.token))).toBe('403 "not_staff"');
    const stranger = await api.signIn(world.other.faculty.email);
    expect(codes(await get(session, 'exit-scan', stranger))).toBe('404 "not_found"');
  });
});
