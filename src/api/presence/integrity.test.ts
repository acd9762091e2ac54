/** The integrity report: a small world whose every number is counted by hand. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import { makeDevice } from '../../../test/device.ts';
import {
  campusDay,
  makeSession,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { makeScanner, type Scanner } from '../../../test/scanner.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import { runDueRechecks } from '../../operations/presence/recheck-session.ts';

const PATH = '/api/v1/attendance';
const FIRST = minutesFromNow(-70);
const YESTERDAY = minutesFromNow(-26 * 60);

let api: TestApi;
let world: World;
let teacher: string;
let hod: string;
/** Phones of the first three students; the second one's is a replacement of this hour. */
let phones: [Scanner, Scanner, Scanner];
const sessions = { first: '', second: '', bare: '', yesterday: '' };

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 6 });
  teacher = await api.signIn(world.faculty.email);
  hod = await api.signIn(world.people.hod.email);
  await registerPhones();
  await holdFirst();
  await holdSecond();
  await holdBare();
  await holdYesterday();
}, 60_000);
afterAll(() => api.close());

function studentAt(index: number) {
  const found = world.students[index];
  if (!found) throw new Error(`the world has no student ${index}`);
  return found;
}

async function registerPhones(): Promise<void> {
  const tokens = [];
  for (const index of [0, 1, 2]) tokens.push(await api.signIn(studentAt(index).email));
  const [first = '', second = '', third = ''] = tokens;
  const own = await makeScanner(api, first);
  await makeScanner(api, second);
  const replacement = await makeDevice();
  await replacement.request(api, 'POST', '/api/v1/me/device-keys', {
    token: second,
    body: { public_key: replacement.publicKey, replace: true },
  });
  await rows(
    api.em(),
    `insert into device_binding (id, device_key_id, user_id, status, slot, valid_from)
     select ?::uuid, id, ?::uuid, 'active', 2, app_clock() from device_key where jkt = ?`,
    [api.deps.ids.next(), studentAt(2).userId, own.device.jkt],
  );
  phones = [
    own,
    await makeScanner(api, second, replacement),
    await makeScanner(api, third, own.device),
  ];
}

const aClass = (policy: Partial<SessionPolicy> = {}, more: object = {}): Promise<Id> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-20),
    policy: { geofenceMode: 'off', lateAfterMinutes: 60, ...policy },
    ...more,
  });

const post = (session: Id, path: string, body: object = {}): Promise<ApiReply> =>
  api.request('POST', `${PATH}/sessions/${session}/${path}`, { token: teacher, body });

async function codeOf(session: Id): Promise<{ qr_token: string }> {
  const reply = await post(session, 'generate-qr');
  return { qr_token: textOf(reply.body['qr_token']) };
}

async function mark(session: Id, index: number, body: object, token = teacher): Promise<void> {
  const reply = await api.request('POST', `${PATH}/records`, {
    token,
    headers: { 'idempotency-key': v7() },
    body: { session, student: studentAt(index).id, mark: 'present', ...body },
  });
  expect([200, 201]).toContain(reply.status);
}

/** Two scan, one flagged; a shared phone is refused; three are marked without a scan, one absent. */
async function holdFirst(): Promise<void> {
  // Over before the second one begins, so that nobody is in two places at once.
  const session = await aClass(
    { lateCaptureMinutes: 60 },
    { startAt: FIRST, endAt: minutesFromNow(-30) },
  );
  sessions.first = session;
  const code = await codeOf(session);
  expect((await phones[0].scan(session, code)).status).toBe(201);
  expect((await phones[1].scan(session, code)).status).toBe(201);
  expect((await phones[2].scan(session, code)).status).toBe(409);
  await mark(session, 2, { fallback: 'shared_phone' });
  await mark(session, 3, { fallback: 'no_phone' });
  await mark(session, 4, { reason: 'stood in for the teacher' }, hod);
  await mark(session, 5, { mark: 'absent' });
  await post(session, 'head-counts', { heads: 9 });
  await post(session, 'head-counts', { heads: 5 });
}

