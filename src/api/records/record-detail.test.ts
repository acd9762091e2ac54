import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import {
  assignTeaching,
  makeFaculty,
  makeSession,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import * as entity from '../../db/entities/index.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import { applyOperations, type OperationDraft } from '../../operations/records/apply-operations.ts';
import { authRoutes } from '../auth/routes.ts';
import { sessionRoutes } from '../sessions/routes.ts';
import { recordRoutes } from './routes.ts';

const PATH = '/api/v1/attendance/records/';

let api: TestApi;
let world: World;
let session: string;
let student: string;
const tokens = { teacher: '', student: '', hod: '', admin: '', otherHod: '', mate: '' };

beforeAll(async () => {
  api = await startTestApi({
    routes: (deps) => [...authRoutes(deps), ...sessionRoutes(deps), ...recordRoutes()],
    variables: { RATE_LIMIT_SCALE: '100' },
  });
  world = await makeWorld(api.em(), { studentCount: 3 });
  student = world.student.id;
  tokens.teacher = await api.signIn(world.faculty.email);
  tokens.student = await api.signIn(world.student.email);
  tokens.hod = await api.signIn(world.people.hod.email);
  tokens.admin = await api.signIn(world.people.admin.email);
  tokens.otherHod = await api.signIn(world.people.otherHod.email);
  tokens.mate = await api.signIn(world.students[1]?.email ?? '');
});

afterAll(() => api.close());

beforeEach(async () => {
  session = await classFrom(-5);
});

async function classFrom(start: number, change: object = {}): Promise<string> {
  return makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(start),
    endAt: minutesFromNow(start + 60),
    ...change,
  });
}

const verdict = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];
const list = (value: Json | undefined): Json[] => value as unknown as Json[];

/** Stores claims as machines and other paths do. */
const store = (...drafts: readonly Partial<OperationDraft>[]): Promise<string[]> =>
  storeAs(null, 'system', ...drafts);

async function storeAs(
  userId: string | null,
  role: string,
  ...drafts: readonly Partial<OperationDraft>[]
): Promise<string[]> {
  const whole = drafts.map((draft) => ({
    opId: v7(),
    studentId: student,
    mark: 'present' as const,
    rank: 50,
    source: 'qr' as const,
    ...draft,
  }));
  const operation = operationFor(api.deps, { ...SYSTEM_ACTOR, userId, role });
  await operation.em.transactional((em) =>
    applyOperations({ ...operation, em }, em, session, whole),
  );
  return whole.map((draft) => draft.opId);
}

async function makeDeviceKey(): Promise<string> {
  const id = v7();
  await api.em().insert(entity.DeviceKey, { id, jkt: id, publicKey: {} });
  return id;
}

async function mark(body: object, token = tokens.teacher): Promise<Json> {
  const reply = await api.request('POST', PATH, {
    token,
    body: { session, student, mark: 'present', ...body },
    headers: { 'idempotency-key': v7() },
  });
  expect([200, 201]).toContain(reply.status);
  return reply.body;
}

async function recordOf(who = student): Promise<string> {
  const row = await firstRow<{ id: string }>(
    api.em(),
    'select id from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
    [session, who],
  );
  return row?.id ?? '';
}

const read = (id: string, token = tokens.teacher): Promise<ApiReply> =>
  api.request('GET', `${PATH}${id}/`, { token });
const readHistory = (id: string, token = tokens.teacher): Promise<ApiReply> =>
  api.request('GET', `${PATH}${id}/history/`, { token });

interface Edit {
  readonly token?: string;
  readonly key?: string;
  readonly version?: number | null;
}

function edit(id: string, body: object, given: Edit = {}): Promise<ApiReply> {
  const { token = tokens.teacher, key = v7(), version = 1 } = given;
  return api.request('PATCH', `${PATH}${id}/`, {
    token,
    body,
    headers: {
      'idempotency-key': key,
      ...(version === null ? {} : { 'if-match': `"${version}"` }),
    },
  });
}

const storedOperations = (): Promise<object[]> =>
  rows(api.em(), 'select op_id from attendance_operation where session_id = ?::uuid', [session]);

