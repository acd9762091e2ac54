/** Why staff marked without a scan: who gives it, with which marks, where it is kept, who reads it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import { makeDevice, type TestDevice } from '../../../test/device.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { makeScanner } from '../../../test/scanner.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { FALLBACKS } from '../../domain/presence/fallback.ts';
import type { Id } from '../../domain/types.ts';

const PATH = '/api/v1/attendance/records';
const MINUTE = 60_000;

let api: TestApi;
let world: World;
let session: Id;
let phone: TestDevice;
const tokens = { teacher: '', student: '', mate: '', hod: '', admin: '', mentor: '' };

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 3 });
  tokens.teacher = await api.signIn(world.faculty.email);
  tokens.student = await api.signIn(world.student.email);
  tokens.mate = await api.signIn(studentAt(1).email);
  tokens.hod = await api.signIn(world.people.hod.email);
  tokens.admin = await api.signIn(world.people.admin.email);
  tokens.mentor = await api.signIn(world.people.mentor.email);
  phone = await makeDevice();
  await phone.register(api, tokens.teacher);
  await rows(api.em(), "update device_binding set valid_from = valid_from - interval '1 day'");
});
afterAll(() => api.close());
beforeEach(async () => {
  session = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-15),
  });
});

function studentAt(index: number) {
  const found = world.students[index];
  if (!found) throw new Error(`the world has no student ${index}`);
  return found;
}

const send = (
  method: string,
  path: string,
  body: object,
  { token = tokens.teacher, key = v7(), headers = {} } = {},
): Promise<ApiReply> =>
  api.request(method, path, { token, body, headers: { 'idempotency-key': key, ...headers } });
const mark = (body: object, options = {}): Promise<ApiReply> =>
  send('POST', PATH, { session, student: world.student.id, mark: 'present', ...body }, options);
const read = (path: string, token = tokens.teacher): Promise<ApiReply> =>
  api.request('GET', `${PATH}${path}`, { token });

/** The refused field of an answer, with its code. */
const refused = ({ status, body }: ApiReply): unknown => [
  status,
  (body['errors'] as unknown as Json[] | undefined)?.map(({ path, code }) => [path, code]),
];

interface Stored {
  readonly evidence: unknown;
  readonly rank: number;
  readonly capture_mode: string;
}

const storedOf = (student: Id): Promise<Stored[]> =>
  rows<Stored>(
    api.em(),
    `select evidence, rank, capture_mode from attendance_operation
     where session_id = ?::uuid and student_id = ?::uuid order by received_at, op_id`,
    [session, student],
  );

async function recordOf(student: Id): Promise<Id> {
  const row = await firstRow<{ id: Id }>(
    api.em(),
    'select id from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
    [session, student],
  );
  return row?.id ?? '';
}

async function recordMark(student: Id): Promise<string | null> {
  const row = await firstRow<{ mark: string | null }>(
    api.em(),
    'select mark from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
    [session, student],
  );
  return row?.mark ?? null;
}

const edit = async (body: object, token = tokens.teacher): Promise<ApiReply> =>
  send('PATCH', `${PATH}/${await recordOf(world.student.id)}`, body, {
    token,
    headers: { 'if-match': '"1"' },
  });

const inSync = (op: object) => ({
  client_id: 'test',
  sent_at: new Date().toISOString(),
  sent_mono_ms: 50 * MINUTE,
  boot_id: 'boot-1',
  ops: [
    {
      op_id: v7(),
      session,
      student: world.student.id,
      kind: 'mark',
      mark: 'present',
      captured_at: minutesFromNow(-10).toISOString(),
      captured_mono_ms: 40 * MINUTE,
      boot_id: 'boot-1',
      base_op_id: null,
      acks: [],
      evidence: {},
      ...op,
    },
  ],
});
const sync = (op: object, device = phone, token = tokens.teacher): Promise<ApiReply> =>
  device.request(api, 'POST', '/api/v1/attendance/sync', { token, body: inSync(op) });

