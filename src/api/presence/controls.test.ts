/** Head counts, re-checks and exit scans as staff and students use them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { makeScanner, type Scanner } from '../../../test/scanner.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import { forgetPresence } from '../../operations/presence/forget-presence.ts';
import { runDueRechecks } from '../../operations/presence/recheck-session.ts';
import { verifyRecords, type Difference } from '../../operations/records/verify-records.ts';

let api: TestApi;
let world: World;
let teacher: string;
let phones: Scanner[];

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 5 });
  teacher = await api.signIn(world.faculty.email);
  phones = [];
  for (const { email } of world.students) {
    phones.push(await makeScanner(api, await api.signIn(email)));
  }
});
afterAll(() => api.close());

const operation = () => operationFor(api.deps, SYSTEM_ACTOR);
const first = { below: () => 0 };

/** Where the stored records differ from what the claims give. */
async function differences(): Promise<Difference[]> {
  const found: Difference[] = [];
  await verifyRecords(api.em(), {}, (difference) => found.push(difference));
  return found;
}

const aClass = (policy: Partial<SessionPolicy> = {}, more: object = {}): Promise<Id> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-30),
    policy: { geofenceMode: 'off', presenceLevel: 'open', lateAfterMinutes: 60, ...policy },
    ...more,
  });

const post = (session: Id, path: string, body: object = {}, token = teacher): Promise<ApiReply> =>
  api.request('POST', `/api/v1/attendance/sessions/${session}/${path}`, { token, body });
const get = (session: Id, path: string, token = teacher): Promise<ApiReply> =>
  api.request('GET', `/api/v1/attendance/sessions/${session}/${path}`, { token });
const codes = (reply: ApiReply) => `${reply.status} ${JSON.stringify(reply.body['code'])}`;

async function show(session: Id): Promise<{ qr_token: string }> {
  const reply = await post(session, 'generate-qr');
  return { qr_token: textOf(reply.body['qr_token']) };
}

async function scanAll(session: Id): Promise<void> {
  const code = await show(session);
  const replies = await Promise.all(phones.map((phone) => phone.scan(session, code)));
  expect(replies.map(({ status }) => status)).toEqual(phones.map(() => 201));
}

const recordsOf = (session: Id) =>
  rows<{ student_id: Id; mark: string; rank: number; flags: string[] }>(
    api.em(),
    'select student_id, mark, rank, flags from attendance_record where session_id = ?::uuid order by student_id',
    [session],
  );

describe('a head count', () => {
  it('is kept beside the marks and says what it found', async () => {
    const session = await aClass();
    await scanAll(session);
    const reply = await post(session, 'head-counts', { heads: 3 });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      heads: 3,
      marked: 5,
      tolerance: 1,
      outcome: 'headcount_excess',
    });
    expect((await post(session, 'head-counts', { heads: 5 })).body).toMatchObject({
      outcome: 'ok',
    });
    const listed = await get(session, 'head-counts');
    expect(Object.values(listed.body['results'] ?? {})).toHaveLength(2);
    expect(await recordsOf(session)).toHaveLength(5);
  });

  it('of nobody declares a closed class held, and its absents appear', async () => {
    const session = await aClass({}, { status: 'closed' });
    expect((await post(session, 'head-counts', { heads: 0 })).status).toBe(201);
    const marks = (await recordsOf(session)).map(({ mark }) => mark);
    expect(marks).toEqual(['absent', 'absent', 'absent', 'absent', 'absent']);
    expect(await differences()).toEqual([]);
  });

  it('is for staff, of a class that is open or closed, and a whole number', async () => {
    const session = await aClass();
    const future = await aClass({}, { status: 'scheduled', startAt: minutesFromNow(90) });
    expect(codes(await post(session, 'head-counts', { heads: 3 }, phones[0]?.token))).toBe(
      '403 "not_staff"',
    );
    expect(codes(await post(future, 'head-counts', { heads: 3 }))).toBe('409 "state_conflict"');
    expect(codes(await post(session, 'head-counts', { heads: -1 }))).toBe(
      '400 "validation_failed"',
    );
  });
});