/** Two scan and one of them misses the re-check; a scan that a teacher repeats is no fallback. */
async function holdSecond(): Promise<void> {
  const session = await aClass({ recheckPercent: 100, offlineQr: 'confirm_first' });
  sessions.second = session;
  const code = await codeOf(session);
  await phones[0].scan(session, code);
  await phones[1].scan(session, code);
  await mark(session, 2, { mark: 'late', fallback: 'flat_battery' });
  await mark(session, 3, { fallback: 'no_phone' });
  // The first word was a mistake; only what stands is counted.
  await mark(session, 4, { fallback: 'other' });
  await mark(session, 4, { mark: 'absent' });
  await saveScan(session);
  await post(session, 'recheck');
  await phones[0].scan(session, await codeOf(session));
  await rows(
    api.em(),
    "update recheck set ends_at = app_clock() - interval '1 s' where session_id = ?::uuid",
    [session],
  );
  await runDueRechecks(operationFor(api.deps, SYSTEM_ACTOR), { below: () => 0 });
  await mark(session, 1, { mark: 'late' });
}

/** A scan the first student's phone saved; it waits for the teacher. */
async function saveScan(session: Id): Promise<void> {
  await rows(api.em(), "update device_binding set valid_from = valid_from - interval '1 hour'");
  const codes = await api.deps.presence.codes();
  const step = Math.floor((Date.now() - 10 * 60_000) / 10_000);
  const token = codes.seal(session, { step, recheck: false, isStatic: false, exit: false });
  const [phone] = phones;
  const reply = await phone.device.request(api, 'POST', `${PATH}/sync`, {
    token: phone.token,
    body: {
      client_id: 'test',
      sent_at: new Date().toISOString(),
      sent_mono_ms: 50 * 60_000,
      boot_id: 'boot-1',
      ops: [
        {
          op_id: v7(),
          session,
          student: studentAt(0).id,
          kind: 'mark',
          mark: 'present',
          captured_at: minutesFromNow(-10).toISOString(),
          captured_mono_ms: 40 * 60_000,
          boot_id: 'boot-1',
          base_op_id: null,
          acks: [],
          evidence: { qr_code: token },
        },
      ],
    },
  });
  expect(reply.body['results']).toMatchObject([{ code: 'offline_unconfirmed' }]);
}

/** A class without codes: a category counts, an ordinary roll call does not. */
async function holdBare(): Promise<void> {
  sessions.bare = await aClass();
  await mark(sessions.bare, 3, { fallback: 'id_card' });
  await mark(sessions.bare, 4, {});
}

/** The day before, with codes, on paper. */
async function holdYesterday(): Promise<void> {
  const policy = { lockAfterHours: 72 };
  const session = await aClass(policy, { startAt: YESTERDAY, status: 'closed' });
  sessions.yesterday = session;
  await rows(
    api.em(),
    `insert into session_display (session_id, started_at, started_by_id, mode, expires_at)
     values (?::uuid, app_clock(), ?::uuid, 'rotating', app_clock())`,
    [session, world.faculty.userId],
  );
  await mark(session, 3, { fallback: 'no_phone' });
  await mark(session, 4, {});
}

const report = (query = '', token = teacher, section = world.section): Promise<ApiReply> =>
  api.request('GET', `${PATH}/reports/integrity?course_section=${section}${query}`, { token });

const named = (index: number) => expect.objectContaining({ id: studentAt(index).id });
const listed = (value: Json | undefined): Json[] => value as unknown as Json[];