describe('a fallback', () => {
  it.each(FALLBACKS)('%s is kept with the mark, as evidence of its claim', async (fallback) => {
    const reply = await mark({ fallback });

    expect([reply.status, reply.body['status']]).toEqual([201, 'applied']);
    expect(await storedOf(world.student.id)).toEqual([
      { evidence: { fallback }, rank: 80, capture_mode: 'online' },
    ]);
  });

  it('is no duty: a mark without one is taken as before and keeps no evidence', async () => {
    expect((await mark({})).status).toBe(201);
    expect(await storedOf(world.student.id)).toEqual([
      { evidence: null, rank: 80, capture_mode: 'online' },
    ]);
  });

  it('changes neither rank nor mark: a mark with one and a mark without stand alike', async () => {
    await mark({ mark: 'late', fallback: 'no_phone' });
    await mark({ mark: 'late', student: studentAt(1).id });

    const found = await rows(
      api.em(),
      'select mark, rank, source, flags from attendance_record where session_id = ?::uuid',
      [session],
    );
    expect(found).toEqual([
      { mark: 'late', rank: 80, source: 'manual', flags: [] },
      { mark: 'late', rank: 80, source: 'manual', flags: [] },
    ]);
  });

  it('comes in a class of marks, with a change of a record, and with a claim made offline', async () => {
    const bulk = await send('POST', `${PATH}/bulk-mark`, {
      session,
      records: [
        { student: world.student.id, mark: 'present', fallback: 'id_card' },
        { student: studentAt(1).id, mark: 'absent' },
      ],
    });
    expect(bulk.body['counts']).toMatchObject({ applied: 2, rejected: 0 });
    const changed = await edit({ mark: 'late', fallback: 'flat_battery' });
    expect(changed.status).toBe(200);
    const offline = await sync({ student: studentAt(2).id, evidence: { fallback: 'no_camera' } });
    expect(offline.body['results']).toMatchObject([{ status: 'applied', code: null }]);

    expect((await storedOf(world.student.id)).map(({ evidence }) => evidence)).toEqual([
      { fallback: 'id_card' },
      { fallback: 'flat_battery' },
    ]);
    expect(await storedOf(studentAt(2).id)).toEqual([
      { evidence: { fallback: 'no_camera' }, rank: 80, capture_mode: 'offline' },
    ]);
  });

  it('comes with the override of a head of department, too', async () => {
    await mark({});
    const reply = await edit({ mark: 'late', fallback: 'other', reason: 'seen late' }, tokens.hod);

    expect(reply.status).toBe(200);
    expect((await storedOf(world.student.id)).at(-1)).toMatchObject({
      evidence: { fallback: 'other' },
      rank: 90,
    });
  });

  it('is part of what a key names: the same key with another one is another claim (R0)', async () => {
    const key = v7();
    expect((await mark({ fallback: 'no_phone' }, { key })).status).toBe(201);

    const repeat = await mark({ fallback: 'no_phone' }, { key });
    expect([repeat.status, repeat.body['status']]).toEqual([200, 'duplicate']);
    const other = await mark({ fallback: 'other' }, { key });
    expect([other.status, other.body['code']]).toEqual([422, 'op_id_reused']);
    const none = await mark({}, { key });
    expect([none.status, none.body['code']]).toEqual([422, 'op_id_reused']);

    const opId = v7();
    await sync({ op_id: opId, evidence: { fallback: 'no_phone' } });
    const again = await sync({ op_id: opId, evidence: { fallback: 'other' } });
    expect(again.body['results']).toMatchObject([{ status: 'rejected', code: 'op_id_reused' }]);
  });

  it('is in the audit event of its claim', async () => {
    await mark({ fallback: 'shared_phone' });

    const event = await firstRow<{ body: string }>(
      api.em(),
      "select body from audit_event where action = 'op.recorded' and chain = ?",
      [`session:${session}`],
    );
    expect(event?.body).toContain('"fallback":"shared_phone"');
  });
});