describe('GET records/{id}', () => {
  it('shows every field with the version as its ETag', async () => {
    const deviceKeyId = await makeDeviceKey();
    const [opId] = await store({
      deviceKeyId,
      evidence: { location: { verdict: 'inside', distance_m: 33, lat: 17, lng: 78 } },
      notes: 'scanned at the door',
    });
    const id = await recordOf();

    const reply = await read(id);

    expect(reply.status).toBe(200);
    expect(reply.headers.get('etag')).toBe('"1"');
    expect(reply.body).toMatchObject({
      id,
      session,
      student,
      source: 'qr',
      capture_mode: 'online',
      device_id: deviceKeyId,
      location: { verdict: 'inside', distance_m: 30 },
      sync_status: 'synced',
      winner_op_id: opId,
      version: 1,
      notes: 'scanned at the door',
      reason: null,
      has_notes: true,
      has_reason: false,
    });
    expect(reply.body['location']).toEqual({ verdict: 'inside', distance_m: 30 });
    expect(reply.body['marked_at']).toEqual(expect.any(String));
  });

  it.each([
    ['the student', () => tokens.student, 200],
    ['the head of the department', () => tokens.hod, 200],
    ['an administrator', () => tokens.admin, 200],
    ['another student of the class', () => tokens.mate, 404],
    ['the head of another department', () => tokens.otherHod, 404],
  ])('answers %s by scope', async (_name, token, status) => {
    await mark({});
    const id = await recordOf();

    expect((await read(id, token())).status).toBe(status);
    expect((await readHistory(id, token())).status).toBe(status);
  });

  it('is absent where there is no such record', async () => {
    expect(verdict(await read(v7()))).toEqual([404, 'not_found']);
    expect(verdict(await readHistory(v7()))).toEqual([404, 'not_found']);
  });

  it('tells the student that a note exists, staff what it says, and the auditor who read it', async () => {
    await mark({ mark: 'late', notes: 'missed the bus', reason: 'told me so' });
    const id = await recordOf();

    const own = await read(id, tokens.student);
    const foreign = await read(id, tokens.admin);
    const department = await read(id, tokens.hod);
    const author = await read(id, tokens.teacher);

    const secret = { notes: null, reason: null, has_notes: true, has_reason: true };
    expect(own.body).toMatchObject(secret);
    expect(foreign.body).toMatchObject(secret);
    for (const reply of [department, author]) {
      expect(reply.body).toMatchObject({ notes: 'missed the bus', reason: 'told me so' });
    }
    const events = await rows(
      api.em(),
      `select actor from audit_event where action = 'record.texts_read' and entity_id = ?`,
      [id],
    );
    expect(events).toEqual([{ actor: world.people.hod.id }]);
  });
});

describe('sync_status', () => {
  const statusOf = async (who = student) =>
    (await read(await recordOf(who))).body['sync_status'] as unknown;

  async function listed(query: string): Promise<string[]> {
    const path = `${PATH}?session=${session}&${query}`;
    const reply = await api.request('GET', path, { token: tokens.teacher });
    expect(reply.status).toBe(200);
    return list(reply.body['results']).map((row) => textOf(row['student']));
  }

  it('is conflict while one is open, pending with a waiting claim, else synced', async () => {
    const [one, two, three] = world.students.map(({ id }) => id) as [string, string, string];
    await store({ studentId: one });
    await mark({ student: one, mark: 'absent', reason: 'the seat was empty' });
    await store({ studentId: two, rank: 20, source: 'self' });
    await store({ studentId: three });

    expect([await statusOf(one), await statusOf(two), await statusOf(three)]).toEqual([
      'conflict',
      'pending',
      'synced',
    ]);
    expect(await listed('sync_status=conflict')).toEqual([one]);
    expect(await listed('sync_status=pending')).toEqual([two]);
    expect(await listed('sync_status=synced')).toEqual([three]);
    expect(await listed('needs_review=true')).toEqual([two]);
    expect((await listed('needs_review=false')).toSorted()).toEqual([one, three].toSorted());
    expect(await listed('source=manual')).toEqual([one]);
    expect(await listed('source=qr')).toEqual([three]);

    const roster = await api.request('GET', `/api/v1/attendance/sessions/${session}/roster/`, {
      token: tokens.teacher,
    });
    const inRoster = new Map(
      list(roster.body['students']).map((row) => [
        textOf(row['student']?.['id']),
        row['record']?.['sync_status'],
      ]),
    );
    expect(inRoster).toEqual(
      new Map<string, unknown>([
        [one, 'conflict'],
        [two, 'pending'],
        [three, 'synced'],
      ]),
    );
  });

  it('is conflict for each student of one device, and settled by a word that has seen it', async () => {
    const [one, two] = world.students.map(({ id }) => id) as [string, string];
    const deviceKeyId = await makeDeviceKey();
    await store({ studentId: one, deviceKeyId, rank: 50 });
    await store({ studentId: two, deviceKeyId, captureMode: 'offline', rank: 50 });

    expect([await statusOf(one), await statusOf(two)]).toEqual(['conflict', 'conflict']);

    for (const who of [one, two]) {
      const id = await recordOf(who);
      const { body } = await read(id);
      const version = Number(body['version']);
      expect((await edit(id, { mark: 'present' }, { version })).status).toBe(200);
    }
    expect([await statusOf(one), await statusOf(two)]).toEqual(['synced', 'synced']);
  });

  it('is no longer pending once a person answered the claim or it was taken back', async () => {
    const [one, two] = world.students.map(({ id }) => id) as [string, string];
    const [first] = await store({ studentId: one, rank: 20, source: 'self' });
    const [second] = await store({ studentId: two, rank: 20, source: 'self' });

    await mark({ student: one, acks: [first] });
    await store({
      studentId: two,
      kind: 'withdraw',
      mark: null,
      rank: 0,
      source: 'system',
      targetOpId: second ?? '',
    });

    expect([await statusOf(one), await statusOf(two)]).toEqual(['synced', 'synced']);
  });

  it('refuses a status or a source that does not exist', async () => {
    for (const query of ['sync_status=lost', 'source=magic', 'needs_review=maybe']) {
      const reply = await api.request('GET', `${PATH}?${query}`, { token: tokens.teacher });
      expect(verdict(reply)).toEqual([400, 'validation_failed']);
    }
  });
});