describe('a re-check', () => {
  it('asks those drawn; who misses it counts as weak and is never made absent', async () => {
    const session = await aClass({ recheckPercent: 100 });
    await scanAll(session);
    const started = await post(session, 'recheck');
    expect(started.body).toMatchObject({ status: 'running', picked: 5, passed: 0 });
    expect(codes(await post(session, 'recheck'))).toBe('409 "state_conflict"');
    const asked = await get(session, 'my-recheck', phones[0]?.token);
    expect(asked.body['scan_again_until']).toEqual(expect.any(String));

    // The codes on the screen are re-check codes now; a first code does not pass it.
    const again = await show(session);
    const scanned = await phones[0]?.scan(session, again);
    expect(scanned?.body).toMatchObject({ status: 'superseded', code: 'already_marked' });
    expect((await get(session, 'my-recheck', phones[0]?.token)).body).toEqual({
      scan_again_until: null,
      remaining_ms: 0,
    });
    await rows(
      api.em(),
      "update recheck set ends_at = app_clock() - interval '1 s' where session_id = ?::uuid",
      [session],
    );
    expect(await runDueRechecks(operation(), first)).toEqual({ started: 0, settled: 1 });
    expect(await runDueRechecks(operation(), first)).toEqual({ started: 0, settled: 0 });

    const records = await recordsOf(session);
    expect(records.map(({ mark }) => mark)).toEqual(records.map(() => 'present'));
    const passed = records.find(({ student_id }) => student_id === world.students[0]?.id);
    expect(passed).toMatchObject({ rank: 50, flags: [] });
    const missed = records.filter((record) => record !== passed);
    expect(missed.map(({ rank, flags }) => [rank, ...flags])).toEqual(
      missed.map(() => [40, 'recheck_missed']),
    );
    expect((await get(session, 'recheck')).body).toMatchObject({
      status: 'settled',
      passed: 1,
      missed: 4,
    });
    expect(await differences()).toEqual([]);
  });

  it('lowers a scan that comes after the miss as well', async () => {
    const session = await aClass({ recheckPercent: 100 });
    await scanAll(session);
    await post(session, 'recheck');
    await rows(
      api.em(),
      "update recheck set ends_at = app_clock() - interval '1 s' where session_id = ?::uuid",
      [session],
    );
    await runDueRechecks(operation(), first);
    await phones[1]?.scan(session, await show(session));
    const record = (await recordsOf(session)).find(
      ({ student_id }) => student_id === world.students[1]?.id,
    );
    expect(record).toMatchObject({ rank: 40, flags: ['recheck_missed'] });
    expect(await differences()).toEqual([]);
  });

  it('is planned with the first code where the class has it, and starts by itself', async () => {
    const session = await aClass({ recheckEnabled: true }, { startAt: minutesFromNow(-5) });
    await scanAll(session);
    expect((await get(session, 'recheck')).body).toMatchObject({ status: 'planned', picked: 0 });
    await rows(
      api.em(),
      "update recheck set due_at = app_clock() - interval '1 s' where session_id = ?::uuid",
      [session],
    );
    expect(await runDueRechecks(operation(), first)).toMatchObject({ started: 1 });
    expect((await get(session, 'recheck')).body).toMatchObject({ status: 'running', picked: 3 });
  });

  it('that nobody could answer any more is cancelled', async () => {
    const session = await aClass({ recheckEnabled: true }, { startAt: minutesFromNow(-5) });
    await show(session);
    await rows(
      api.em(),
      "update recheck set due_at = app_clock() - interval '1 s' where session_id = ?::uuid",
      [session],
    );
    await runDueRechecks(operation(), first);
    expect((await get(session, 'recheck')).body).toMatchObject({ status: 'cancelled' });
  });

  it('needs codes on show and somebody who scanned', async () => {
    const session = await aClass();
    expect(codes(await post(session, 'recheck'))).toBe('409 "qr_disabled"');
    await show(session);
    expect(codes(await post(session, 'recheck'))).toBe('409 "state_conflict"');
  });
});

describe('an exit scan', () => {
  it('at the end of a class whose stay counts proves the stay', async () => {
    const session = await aClass(
      { stayMode: 'first_last', minStayMinutes: 5 },
      { startAt: minutesFromNow(-50), endAt: minutesFromNow(10) },
    );
    await scanAll(session);
    expect((await recordsOf(session))[0]).toMatchObject({ flags: ['exit_missing'] });
    await rows(
      api.em(),
      "update attendance_session set end_at = app_clock() + interval '10 minutes' where id = ?::uuid",
      [session],
    );
    const reply = await post(session, 'exit-scan');
    expect(reply.status).toBe(204);
    await api.moveClock(6 * 60_000);
    try {
      await rows(
        api.em(),
        "update attendance_session set end_at = app_clock() + interval '5 minutes', closes_at = app_clock() + interval '5 minutes' where id = ?::uuid",
        [session],
      );
      const scanned = await phones[0]?.scan(session, await show(session));
      expect(scanned?.status).toBe(200);
      const kept = await firstRow<{ purpose: string }>(
        api.em(),
        "select purpose from presence_evidence where session_id = ?::uuid and purpose = 'exit'",
        [session],
      );
      expect(kept).toEqual({ purpose: 'exit' });
      const own = (await recordsOf(session)).find(
        ({ student_id }) => student_id === world.students[0]?.id,
      );
      expect(own).toMatchObject({ mark: 'present', flags: [] });
    } finally {
      await api.moveClock(0);
    }
  });

  it('belongs to the last quarter of an hour, and to classes whose stay counts', async () => {
    const early = await aClass({ stayMode: 'first_last' }, { startAt: minutesFromNow(-5) });
    await show(early);
    expect(codes(await post(early, 'exit-scan'))).toBe('409 "state_conflict"');
    const single = await aClass();
    expect(codes(await post(single, 'exit-scan'))).toBe('409 "state_conflict"');
  });
});

it('forgets tickets, positions and refusals when their time is over, and nothing before', async () => {
  const session = await aClass({ geofenceMode: 'warn', lockAfterHours: 1 });
  await rows(
    api.em(),
    'update room set fence_lat = 17.385, fence_lng = 78.4867, fence_radius_m = 60 where id = ?::uuid',
    [world.room.id],
  );
  const body = { location: { lat: 17.3852, lng: 78.4866, accuracy_m: 9 } };
  await phones[2]?.scan(session, await show(session), { body });
  await phones[3]?.scan(session, { qr_token: 'no code' });
  const left = async () =>
    firstRow<Record<string, number>>(
      api.em(),
      `select (select count(*) from scan_ticket where session_id = ?::uuid)::int as tickets,
         (select count(*) from scan_refusal where session_id = ?::uuid)::int as refusals,
         (select count(position_hash) from presence_evidence where session_id = ?::uuid)::int as positions`,
      [session, session, session],
    );
  await forgetPresence({ em: api.em() });
  expect(await left()).toEqual({ tickets: 2, refusals: 1, positions: 1 });
  await rows(
    api.em(),
    "update attendance_session set lock_due_at = app_clock() - interval '25 hours' where id = ?::uuid",
    [session],
  );
  await rows(api.em(), "update scan_ticket set expires_at = app_clock() - interval '25 hours'");
  await forgetPresence({ em: api.em() });
  expect(await left()).toEqual({ tickets: 0, refusals: 1, positions: 0 });
});
