/** The offline sync route as phones of students and teachers use it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v5, v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeDevice, type TestDevice } from '../../../test/device.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import { applyOperations, type OperationDraft } from '../../operations/records/apply-operations.ts';

const PATH = '/api/v1/attendance/sync';
const MINUTE = 60_000;

let api: TestApi;
let world: World;
let teacher: string;
let student: string;
let teacherPhone: TestDevice;
let studentPhone: TestDevice;

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 4 });
  teacher = await api.signIn(world.faculty.email);
  student = await api.signIn(world.student.email);
  teacherPhone = await makeDevice();
  studentPhone = await makeDevice();
  await teacherPhone.register(api, teacher);
  await studentPhone.register(api, student);
  await rows(api.em(), "update device_binding set valid_from = valid_from - interval '1 day'");
});

afterAll(() => api.close());

const studentAt = (index: number): Id => {
  const found = world.students[index];
  if (!found) throw new Error(`the world has no student ${index}`);
  return found.id;
};

const openClass = (policy: Partial<SessionPolicy> = {}): Promise<Id> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-15),
    policy,
  });

const op = (session: Id, change: object = {}) => ({
  op_id: v7(),
  session,
  student: studentAt(1),
  kind: 'mark',
  mark: 'present',
  captured_at: minutesFromNow(-10).toISOString(),
  captured_mono_ms: 40 * MINUTE,
  boot_id: 'boot-1',
  base_op_id: null,
  acks: [],
  evidence: {},
  ...change,
});

function send(
  ops: readonly object[],
  { token = teacher, phone = teacherPhone, change = {} } = {},
): Promise<ApiReply> {
  return phone.request(api, 'POST', PATH, {
    token,
    body: {
      client_id: 'test',
      sent_at: new Date().toISOString(),
      sent_mono_ms: 50 * MINUTE,
      boot_id: 'boot-1',
      ops,
      ...change,
    },
  });
}

/** The code that was on the screen when `op` was captured, or so many seconds before. */
async function codeOf(session: Id, secondsBefore = 0): Promise<{ qr_code: string }> {
  const codes = await api.deps.presence.codes();
  const step = Math.floor((Date.now() - 10 * MINUTE) / 10_000 - secondsBefore / 10);
  return {
    qr_code: codes.seal(session, { step, recheck: false, isStatic: false, exit: false }),
  };
}

const asStudent = () => ({ token: student, phone: studentPhone });

interface RollReply {
  readonly seq: number;
  readonly students: readonly { readonly waiting: unknown; readonly record: unknown }[];
}

async function rollOf(session: Id, token = teacher): Promise<RollReply> {
  const reply = await api.request('GET', `/api/v1/attendance/sessions/${session}/roster`, {
    token,
  });
  return reply.body as unknown as RollReply;
}

const waitingOn = async (session: Id, token = teacher): Promise<unknown[]> =>
  (await rollOf(session, token)).students.map(({ waiting }) => waiting);

async function eventsOf(session: Id, after: number): Promise<unknown> {
  const path = `/api/v1/attendance/sessions/${session}/events?after=${after}`;
  return (await api.request('GET', path, { token: teacher })).body['events'];
}

/** The teacher's mark of the student at 0. */
const mark = (session: Id, claim: object): Promise<ApiReply> =>
  api.request('POST', '/api/v1/attendance/records', {
    token: teacher,
    headers: { 'idempotency-key': v7() },
    body: { session, student: studentAt(0), mark: 'present', ...claim },
  });