describe('a fallback that is refused', () => {
  it.each(['absent', 'excused'])(
    'with %s names the field, where the request is one claim',
    async (wrong) => {
      await mark({});
      const body = { mark: wrong, fallback: 'no_phone' };

      expect(refused(await mark(body))).toEqual([400, [['fallback', 'not_acceptable']]]);
      expect(refused(await edit(body))).toEqual([400, [['fallback', 'not_acceptable']]]);
      expect(await storedOf(world.student.id)).toHaveLength(1);
    },
  );

  const misplaced = {
    status: 'rejected',
    code: 'mark_not_allowed',
    detail: 'A fallback goes with present or late only; leave it out.',
  };

  it.each(['absent', 'excused'])('with %s in a class of marks blocks no other', async (wrong) => {
    const reply = await send('POST', `${PATH}/bulk-mark`, {
      session,
      records: [
        { student: world.student.id, mark: wrong, fallback: 'no_phone' },
        { student: studentAt(1).id, mark: 'present', fallback: 'no_phone' },
        { student: studentAt(2).id, mark: 'absent' },
      ],
    });

    expect(reply.status).toBe(200);
    expect(reply.body['results']).toMatchObject([
      { ...misplaced, student: world.student.id, record: null },
      { status: 'applied', student: studentAt(1).id },
      { status: 'applied', student: studentAt(2).id },
    ]);
    expect(reply.body['counts']).toMatchObject({ applied: 2, rejected: 1 });
    expect(await storedOf(world.student.id)).toEqual([]);
  });

  it.each(['absent', 'excused'])('with %s among saved marks blocks no other', async (wrong) => {
    const body = inSync({ mark: wrong, evidence: { fallback: 'no_phone' } });
    const fine = inSync({ student: studentAt(1).id, evidence: { fallback: 'no_phone' } });
    const request = { ...body, ops: [...body.ops, ...fine.ops] };
    const send = () =>
      phone.request(api, 'POST', '/api/v1/attendance/sync', {
        token: tokens.teacher,
        body: request,
      });
    const reply = await send();

    expect(reply.status).toBe(200);
    expect(reply.body['results']).toMatchObject([misplaced, { status: 'applied' }]);
    // It is kept as evidence of what was tried, changes nothing, and is told the same again.
    expect(await recordMark(world.student.id)).toBeNull();
    expect((await send()).body['results']).toMatchObject([
      { status: 'duplicate', original: misplaced },
      { status: 'duplicate', original: { status: 'applied' } },
    ]);
  });

  it('is none of the list', async () => {
    expect(refused(await mark({ fallback: 'lazy' }))).toEqual([400, [['fallback', 'not_in_list']]]);
    expect(refused(await sync({ evidence: { fallback: 'lazy' } }))).toEqual([
      400,
      [['ops.0.evidence.fallback', 'not_in_list']],
    ]);
  });

  it('is a word of staff: no student gives one for a mark, a scan or a saved scan', async () => {
    const own = await mark({ fallback: 'no_phone' }, { token: tokens.student });
    expect([own.status, own.body['code']]).toEqual([403, 'not_staff']);

    const scanner = await makeScanner(api, tokens.student);
    await rows(api.em(), "update device_binding set valid_from = valid_from - interval '1 day'");
    const shown = await api.request('POST', `/api/v1/attendance/sessions/${session}/generate-qr`, {
      token: tokens.teacher,
      body: {},
    });
    const code = { qr_token: textOf(shown.body['qr_token']) };
    const scan = await scanner.scan(session, code, { body: { fallback: 'no_phone' } });
    expect(refused(scan)).toEqual([400, [['fallback', 'unknown_field']]]);

    const evidence = { qr_code: code.qr_token, fallback: 'no_phone' };
    const saved = await sync({ evidence }, scanner.device, tokens.student);
    expect(saved.body['results']).toMatchObject([
      {
        status: 'rejected',
        code: 'kind_not_allowed',
        detail: expect.stringContaining('evidence.fallback'),
      },
    ]);
    const control = await scanner.scan(session, code);
    expect(control.status).toBe(201);
  });
});

describe('a fallback is read', () => {
  const fallbacksIn = (reply: ApiReply): unknown =>
    (reply.body['operations'] as unknown as Json[]).map(({ fallback }) => fallback);

  it('in record and history, by staff and by the student it is about', async () => {
    await mark({});
    await edit({ mark: 'late', fallback: 'flat_battery' });
    const id = await recordOf(world.student.id);

    const { teacher, hod, admin, mentor, student } = tokens;
    for (const token of [teacher, hod, admin, mentor, student]) {
      expect((await read(`/${id}`, token)).body['fallback']).toBe('flat_battery');
      const history = await read(`/${id}/history`, token);
      expect(fallbacksIn(history)).toEqual([null, 'flat_battery']);
      expect(history.body['record']).toMatchObject({ fallback: 'flat_battery' });
    }
  });

  it('on the roll by staff, and nowhere by a fellow student', async () => {
    await mark({ fallback: 'no_phone' });
    await mark({ student: studentAt(1).id });
    const id = await recordOf(world.student.id);
    const roster = (token: string): Promise<ApiReply> =>
      api.request('GET', `/api/v1/attendance/sessions/${session}/roster`, { token });

    const staffs = (await roster(tokens.teacher)).body['students'];
    expect(staffs).toContainEqual(
      expect.objectContaining({ record: expect.objectContaining({ fallback: 'no_phone' }) }),
    );
    expect((await read(`/${id}`, tokens.mate)).status).toBe(404);
    expect((await read(`/${id}/history`, tokens.mate)).status).toBe(404);
    const listed = await read(`?session=${session}`, tokens.mate);
    const mates = await roster(tokens.mate);
    expect(mates.body['students']).toHaveLength(1);
    expect(listed.body['results']).toHaveLength(1);
    expect(JSON.stringify([listed.body, mates.body])).not.toContain('no_phone');
    const heard = async (token: string): Promise<unknown> =>
      (await api.request('GET', `/api/v1/attendance/sessions/${session}/events`, { token })).body;
    const told = JSON.stringify(await heard(tokens.teacher));
    expect(told).toContain('"fallback":"no_phone"');
    expect(told).toContain('"fallback":null');
    expect(JSON.stringify(await heard(tokens.mate))).not.toContain('no_phone');
  });
});