describe('the integrity report', () => {
  it('counts classes, scans and re-checks', async () => {
    const { status, body } = await report();

    expect(status).toBe(200);
    expect(body).toMatchObject({
      course_section: world.section,
      // The open class that every world begins with is one of them.
      sessions: 5,
      sessions_with_codes: 3,
      // Two in the first class; in the second two, one saved offline and one of the re-check.
      scans: { scans: 6, offline: 1, offline_percent: 17, flagged: 2 },
      rechecks: { held: 1, picked: 2, passed: 1, missed: 1 },
      refusals: [{ code: 'device_already_used', times: 1 }],
    });
  });

  it('counts marks without a scan by category and by who gave them', async () => {
    const { body } = await report();

    expect(body['fallbacks']).toEqual({
      marks: 8,
      unexplained: 2,
      reasons: [
        { fallback: 'no_phone', marks: 3 },
        { fallback: 'flat_battery', marks: 1 },
        { fallback: 'shared_phone', marks: 1 },
        { fallback: 'id_card', marks: 1 },
      ],
      by_staff: [
        {
          staff: {
            id: world.faculty.userId,
            first_name: 'Asha',
            last_name: expect.any(String),
          },
          marks: 7,
          unexplained: 1,
          reasons: [
            { fallback: 'no_phone', marks: 3 },
            { fallback: 'flat_battery', marks: 1 },
            { fallback: 'shared_phone', marks: 1 },
            { fallback: 'id_card', marks: 1 },
          ],
        },
        {
          staff: expect.objectContaining({ id: world.people.hod.id }),
          marks: 1,
          unexplained: 1,
          reasons: [],
        },
      ],
    });
  });

  it('names the students that stand out, a shared phone and a missed re-check before single signs', async () => {
    const { body } = await report();
    const none = { flagged: 0, refused: 0, missed_rechecks: 0, device_changes: 0, offline: 0 };

    expect(listed(body['students'])).toMatchObject([
      // 2 flagged scans, 1 missed re-check, 1 new phone.
      {
        student: { id: studentAt(1).id, roll_number: studentAt(1).rollNumber },
        ...none,
        flagged: 2,
        missed_rechecks: 1,
        device_changes: 1,
        scans: 2,
        offline_percent: 0,
        fallbacks: { marks: 0 },
        fallback_often: false,
      },
      // Twice without a scan, and refused with a phone that had marked somebody else.
      {
        student: { id: studentAt(2).id },
        ...none,
        refused: 1,
        latest_session: { id: sessions.second },
        fallbacks: { marks: 2, unexplained: 0 },
        fallback_often: false,
      },
      // Four times without a scan: with no phone thrice, once by the identity card.
      {
        student: { id: studentAt(3).id },
        ...none,
        scans: 0,
        offline_percent: null,
        attended: 4,
        // The newest of the four.
        latest_session: { id: expect.stringMatching(`${sessions.second}|${sessions.bare}`) },
        fallbacks: {
          marks: 4,
          unexplained: 0,
          reasons: [
            { fallback: 'no_phone', marks: 3 },
            { fallback: 'id_card', marks: 1 },
          ],
        },
        fallback_often: true,
      },
      { student: { id: studentAt(0).id }, ...none, offline: 1, offline_percent: 25, scans: 4 },
      { student: { id: studentAt(4).id }, ...none, fallbacks: { marks: 2, unexplained: 2 } },
    ]);
    expect(listed(body['students'])).toHaveLength(5);
  });

  it('lists flagged scans with what spoke against them, shared phones and gaps', async () => {
    const { body } = await report();

    expect(body['shared_device_attempts']).toEqual([
      {
        session: {
          id: sessions.first,
          scheduled_date: campusDay(0, FIRST),
          start_datetime: expect.any(String),
        },
        student: named(2),
        other_student: named(0),
        at: expect.any(String),
      },
    ]);
    const flagged = listed(body['flagged_scans']);
    expect(flagged).toHaveLength(2);
    expect(flagged[1]).toMatchObject({
      session: { id: sessions.first },
      student: named(1),
      via: 'qr',
      risk_parts: expect.arrayContaining([{ signal: 'key_pending', points: 30 }]),
    });
    expect(JSON.stringify(flagged)).not.toMatch(/jkt|device_key|lat/);
    expect(body).toMatchObject({ shared_device_attempts_total: 1, head_count_gaps_total: 1 });
    expect(body['head_count_gaps']).toEqual([
      {
        session: expect.objectContaining({ id: sessions.first }),
        heads: 9,
        marked: 5,
        outcome: 'headcount_short',
        counted_by: expect.objectContaining({ id: world.faculty.userId }),
        at: expect.any(String),
      },
    ]);
    const alarm = await firstRow<{ body: string }>(
      api.em(),
      "select body from audit_event where action = 'security.device_shared'",
    );
    expect(alarm?.body).toContain(studentAt(0).id);
  });

  it('lists changes of a device, not the first ones', async () => {
    const { body } = await report();

    expect(body['device_changes']).toEqual([
      { student: named(1), at: expect.any(String), status: 'pending' },
    ]);
  });

  it('looks at the days it is asked for', async () => {
    const day = campusDay(0, YESTERDAY);
    const past = await report(`&date_to=${day}`);
    const only = { marks: 1, unexplained: 0, reasons: [{ fallback: 'no_phone', marks: 1 }] };

    expect(past.body).toMatchObject({
      sessions: 1,
      sessions_with_codes: 1,
      scans: { scans: 0, offline: 0, offline_percent: null, flagged: 0 },
      fallbacks: { marks: 2, unexplained: 1 },
      refusals: [],
      flagged_scans: [],
      shared_device_attempts: [],
      head_count_gaps: [],
      device_changes: [],
      students: [
        { student: { id: studentAt(3).id }, fallbacks: only },
        { student: { id: studentAt(4).id } },
      ],
    });
    const today = await report(`&date_from=${campusDay(0, FIRST)}`);
    expect(today.body).toMatchObject({ sessions: 4, fallbacks: { marks: 6, unexplained: 1 } });
    expect((await report(`&date_from=${day}`)).body).toMatchObject({ sessions: 5 });
  });

  it('refuses days in the wrong order, and takes one day', async () => {
    const wrong = await report('&date_from=2026-09-02&date_to=2026-09-01');
    expect([wrong.status, wrong.body['code']]).toEqual([400, 'validation_failed']);
    expect(wrong.body['errors']).toEqual([
      {
        path: 'date_from',
        code: 'not_acceptable',
        detail: 'The first day lies after the last one; give date_from on or before date_to.',
      },
    ]);
    expect((await report('&date_from=2026-09-02&date_to=2026-09-02')).status).toBe(200);
  });

  it('is empty for a section in which nothing happened', async () => {
    const admin = await api.signIn(world.people.admin.email);
    const { body } = await report('', admin, world.other.section);

    expect(body).toMatchObject({
      sessions: 1,
      sessions_with_codes: 0,
      fallbacks: { marks: 0, unexplained: 0, reasons: [], by_staff: [] },
      rechecks: { held: 0, picked: 0, passed: 0, missed: 0 },
      students: [],
    });
  });

  it('is for those who teach, lead or examine the section, never for students or mentors', async () => {
    expect((await report('', phones[0].token)).status).toBe(404);
    expect((await report('', await api.signIn(world.people.mentor.email))).status).toBe(404);
    expect((await report('', await api.signIn(world.people.auditor.email))).status).toBe(404);
    expect((await report('', await api.signIn(world.people.otherHod.email))).status).toBe(404);
    expect((await report('', teacher, world.other.section)).status).toBe(404);
    expect((await report('', hod)).status).toBe(200);
    expect((await report('', await api.signIn(world.people.admin.email))).status).toBe(200);
    expect((await report('', await api.signIn(world.people.examCell.email))).status).toBe(200);
  });

  it('reads with ten statements however much there is', async () => {
    const client = api.deps.orm.em.getConnection().getClient<unknown>();
    const calls = jest.spyOn(client, 'executeQuery');
    const countOf = async (query: string): Promise<number> => {
      calls.mockClear();
      expect((await report(query)).status).toBe(200);
      const texts = calls.mock.calls.map(([call]) => ('sql' in call ? call.sql : ''));
      return texts.filter((text) => /course_section_id = |cs\.id = /.test(text)).length;
    };
    try {
      expect(await countOf('')).toBe(10);
      expect(await countOf('&date_to=2026-01-01')).toBe(10);
    } finally {
      calls.mockRestore();
    }
  });
});

