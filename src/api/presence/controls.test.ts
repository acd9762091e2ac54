/** Head counts, re-checks and exit scans as staff and students use them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { makeScanner, type Scanner } from '../../../test/scanner.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import { FORGETTING, forgetPresence } from '../../operations/presence/forget-presence.ts';
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
  /** A class in its last ten minutes in which a stay of five counts. */
  const lastMinutes = (): Promise<Id> =>
    aClass(
      { stayMode: 'first_last', minStayMinutes: 5, lateCaptureMinutes: 0 },
      { startAt: minutesFromNow(-50), endAt: minutesFromNow(10) },
    );
  const phone = (index: number): Scanner => {
    const found = phones[index];
    if (!found) throw new Error(`there is no phone ${index}`);
    return found;
  };
  const recordOf = async (session: Id, index: number) =>
    (await recordsOf(session)).find(({ student_id: id }) => id === world.students[index]?.id);

  it('proves the stay, shows who left too soon, and forgets nobody who does not scan', async () => {
    const session = await lastMinutes();
    const [, , , outside] = phones;
    const entry = await show(session);
    for (const index of [0, 1, 2, 4]) {
      expect((await phone(index).scan(session, entry)).status).toBe(201);
    }
    expect(await recordOf(session, 0)).toMatchObject({ mark: 'present', flags: ['exit_missing'] });

    expect((await post(session, 'exit-scan')).status).toBe(204);
    try {
      await api.moveClock(2 * 60_000);
      const soon = await show(session);
      expect((await phone(0).scan(session, soon)).status).toBe(200);
      const alone = await outside?.scan(session, soon);
      expect(alone?.body).toMatchObject({ record: { mark: null } });
      await api.moveClock(6 * 60_000);
      expect((await phone(2).scan(session, await show(session))).status).toBe(200);
    } finally {
      await api.moveClock(0);
    }

    // Left after two minutes of the five; scanned no exit; stayed six minutes; came to leave only.
    expect(await recordOf(session, 0)).toMatchObject({ mark: 'absent', flags: ['short_stay'] });
    expect(await recordOf(session, 1)).toMatchObject({ mark: 'present', flags: ['exit_missing'] });
    expect(await recordOf(session, 2)).toMatchObject({ mark: 'present', flags: [] });
    expect((await recordOf(session, 3))?.mark ?? null).toBeNull();
    const kept = await rows<{ student_id: Id }>(
      api.em(),
      `select student_id from presence_evidence
       where session_id = ?::uuid and purpose = 'exit' order by created_at`,
      [session],
    );
    expect(kept.map(({ student_id: id }) => id)).toEqual([
      world.students[0]?.id,
      world.students[3]?.id,
      world.students[2]?.id,
    ]);
    expect(await differences()).toEqual([]);
  });

  it('by the digits of the screen counts as the picture does', async () => {
    const session = await lastMinutes();
    const digits = async (): Promise<{ text_code: string }> => {
      const reply = await post(session, 'generate-qr', { text_code: true });
      return { text_code: textOf(reply.body['text_code']) };
    };
    await phone(0).scan(session, await digits());
    await post(session, 'exit-scan');
    try {
      await api.moveClock(2 * 60_000);
      expect((await phone(0).scan(session, await digits())).status).toBe(200);
    } finally {
      await api.moveClock(0);
    }
    expect(await recordOf(session, 0)).toMatchObject({ mark: 'absent', flags: ['short_stay'] });
  });

  describe('and the digits of the screen', () => {
    const digitsOf = async (session: Id): Promise<{ text_code: string }> => {
      const reply = await post(session, 'generate-qr', { text_code: true });
      return { text_code: textOf(reply.body['text_code']) };
    };

    it('shown before it began mark who comes late', async () => {
      const session = await lastMinutes();
      const shown = await digitsOf(session);
      await post(session, 'exit-scan');

      const late = await phone(0).scan(session, shown);

      expect(late.status).toBe(201);
      expect(await recordOf(session, 0)).toMatchObject({
        mark: 'present',
        flags: ['exit_missing'],
      });
      expect(await differences()).toEqual([]);
    });

    it('shown before it began and typed twice cost nobody a mark', async () => {
      const session = await lastMinutes();
      const shown = await digitsOf(session);
      await phone(0).scan(session, shown);
      await post(session, 'exit-scan');

      expect((await phone(0).scan(session, shown)).status).toBe(200);

      expect(await recordOf(session, 0)).toMatchObject({
        mark: 'present',
        flags: ['exit_missing'],
      });
    });

    it('shown during a re-check pass it and are no exit', async () => {
      const session = await lastMinutes();
      await phone(0).scan(session, await digitsOf(session));
      await post(session, 'exit-scan');
      try {
        await api.moveClock(2 * 60_000);
        expect((await post(session, 'recheck')).body).toMatchObject({ picked: 1, passed: 0 });
        expect((await phone(0).scan(session, await digitsOf(session))).status).toBe(200);
      } finally {
        await api.moveClock(0);
      }

      expect((await get(session, 'recheck')).body).toMatchObject({ passed: 1 });
      expect(await recordOf(session, 0)).toMatchObject({
        mark: 'present',
        flags: ['exit_missing'],
      });
      const kept = await rows(
        api.em(),
        'select purpose from presence_evidence where session_id = ?::uuid order by created_at',
        [session],
      );
      expect(kept).toEqual([{ purpose: 'entry' }, { purpose: 'recheck' }]);
    });
  });

  it('does not outweigh the word of the teacher', async () => {
    const session = await lastMinutes();
    await phone(0).scan(session, await show(session));
    await post(session, 'exit-scan');
    await phone(0).scan(session, await show(session));
    expect(await recordOf(session, 0)).toMatchObject({ mark: 'absent', flags: ['short_stay'] });

    const reply = await api.request('POST', '/api/v1/attendance/records/', {
      token: teacher,
      headers: { 'idempotency-key': api.deps.ids.next() },
      body: {
        session,
        student: world.students[0]?.id,
        mark: 'present',
        reason: 'carried the projector back',
      },
    });

    expect(reply.body).toMatchObject({ record: { mark: 'present' } });
    const record = await recordOf(session, 0);
    expect(record?.mark).toBe('present');
    expect(record?.flags).not.toContain('short_stay');
  });

  it('starts once, and repeating it changes nothing', async () => {
    const session = await lastMinutes();
    await show(session);
    const startedAt = () =>
      firstRow<{ at: string }>(
        api.em(),
        'select exit_started_at::text as at from session_display where session_id = ?::uuid',
        [session],
      );
    await post(session, 'exit-scan');
    const first = await startedAt();
    expect((await post(session, 'exit-scan')).status).toBe(204);
    expect(await startedAt()).toEqual(first);
    const noted = await rows(
      api.em(),
      "select 1 from audit_event where chain = ? and action = 'session.exit_scan_started'",
      [`session:${session}`],
    );
    expect(noted).toHaveLength(1);
    expect(codes(await post(session, 'exit-scan', {}, phone(0).token))).toBe('403 "not_staff"');
  });

  it('tells the screens of the class that something of it changed', async () => {
    const session = await lastMinutes();
    await show(session);
    const typesSince = async (seq: number): Promise<unknown[]> => {
      const reply = await get(session, `events?after=${seq}`);
      return Object.values(reply.body['events'] ?? {}).map(({ type }) => type);
    };
    const seq = Number((await get(session, 'events')).body['seq']);

    await post(session, 'exit-scan');

    expect(await typesSince(seq)).toEqual(['session.changed']);
  });

  it('before the last quarter of an hour is refused and says when it may start', async () => {
    const early = await aClass({ stayMode: 'first_last' }, { startAt: minutesFromNow(-5) });
    await show(early);
    const refused = await post(early, 'exit-scan');
    expect(codes(refused)).toBe('409 "state_conflict"');
    expect(refused.body['detail']).toMatch(/last 15 minutes .* in 40 minutes/);
    try {
      await api.moveClock(41 * 60_000);
      const token = await api.signIn(world.faculty.email);
      expect((await post(early, 'exit-scan', {}, token)).status).toBe(204);
    } finally {
      await api.moveClock(0);
    }
  });

  it('is refused where stays do not count, and where no code was shown', async () => {
    const single = await aClass({}, { startAt: minutesFromNow(-50), endAt: minutesFromNow(10) });
    await show(single);
    const refused = await post(single, 'exit-scan');
    expect(codes(refused)).toBe('409 "state_conflict"');
    expect(refused.body['detail']).toMatch(/does not count in this class.*first_last/);
    expect(codes(await post(await lastMinutes(), 'exit-scan'))).toBe('409 "qr_disabled"');
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

it.each(['presence_evidence', 'scan_refusal'])(
  'finds what is old in %s by an index',
  async (table) => {
    const statement = FORGETTING.find((text) => text.startsWith(`delete from ${table}`));
    const plan = await api.em().transactional(async (em) => {
      await rows(em, 'set local enable_seqscan = off');
      return rows<{ 'QUERY PLAN': string }>(em, `explain ${statement}`);
    });
    expect(JSON.stringify(plan)).toMatch(
      new RegExp(`Index Scan on ${table}_(age|created_at_index)`),
    );
  },
);

it('forgets evidence and keys a year after they were last of use, and takes a key back', async () => {
  const session = await aClass();
  const phone = phones[4];
  await phone?.scan(session, await show(session));
  const jkt = phone?.device.jkt ?? '';
  const left = async () =>
    firstRow<{ evidence: number; has_key: boolean }>(
      api.em(),
      `select (select count(*) from presence_evidence where session_id = ?::uuid)::int as evidence,
         (select public_key is not null from device_key where jkt = ?) as has_key`,
      [session, jkt],
    );
  const passes = async (days: number): Promise<void> => {
    await rows(
      api.em(),
      `update presence_evidence set created_at = app_clock() - make_interval(days => ?)
       where session_id = ?::uuid`,
      [days, session],
    );
    await rows(
      api.em(),
      `with k as (
         update device_key set created_at = app_clock() - make_interval(days => ?) where jkt = ?
         returning id)
       update device_binding b set valid_to = app_clock() - make_interval(days => ?)
       from k where b.device_key_id = k.id and b.status = 'revoked'`,
      [days, jkt, days],
    );
    await forgetPresence({ em: api.em() });
  };
  // A year and a day: a correction could be asked for until a week after the class.
  await passes(367);
  expect(await left()).toEqual({ evidence: 1, has_key: true });
  await passes(374);
  expect(await left()).toEqual({ evidence: 0, has_key: true });
  await rows(
    api.em(),
    `update device_binding b set status = 'revoked', valid_to = app_clock() from device_key k
     where k.id = b.device_key_id and k.jkt = ?`,
    [jkt],
  );
  await passes(364);
  expect(await left()).toMatchObject({ has_key: true });
  await passes(367);
  expect(await left()).toMatchObject({ has_key: false });
  await phone?.device.register(api, await api.signIn(world.students[4]?.email ?? ''));
  expect(await left()).toMatchObject({ has_key: true });
});