describe('GET records/{id}/history', () => {
  it('tells every claim oldest first: who, how, when, and why it won or lost', async () => {
    const deviceKeyId = await makeDeviceKey();
    const [scan = ''] = await store({ deviceKeyId });
    const [entry] = await store({ rank: 20, source: 'self' });
    const teacher = await mark({ mark: 'absent', notes: 'seat empty', base_op_id: scan });
    const id = await recordOf();

    const reply = await readHistory(id);

    expect(reply.status).toBe(200);
    expect(reply.headers.get('etag')).toBe(`"${Number(reply.body['record']?.['version'])}"`);
    expect(reply.body['operations']).toMatchObject([
      {
        op_id: scan,
        source: 'qr',
        rank: 50,
        rank_word: 'scanned code',
        who: null,
        device_id: deviceKeyId,
        mark: 'present',
        is_winner: false,
        why: { code: 'lost_lower_rank', text: 'A stronger entry decided.' },
      },
      { op_id: entry, outcome: 'admitted', why: { code: 'pending_approval' } },
      {
        op_id: teacher['op_id'],
        rank: 80,
        rank_word: 'staff of the class',
        who: { role: 'faculty', is_self: true },
        base_op_id: scan,
        notes: 'seat empty',
        has_notes: true,
        has_reason: false,
        is_winner: true,
        is_withdrawn: false,
        why: { code: 'won_highest_rank' },
      },
    ]);
    expect(reply.body['conflicts']).toMatchObject([
      {
        kind: 'human_vs_machine',
        state: 'settled',
        op_ids: [scan, textOf(teacher['op_id'])].toSorted(),
      },
    ]);
  });

  it('shows a taken back claim as such', async () => {
    const [scan] = await store({});
    await store({
      kind: 'withdraw',
      mark: null,
      rank: 0,
      source: 'system',
      targetOpId: scan ?? '',
    });

    const reply = await readHistory(await recordOf());

    expect(reply.body['operations']).toMatchObject([
      { is_withdrawn: true, is_winner: false, why: { code: 'lost_withdrawn' } },
      { kind: 'withdraw', target_op_id: scan, why: { code: 'withdrawal' } },
    ]);
    expect(reply.body['record']).toMatchObject({ mark: null, winner_op_id: null });
  });

  it('names the teacher to the student, but no text, no device and no claim of others', async () => {
    const mate = world.students[1]?.id ?? '';
    const phone = await makeDeviceKey();
    const teachersPhone = await makeDeviceKey();
    await store({ deviceKeyId: phone });
    const [foreign] = await store({ studentId: mate, deviceKeyId: phone });
    await storeAs(world.faculty.userId, 'faculty', {
      mark: 'absent',
      rank: 80,
      source: 'manual',
      deviceKeyId: teachersPhone,
      reason: 'a friend scanned',
    });

    const id = await recordOf();
    const own = await readHistory(id, tokens.student);
    const staff = await readHistory(id);

    expect(own.status).toBe(200);
    const text = JSON.stringify(own.body);
    for (const secret of [foreign, mate, teachersPhone, 'a friend scanned', world.faculty.email]) {
      expect(text).not.toContain(secret);
    }
    const [, said] = list(own.body['operations']);
    expect(said).toMatchObject({
      who: { role: 'faculty', is_self: false, name: expect.any(String) },
      device_id: null,
      reason: null,
      has_reason: true,
    });
    expect(JSON.stringify(staff.body['conflicts'])).toContain(foreign);
    expect(list(own.body['operations'])[0]).toMatchObject({ counted_rank: 40, rank: 50 });
  });

  it('lets the student read own words', async () => {
    await storeAs(world.student.userId, 'student', { rank: 20, source: 'self', notes: 'no phone' });

    const reply = await readHistory(await recordOf(), tokens.student);

    expect(reply.body['operations']).toMatchObject([
      { notes: 'no phone', who: { role: 'student', is_self: true } },
    ]);
  });
});