describe('the report of a section whose class is merged with another', () => {
  let merged: World;
  let session: Id;
  const own = { token: '', other: '' };

  beforeAll(async () => {
    merged = await makeWorld(api.em(), { studentCount: 3 });
    own.token = await api.signIn(merged.faculty.email);
    own.other = await api.signIn(merged.other.faculty.email);
    session = await makeSession(api.em(), {
      campus: merged.campus,
      courseSection: merged.section,
      faculty: merged.faculty.id,
      room: merged.room.id,
      startAt: minutesFromNow(-20),
      kind: 'merged',
      policy: { geofenceMode: 'off', lateAfterMinutes: 60, recheckPercent: 100 },
    });
    await rows(
      api.em(),
      `insert into session_section (session_id, course_section_id) values (?::uuid, ?::uuid)`,
      [session, merged.other.section],
    );
    await holdMerged();
  });

  const inSection = (index: number) => {
    const found = merged.students[index];
    if (!found) throw new Error(`the section has no student ${index}`);
    return found;
  };
  const guest = () => {
    const [found] = merged.other.students;
    if (!found) throw new Error('the other section has no student');
    return found;
  };
  const send = (path: string, body: object): Promise<ApiReply> =>
    api.request('POST', `${PATH}/${path}`, {
      token: own.token,
      headers: { 'idempotency-key': v7() },
      body,
    });

  /** A phone that its owner has lent: its key is the borrower's, too. */
  async function lend(lent: Scanner, borrower: { userId: Id; email: string }): Promise<Scanner> {
    await rows(
      api.em(),
      `insert into device_binding (id, device_key_id, user_id, status, slot, valid_from)
       select ?::uuid, id, ?::uuid, 'active', 2, app_clock() from device_key where jkt = ?`,
      [api.deps.ids.next(), borrower.userId, lent.device.jkt],
    );
    return makeScanner(api, await api.signIn(borrower.email), lent.device);
  }

  /** One of each section scans, lends the phone, misses the re-check and is marked with a category. */
  async function holdMerged(): Promise<void> {
    const shown = await send(`sessions/${session}/generate-qr`, {});
    const code = { qr_token: textOf(shown.body['qr_token']) };
    const scanned = await makeScanner(api, await api.signIn(inSection(0).email));
    const strange = await makeScanner(api, await api.signIn(guest().email));
    expect((await scanned.scan(session, code)).status).toBe(201);
    expect((await strange.scan(session, code)).status).toBe(201);
    await rows(
      api.em(),
      "update presence_evidence set verdict = 'accepted_flagged' where session_id = ?::uuid",
      [session],
    );
    expect((await (await lend(strange, inSection(1))).scan(session, code)).status).toBe(409);
    await rows(api.em(), 'delete from device_binding where user_id = ?::uuid', [guest().userId]);
    expect((await (await lend(scanned, guest())).scan(session, code)).status).toBe(409);
    await send(`sessions/${session}/recheck`, {});
    await rows(
      api.em(),
      "update recheck set ends_at = app_clock() - interval '1 s' where session_id = ?::uuid",
      [session],
    );
    await runDueRechecks(operationFor(api.deps, SYSTEM_ACTOR), { below: () => 0 });
    for (const student of [inSection(0).id, inSection(1).id, guest().id]) {
      const body = { session, student, mark: 'present', fallback: 'no_phone' };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect([200, 201]).toContain((await send('records', body)).status);
    }
  }

  const reports = async () => ({
    mine: (await report('', own.token, merged.section)).body,
    theirs: (await report('', own.other, merged.other.section)).body,
  });

  it('names and counts nobody of the other', async () => {
    const { mine, theirs } = await reports();

    expect(JSON.stringify(mine)).not.toContain(guest().id);
    expect(JSON.stringify(theirs)).not.toMatch(
      new RegExp(merged.students.map(({ id }) => id).join('|')),
    );
    for (const body of [mine, theirs]) {
      expect(body).toMatchObject({
        sources: [{ source: 'manual' }],
        scans: { scans: 1 },
        rechecks: { held: 1, picked: 1, missed: 1 },
        refusals: [{ code: 'device_already_used', times: 1 }],
        shared_device_attempts: [{ other_student: null }],
        shared_device_attempts_total: 1,
      });
      expect(body['flagged_scans']).toHaveLength(1);
    }
    expect(mine['shared_device_attempts']).toMatchObject([{ student: { id: inSection(1).id } }]);
    expect(theirs['shared_device_attempts']).toMatchObject([{ student: { id: guest().id } }]);
  });

  it('counts no mark as a fallback beside which the student scanned, whatever its category', async () => {
    const { mine, theirs } = await reports();

    expect(mine['fallbacks']).toMatchObject({
      marks: 1,
      reasons: [{ fallback: 'no_phone', marks: 1 }],
    });
    expect(theirs['fallbacks']).toMatchObject({ marks: 0, by_staff: [] });
  });

  it('takes no refusal for a sign that happens to honest people, and lists them all', async () => {
    await refuse(inSection(2).id, ['code_expired', 'session_not_open', 'device_unbound']);
    const before = (await reports()).mine;
    await refuse(inSection(2).id, ['geofence_outside', 'proof_invalid']);
    const after = (await reports()).mine;

    const signs = (body: Json) =>
      listed(body['students']).map(({ student, refused }) => [student?.['id'], refused]);
    // A missed re-check, and a shared phone, outweigh two single refusals.
    const first = [
      [inSection(1).id, 1],
      [inSection(0).id, 0],
    ];
    expect(signs(before)).toEqual(first);
    expect(signs(after)).toEqual([...first, [inSection(2).id, 2]]);
    expect(listed(after['refusals']).map(({ code }) => code)).toEqual([
      'code_expired',
      'device_already_used',
      'device_unbound',
      'geofence_outside',
      'proof_invalid',
      'session_not_open',
    ]);
  });

  it('says how many there are where a list is cut', async () => {
    await rows(
      api.em(),
      `insert into scan_refusal (id, session_id, student_id, code, other_student_id)
       select gen_random_uuid(), ?::uuid, ?::uuid, 'device_already_used', ?::uuid
       from generate_series(1, 204)`,
      [session, inSection(1).id, inSection(0).id],
    );
    await rows(
      api.em(),
      `insert into head_count (id, session_id, heads, marked, tolerance, outcome, counted_by_id)
       select gen_random_uuid(), ?::uuid, 9, 3, 1, 'headcount_short', ?::uuid
       from generate_series(1, 203)`,
      [session, merged.faculty.userId],
    );
    const { mine } = await reports();

    expect(mine).toMatchObject({ shared_device_attempts_total: 205, head_count_gaps_total: 203 });
    expect(mine['shared_device_attempts']).toHaveLength(200);
    expect(mine['head_count_gaps']).toHaveLength(200);
  });

  const refuse = (student: Id, codes: readonly string[]) =>
    rows(
      api.em(),
      `insert into scan_refusal (id, session_id, student_id, code)
       select gen_random_uuid(), ?::uuid, ?::uuid, n.code from unnest(?::text[]) as n(code)`,
      [session, student, codes],
    );
});