describe('POST sync/', () => {
  it('takes the roll call of a teacher and answers each claim', async () => {
    const session = await openClass();
    const ops = [op(session), op(session, { student: studentAt(2), mark: 'late' })];

    const reply = await send(ops);

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      server_time: expect.any(String),
      results: [
        {
          op_id: ops[0]?.op_id,
          status: 'applied',
          code: null,
          record: { mark: 'present', source: 'manual', capture_mode: 'offline' },
          conflict_ids: [],
          won: null,
          original: null,
        },
        { op_id: ops[1]?.op_id, status: 'applied', record: { mark: 'late' } },
      ],
      counts: { applied: 2, rejected: 0 },
    });
    const repeat = await send(ops);
    expect(repeat.body['counts']).toMatchObject({ applied: 0, duplicate: 2 });
  });

  it('keeps a scan of a student for the teacher to confirm, who finds it on the roll', async () => {
    const session = await openClass({ offlineQr: 'confirm_first' });
    const scan = op(session, { student: studentAt(0), evidence: await codeOf(session) });
    const before = (await rollOf(session)).seq;

    const reply = await send([scan], asStudent());

    expect(reply.body['results']).toMatchObject([
      { status: 'needs_review', code: 'offline_unconfirmed', record: { mark: null } },
    ]);
    const waiting = {
      op_id: scan.op_id,
      source: 'qr',
      capture_mode: 'offline',
      code: 'offline_unconfirmed',
      effective_at: expect.any(String),
    };
    expect(await waitingOn(session)).toEqual([[waiting], [], [], []]);
    expect(await waitingOn(session, student)).toEqual([[waiting]]);
    expect(await eventsOf(session, before)).toEqual([
      expect.objectContaining({ type: 'waiting.changed', payload: { student: studentAt(0) } }),
    ]);

    const confirmed = await mark(session, { acks: [scan.op_id] });

    expect(confirmed.body).toMatchObject({ status: 'applied', record: { mark: 'present' } });
    expect(await waitingOn(session)).toEqual([[], [], [], []]);
    expect((await rollOf(session)).students[0]).toMatchObject({
      record: { mark: 'present', sync_status: 'synced' },
    });
  });

  it('answers a scan that waits by a mark of many, and by no mark that does not name it', async () => {
    const session = await openClass({ offlineQr: 'confirm_first' });
    const scan = op(session, { student: studentAt(0), evidence: await codeOf(session) });
    await send([scan], asStudent());

    await mark(session, {});
    expect(await waitingOn(session)).toEqual([
      [expect.objectContaining({ op_id: scan.op_id })],
      [],
      [],
      [],
    ]);
    const records = [{ student: studentAt(0), mark: 'present', acks: [scan.op_id] }];
    await api.request('POST', '/api/v1/attendance/records/bulk-mark', {
      token: teacher,
      headers: { 'idempotency-key': v7() },
      body: { session, records },
    });

    expect(await waitingOn(session)).toEqual([[], [], [], []]);
  });

  it('tells that a scan was answered by a mark that changed no record', async () => {
    const session = await openClass({ offlineQr: 'confirm_first' });
    const override: OperationDraft = {
      opId: v7(),
      studentId: studentAt(0),
      mark: 'present',
      rank: RANK.override,
      source: 'manual',
    };
    const operation = operationFor(api.deps, SYSTEM_ACTOR);
    await operation.em.transactional((em) => applyOperations(operation, em, session, [override]));
    const scan = op(session, { student: studentAt(0), evidence: await codeOf(session) });
    await send([scan], asStudent());
    const before = await eventsOf(session, 0);
    const { length } = before as unknown[];

    const answer = await mark(session, { acks: [scan.op_id] });

    expect(answer.body['status']).toBe('superseded');
    expect(await eventsOf(session, length)).toMatchObject([
      { type: 'waiting.changed', payload: { student: studentAt(0) } },
    ]);
  });

  it('answers what waits with the mark of the rest, and writes over nobody', async () => {
    const session = await openClass({ offlineQr: 'confirm_first' });
    const code = await codeOf(session);
    const scan = op(session, { student: studentAt(0), evidence: code });
    await send([scan], asStudent());
    // Between the reading of the roll and the press of the button a colleague marked another.
    const late = op(session, { student: studentAt(1), mark: 'late' });
    await send([late]);
    const rest = () =>
      api.request('POST', '/api/v1/attendance/records/bulk-mark', {
        token: teacher,
        headers: { 'idempotency-key': v7() },
        body: {
          session,
          records: [],
          default: { mark: 'present', acks: [scan.op_id, late.op_id] },
        },
      });
    expect((await rest()).status).toBe(200);
    const { students } = await rollOf(session);
    expect(students.map(({ waiting }) => waiting)).toEqual([[], [], [], []]);
    expect(students.map(({ record }) => record)).toMatchObject([
      { mark: 'present' },
      { mark: 'late' },
      { mark: 'present' },
      { mark: 'present' },
    ]);
    const acks = await rows(
      api.em(),
      `select student_id, acks from attendance_operation
       where session_id = ?::uuid and cardinality(acks) > 0`,
      [session],
    );
    expect(acks).toEqual([{ student_id: studentAt(0), acks: [scan.op_id] }]);
  });

  it('refuses an id that the system could give to an operation of its own', async () => {
    const session = await openClass();
    const reply = await send([op(session, { op_id: v5('correction', session) })]);
    expect(reply.status).toBe(400);
    expect(reply.body['errors']).toMatchObject([{ path: 'ops.0.op_id' }]);
  });

  it('believes a saved code only near the time it was on the screen, and only in its class', async () => {
    const session = await openClass({ offlineQr: 'confirm_first' });
    const elsewhere = await openClass({ offlineQr: 'confirm_first' });
    const scan = async (code: object) => op(session, { student: studentAt(0), evidence: code });

    const reply = await send(
      [
        await scan(await codeOf(session, 60)),
        await scan(await codeOf(session, -60)),
        await scan(await codeOf(elsewhere)),
        await scan({ qr_code: 'no code' }),
        await scan(await codeOf(session)),
      ],
      asStudent(),
    );

    expect(reply.body['results']).toMatchObject([
      { status: 'rejected', code: 'stale_code' },
      { status: 'rejected', code: 'stale_code' },
      { status: 'rejected', code: 'code_invalid' },
      { status: 'rejected', code: 'code_invalid' },
      { status: 'needs_review', code: 'offline_unconfirmed' },
    ]);
    const kept = await rows<{ evidence: unknown }>(
      api.em(),
      "select evidence from attendance_operation where session_id = ?::uuid and outcome = 'admitted'",
      [session],
    );
    expect(kept).toEqual([{ evidence: { via: 'qr', step: expect.any(Number) } }]);
  });

  it('lets a student send their own scans only', async () => {
    const session = await openClass({ offlineQr: 'confirm_first' });
    const closed = await openClass({ offlineQr: 'off' });
    const own = { student: studentAt(0), evidence: await codeOf(session) };

    const reply = await send(
      [
        op(session, { ...own, student: studentAt(1) }),
        op(session, { student: studentAt(0) }),
        op(session, { ...own, mark: 'absent' }),
        op(closed, { ...own, evidence: await codeOf(closed) }),
      ],
      asStudent(),
    );

    expect(reply.body['results']).toMatchObject([
      { status: 'rejected', code: 'student_not_accepted' },
      { status: 'rejected', code: 'kind_not_allowed' },
      { status: 'rejected', code: 'mark_not_allowed' },
      { status: 'rejected', code: 'offline_qr_disabled' },
    ]);
  });

  it('shows a phone that two students used, whichever claim came first', async () => {
    const session = await openClass({ offlineQr: 'confirm_first' });
    const other = world.students[3];
    const token = await api.signIn(other?.email ?? '');
    const phone = await makeDevice();
    await phone.register(api, token);
    await rows(api.em(), "update device_binding set valid_from = valid_from - interval '1 day'");
    const [shared] = await rows<{ id: Id }>(api.em(), 'select id from device_key where jkt = ?', [
      studentPhone.jkt,
    ]);
    const code = await codeOf(session);
    const scan = (index: number, evidence: object) =>
      op(session, { student: studentAt(index), evidence: { ...code, ...evidence } });

    await send([scan(3, { device_key_id: shared?.id })], { token, phone });
    const reply = await send([scan(0, {})], asStudent());

    expect(reply.body['results']).toMatchObject([{ status: 'needs_review' }]);
    const conflict = await firstRow(
      api.em(),
      'select kind, state from attendance_conflict where session_id = ?::uuid',
      [session],
    );
    expect(conflict).toEqual({ kind: 'shared_device', state: 'open' });
  });

  it('refuses a request without the proof of a registered device', async () => {
    const session = await openClass();
    const bare = await api.request('POST', PATH, {
      token: teacher,
      body: {
        client_id: 'test',
        sent_at: new Date().toISOString(),
        sent_mono_ms: 0,
        boot_id: 'boot-1',
        ops: [op(session)],
      },
    });
    expect([bare.status, bare.body['code']]).toEqual([401, 'device_proof_required']);

    const stranger = await send([op(session)], { phone: await makeDevice() });
    expect([stranger.status, stranger.body['code']]).toEqual([403, 'device_not_registered']);
    const foreign = await send([op(session)], { phone: studentPhone });
    expect([foreign.status, foreign.body['code']]).toEqual([403, 'device_of_another']);
    const stored = await rows(
      api.em(),
      'select 1 from attendance_operation where session_id = ?::uuid',
      [session],
    );
    expect(stored).toEqual([]);
  });

  it('refuses more than 500 claims, and 10,000, with 413', async () => {
    const session = await openClass();

    const many = await send(Array.from({ length: 501 }, () => op(session)));
    expect([many.status, many.body['code']]).toEqual([413, 'payload_too_large']);
    const flood = await send(Array.from({ length: 10_000 }, () => op(session)));
    expect(flood.status).toBe(413);
  });

  it.each<[string, object, string]>([
    ['an unknown field', { source: 'offline' }, 'ops.0.source'],
    ['a mark that is none', { mark: 'here' }, 'ops.0.mark'],
    ['another kind', { kind: 'withdraw' }, 'ops.0.kind'],
    ['an id that is none', { op_id: 'x' }, 'ops.0.op_id'],
    ['an instant without an offset', { captured_at: '2026-08-14T10:00:00' }, 'ops.0.captured_at'],
    ['a steady clock before its boot', { captured_mono_ms: -1 }, 'ops.0.captured_mono_ms'],
  ])('names %s', async (_name, change, path) => {
    const session = await openClass();

    const reply = await send([op(session, change)]);

    expect(reply.status).toBe(400);
    expect(
      Object.values(reply.body['errors'] ?? {}).map((error) => textOf(error['path'])),
    ).toContain(path);
  });

  it('leaves what is not the sender’s untold: a class of others is unknown', async () => {
    const reply = await send([op(world.other.session, { student: world.other.students[0]?.id })]);

    expect(reply.body['results']).toMatchObject([
      { status: 'rejected', code: 'session_unknown', record: null },
    ]);
  });
});