describe('PATCH records/{id}', () => {
  it('stores a claim over the winner that has seen everything else', async () => {
    const [scan, later] = await store({}, {});
    const id = await recordOf();
    const key = v7();

    const reply = await edit(id, { mark: 'absent', reason: 'left at once' }, { key });

    expect(reply.status).toBe(200);
    expect(reply.headers.get('etag')).toBe('"2"');
    expect(reply.body).toMatchObject({
      op_id: key,
      status: 'applied',
      record: { id, mark: 'absent', winner_op_id: key, version: 2 },
    });
    const stored = await firstRow(
      api.em(),
      'select rank, source, base_op_id, acks from attendance_operation where op_id = ?::uuid',
      [key],
    );
    expect(stored).toEqual({ rank: 80, source: 'manual', base_op_id: scan, acks: [later] });
    const history = await readHistory(id);
    expect(history.body['conflicts']).toMatchObject([{ state: 'settled' }]);
  });

  it('needs the version read: 428 without, 412 with the record when it is stale', async () => {
    await mark({});
    const id = await recordOf();
    await edit(id, { mark: 'late' });
    const before = await storedOperations();

    const missing = await edit(id, { mark: 'absent' }, { version: null });
    const stale = await edit(id, { mark: 'absent' }, { version: 1 });

    expect(verdict(missing)).toEqual([428, 'precondition_required']);
    expect(verdict(stale)).toEqual([412, 'stale']);
    expect(stale.headers.get('content-type')).toContain('application/problem+json');
    expect(stale.body).toMatchObject({ current_version: 2, current: { id, mark: 'late' } });
    expect(await storedOperations()).toEqual(before);
  });

  it('needs an Idempotency-Key that is an id', async () => {
    await mark({});
    const id = await recordOf();

    for (const headers of [{}, { 'idempotency-key': 'abc' }]) {
      const reply = await api.request('PATCH', `${PATH}${id}/`, {
        token: tokens.teacher,
        body: { mark: 'absent' },
        headers: { ...headers, 'if-match': '"1"' },
      });
      expect(verdict(reply)).toEqual([400, 'idempotency_key_required']);
    }
  });

  it('answers a repeat as a duplicate, though the version has moved on', async () => {
    await mark({});
    const id = await recordOf();
    const key = v7();
    await edit(id, { mark: 'late' }, { key });
    await edit(id, { mark: 'absent' }, { version: 2 });
    const before = await storedOperations();

    const repeat = await edit(id, { mark: 'late' }, { key });
    const other = await edit(id, { mark: 'absent' }, { key });

    expect(repeat.status).toBe(200);
    expect(repeat.body).toMatchObject({ status: 'duplicate', original: { status: 'applied' } });
    expect(repeat.headers.get('etag')).toBe('"3"');
    expect(verdict(other)).toEqual([422, 'op_id_reused']);
    expect(await storedOperations()).toEqual(before);
  });

  it('gives one of two editors of the same version 200 and the other 412', async () => {
    const substitute = await makeFaculty(api.em(), world.department);
    await assignTeaching(api.em(), substitute.id, { courseSection: world.section });
    const second = await api.signIn(substitute.email);
    for (let round = 0; round < 5; round += 1) {
      session = await classFrom(-5);
      await mark({});
      const id = await recordOf();

      const replies = await Promise.all([
        edit(id, { mark: 'late' }),
        edit(id, { mark: 'absent' }, { token: second }),
      ]);

      expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
      const winner = replies.find(({ status }) => status === 200);
      const current = await read(id);
      expect(current.body).toMatchObject({ version: 2, winner_op_id: winner?.body['op_id'] });
      expect(await storedOperations()).toHaveLength(2);
    }
  });

  it('answers two sends of the same key alike: one applied, one duplicate', async () => {
    await mark({});
    const id = await recordOf();
    const key = v7();

    const replies = await Promise.all([
      edit(id, { mark: 'late' }, { key }),
      edit(id, { mark: 'late' }, { key }),
    ]);

    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    expect(replies.map(({ body }) => textOf(body['status'])).toSorted()).toEqual([
      'applied',
      'duplicate',
    ]);
    expect(await storedOperations()).toHaveLength(2);
  });

  it('asks for a reason against evidence and for an override', async () => {
    await store({});
    const id = await recordOf();

    const silent = await edit(id, { mark: 'absent' });
    const override = await edit(id, { mark: 'present' }, { token: tokens.hod });
    const told = await edit(id, { mark: 'absent', reason: 'seen outside' }, { token: tokens.hod });

    expect(verdict(silent)).toEqual([422, 'reason_required']);
    expect(verdict(override)).toEqual([422, 'reason_required']);
    expect(told.status).toBe(200);
    const stored = await firstRow(
      api.em(),
      'select rank from attendance_operation where op_id = ?::uuid',
      [told.body['op_id']],
    );
    expect(stored).toEqual({ rank: 90 });
  });

  it.each([
    ['a student', () => tokens.student, 403, 'not_staff'],
    ['another student', () => tokens.mate, 404, 'not_found'],
    ['the head of another department', () => tokens.otherHod, 404, 'not_found'],
  ])('refuses %s and writes nothing', async (_name, token, status, code) => {
    await mark({});
    const before = await storedOperations();

    const reply = await edit(await recordOf(), { mark: 'late' }, { token: token() });

    expect(verdict(reply)).toEqual([status, code]);
    expect(await storedOperations()).toEqual(before);
  });

  it('refuses a locked class with the way on, whatever the version', async () => {
    await mark({});
    const id = await recordOf();
    await rows(api.em(), `update attendance_session set status = 'locked' where id = ?::uuid`, [
      session,
    ]);

    for (const version of [1, 7]) {
      const reply = await edit(id, { mark: 'absent' }, { version });
      expect(verdict(reply)).toEqual([409, 'session_locked']);
      expect(reply.body['detail']).toContain('correction request');
    }
  });

  it.each([
    ['an unknown field', { mark: 'late', colour: 'red' }, 400, 'validation_failed'],
    ['no mark', { notes: 'x' }, 400, 'validation_failed'],
    ['excused, which comes from leave', { mark: 'excused' }, 422, 'mark_not_allowed'],
  ])('refuses %s', async (_name, body, status, code) => {
    await mark({});

    expect(verdict(await edit(await recordOf(), body))).toEqual([status, code]);
  });

  it('refuses an If-Match that is no version', async () => {
    await mark({});
    const reply = await api.request('PATCH', `${PATH}${await recordOf()}/`, {
      token: tokens.teacher,
      body: { mark: 'late' },
      headers: { 'idempotency-key': v7(), 'if-match': '"abc"' },
    });

    expect(verdict(reply)).toEqual([400, 'malformed_request']);
  });

  it('appends one op.recorded and one record.changed to the audit chain', async () => {
    await mark({});
    const id = await recordOf();
    const reply = await edit(id, { mark: 'late' });

    const events = await rows(
      api.em(),
      `select action from audit_event where session_id = ?::uuid and entity_id in (?, ?)
       order by action`,
      [session, reply.body['op_id'], id],
    );

    expect(events).toEqual([
      { action: 'op.recorded' },
      { action: 'record.changed' },
      { action: 'record.changed' },
    ]);
  });
});
