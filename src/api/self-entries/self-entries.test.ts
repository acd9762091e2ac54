import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v5, v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import { directWorkflows, type DirectWorkflows } from '../../../test/direct-workflows.ts';
import {
  assignTeaching,
  makeSession,
  makeStudent,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { expireCase } from '../../operations/requests/expire-case.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import { authRoutes } from '../auth/routes.ts';
import { recordRoutes } from '../records/routes.ts';
import { sessionRoutes } from '../sessions/routes.ts';
import { selfEntryRoutes } from './routes.ts';

const BASE = '/api/v1/attendance/';
const PATH = `${BASE}self-entries/`;
const NOTES = 'My phone has no camera';
const UNKNOWN = '019365f0-0000-7000-8000-000000000000';

let api: TestApi;
let world: World;
let workflows: DirectWorkflows;
let student: string;
let teacher: string;
let hod: string;

beforeAll(async () => {
  workflows = directWorkflows();
  api = await startTestApi({
    workflows,
    routes: (deps) => [
      ...authRoutes(deps),
      ...sessionRoutes(deps),
      ...recordRoutes(),
      ...selfEntryRoutes(deps),
    ],
    variables: { RATE_LIMIT_SCALE: '100' },
  });
  workflows.connect(api.deps);
  world = await makeWorld(api.em(), { studentCount: 4 });
  student = await api.signIn(world.student.email);
  teacher = await api.signIn(world.faculty.email);
  hod = await api.signIn(world.people.hod.email);
});

afterAll(() => api.close());

const get = (path = '', token = student) => api.request('GET', `${PATH}${path}`, { token });
const post = (path: string, body: unknown, { token = student, key = v7() } = {}) =>
  api.request('POST', `${PATH}${path}`, { token, body, headers: { 'idempotency-key': key } });
const decide = (id: string, body: unknown, { token = teacher, key = v7() } = {}) =>
  api.request('PATCH', `${PATH}${id}/`, { token, body, headers: { 'idempotency-key': key } });
const enter = (session: string, options: { token?: string; key?: string } = {}) =>
  post('', { session, notes: NOTES }, options);

/** A class that takes entries of its students, begun five minutes ago. */
const classFrom = (start = -5, change: object = {}): Promise<string> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(start),
    policy: { selfEntryEnabled: true },
    ...change,
  });

const tokenOf = async (index: number): Promise<string> => {
  const found = world.students[index];
  if (!found) throw new Error(`the world has no student ${index}`);
  return api.signIn(found.email);
};

async function file(session: string, token = student): Promise<string> {
  const reply = await enter(session, { token });
  if (reply.status !== 202)
    throw new Error(`entering: ${reply.status} ${textOf(reply.body['code'])}`);
  return textOf(reply.body['entry']);
}

const code = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];

const recordOf = (session: string, studentId = world.student.id) =>
  firstRow<{ mark: string | null; source: string | null; rank: number | null }>(
    api.em(),
    `select mark, source, rank from attendance_record
     where session_id = ?::uuid and student_id = ?::uuid`,
    [session, studentId],
  );

const operationsOf = (session: string) =>
  rows(
    api.em(),
    `select op_id, kind, mark, rank, source, actor_id, acks, base_op_id, target_op_id
     from attendance_operation where session_id = ?::uuid order by received_at, op_id`,
    [session],
  );

const mark = (session: string, value: string, token = teacher) =>
  api.request('POST', `${BASE}records/`, {
    token,
    body: { session, student: world.student.id, mark: value },
    headers: { 'idempotency-key': v7() },
  });

describe('POST self-entries/', () => {
  it('takes no id that the system could give, so that an entry can always be refused', async () => {
    const session = await classFrom();
    const key = v5(`${session}|${world.student.id}|withdraw|${v7()}`, session);
    const reply = await enter(session, { key });
    expect(reply.status).toBe(400);
    expect(reply.body['code']).toBe('idempotency_key_required');
    expect(await operationsOf(session)).toEqual([]);
  });

  it('stores a claim that waits and starts its workflow, and the record stays unmarked', async () => {
    const session = await classFrom();
    const key = v7();

    const reply = await enter(session, { key });

    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({
      op_id: key,
      student: world.student.id,
      status: 'needs_review',
      code: 'awaiting_approval',
      original: null,
    });
    const entry = textOf(reply.body['entry']);
    expect(workflows.started).toContain(`self_entry/${entry}`);
    expect((await recordOf(session))?.mark ?? null).toBeNull();
    expect(await operationsOf(session)).toEqual([
      expect.objectContaining({
        op_id: key,
        kind: 'mark',
        mark: 'present',
        rank: 20,
        source: 'self',
        actor_id: world.student.userId,
      }),
    ]);
    expect((await get(`${entry}/`)).body).toMatchObject({
      status: 'pending',
      reason: NOTES,
      op_id: key,
      record_mark: null,
      session: { id: session },
      can: { decide: false, withdraw: true },
    });
  });

  it('writes the promise of the workflow and both audit events in the same transaction', async () => {
    const session = await classFrom();
    const entry = await file(session);

    const promised = await firstRow(
      api.em(),
      "select kind from outbox where payload->>'caseId' = ? and kind = 'start_case'",
      [entry],
    );
    const events = await rows<{ action: string }>(
      api.em(),
      'select action from audit_event where chain = ? order by seq',
      [`session:${session}`],
    );
    expect(promised).toBeDefined();
    expect(events.map(({ action }) => action)).toEqual(['op.recorded', 'self_entry.requested']);
  });

  it('gives a repeat of the same key the same answer, also after the window', async () => {
    const session = await classFrom();
    const key = v7();
    const first = await enter(session, { key });
    await api.moveClock(20 * 60_000);

    const again = await enter(session, { key, token: await tokenOf(0) });
    await api.moveClock(0);

    expect(again.status).toBe(202);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await operationsOf(session)).toHaveLength(1);
  });

  it('stores one entry for the same key sent twice at once', async () => {
    const session = await classFrom();
    const key = v7();

    const replies = await Promise.all([enter(session, { key }), enter(session, { key })]);

    expect(replies.map((reply) => reply.status)).toEqual([202, 202]);
    expect(replies[0]?.body['entry']).toEqual(replies[1]?.body['entry']);
  });

  it('refuses a key that was used for something else, and records the attempt', async () => {
    const key = v7();
    await enter(await classFrom(), { key });
    const other = await classFrom();

    expect(code(await enter(other, { key }))).toEqual([422, 'op_id_reused']);
    const event = await firstRow(
      api.em(),
      "select id from audit_event where entity_id = ? and action = 'security.op_id_reused'",
      [key],
    );
    expect(event).toBeDefined();
  });

  it('refuses a second entry while the first waits, also at the same instant', async () => {
    const session = await classFrom();
    const replies = await Promise.all([enter(session), enter(session)]);

    expect(replies.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    expect(code(await enter(session))).toEqual([409, 'duplicate_request']);
  });

  it('needs a key that is a UUID', async () => {
    const session = await classFrom();
    const without = await api.request('POST', PATH, { token: student, body: { session } });

    expect(code(without)).toEqual([400, 'idempotency_key_required']);
    expect(code(await enter(session, { key: 'not-a-uuid' }))).toEqual([
      400,
      'idempotency_key_required',
    ]);
  });

  it('refuses a student in the body, and people who are none', async () => {
    const session = await classFrom();
    const named = await post('', { session, student: world.student.id });

    expect(code(named)).toEqual([400, 'validation_failed']);
    expect(code(await enter(session, { token: teacher }))).toEqual([403, 'student_not_accepted']);
    const auditor = await api.signIn(world.people.auditor.email);
    expect(code(await enter(session, { token: auditor }))).toEqual([403, 'forbidden']);
  });

  it('refuses where the class takes no own entries', async () => {
    const session = await classFrom(-5, { policy: { selfEntryEnabled: false } });

    expect(code(await enter(session))).toEqual([422, 'self_entry_disabled']);
    expect(await operationsOf(session)).toHaveLength(0);
  });

  it('refuses before the class is open, and once it is over', async () => {
    const soon = await classFrom(60, { status: 'scheduled' });
    const over = await classFrom(-120);
    const closed = await classFrom(-5, { status: 'closed' });
    const cancelled = await classFrom(-5, { status: 'cancelled' });

    expect(code(await enter(soon))).toEqual([409, 'session_not_open']);
    expect(code(await enter(over))).toEqual([409, 'session_closed']);
    expect(code(await enter(closed))).toEqual([409, 'session_closed']);
    expect(code(await enter(cancelled))).toEqual([409, 'session_cancelled']);
  });

  it('is open from the start for the minutes of the policy, and names both instants', async () => {
    const startAt = minutesFromNow(5);
    const early = await classFrom(5, { startAt });
    const late = await classFrom(-20);

    const before = await enter(early);
    const after = await enter(late);

    expect(code(before)).toEqual([409, 'self_entry_window_closed']);
    expect(before.body).toMatchObject({
      opens_at: startAt.toISOString(),
      closes_at: new Date(startAt.getTime() + 15 * 60_000).toISOString(),
    });
    expect(code(after)).toEqual([409, 'self_entry_window_closed']);
  });

  it('refuses a class of others as unknown', async () => {
    const session = await classFrom();
    const stranger = world.other.students[0];
    if (!stranger) throw new Error('the other class has a student');
    const token = await api.signIn(stranger.email);

    expect(code(await enter(session, { token }))).toEqual([404, 'not_found']);
    expect(code(await enter(UNKNOWN, { token }))).toEqual([404, 'not_found']);
  });

  it('refuses a student who sees the class by another role and is not on its roster', async () => {
    const { campus, department, programme, batch } = world;
    const outsider = await makeStudent(
      api.em(),
      { campus, department, programme, batch },
      { roles: ['student', { role: 'hod', scopeKind: 'department', scopeId: department }] },
    );
    const token = await api.signIn(outsider.email);

    expect(code(await enter(await classFrom(), { token }))).toEqual([403, 'not_on_roster']);
  });
});

describe('PATCH self-entries/{id}/', () => {
  it('approves by a claim of rank 80 in the name of the teacher that has seen the entry', async () => {
    const session = await classFrom();
    const key = v7();
    const entry = textOf((await enter(session, { key })).body['entry']);

    const reply = await decide(entry, { status: 'approved' });

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      status: 'approved',
      record_mark: 'present',
      decided_by: { id: world.faculty.userId },
    });
    expect(await recordOf(session)).toEqual({ mark: 'present', source: 'manual', rank: 80 });
    expect(await operationsOf(session)).toEqual([
      expect.objectContaining({ rank: 20 }),
      expect.objectContaining({
        rank: 80,
        mark: 'present',
        source: 'manual',
        actor_id: world.faculty.userId,
        acks: [key],
      }),
    ]);
  });

  it('follows the approver’s own earlier mark without a contradiction', async () => {
    const session = await classFrom();
    const entry = await file(session);
    const marked = await mark(session, 'absent');

    await decide(entry, { status: 'approved' });

    expect((await recordOf(session))?.mark).toBe('present');
    const [, , approval] = await operationsOf(session);
    expect(approval).toMatchObject({ base_op_id: marked.body['op_id'] });
  });

  it('refuses with a note and withdraws the claim by the system', async () => {
    const session = await classFrom();
    const key = v7();
    const entry = textOf((await enter(session, { key })).body['entry']);

    expect(code(await decide(entry, { status: 'rejected' }))).toEqual([422, 'note_required']);
    const reply = await decide(entry, { status: 'rejected', note: 'Your seat was empty' });

    expect(reply.body).toMatchObject({ status: 'rejected', note: 'Your seat was empty' });
    expect((await recordOf(session))?.mark ?? null).toBeNull();
    expect(await operationsOf(session)).toEqual([
      expect.objectContaining({ op_id: key }),
      expect.objectContaining({ kind: 'withdraw', target_op_id: key, actor_id: null }),
    ]);
  });

  it('lets a student enter again after a refusal, while the window is open', async () => {
    const session = await classFrom();
    await decide(await file(session), { status: 'rejected', note: 'Not seen' });

    expect((await enter(session)).status).toBe(202);
  });

  it('is decided after the close of the class, and no longer after its lock', async () => {
    const [first, second] = [await classFrom(), await classFrom()];
    const [early, late] = [await file(first), await file(second)];
    const close = (session: string) =>
      api.request('POST', `${BASE}sessions/${session}/close/`, {
        token: teacher,
        headers: { 'idempotency-key': v7() },
      });
    await close(first);
    await close(second);

    expect((await decide(early, { status: 'approved' })).status).toBe(200);
    expect((await recordOf(first))?.mark).toBe('present');
    await api.moveClock(49 * 3_600_000);
    const token = await api.signIn(world.faculty.email);
    const refused = await decide(late, { status: 'approved' }, { token });
    const expired = await expireCase(operationFor(api.deps, SYSTEM_ACTOR), 'self_entry', late);
    await api.moveClock(0);

    expect(code(refused)).toEqual([409, 'session_locked']);
    expect(expired.status).toBe('expired');
  });

  it('nudges the workflow when the class closes', async () => {
    const session = await classFrom();
    const entry = await file(session);
    await api.request('POST', `${BASE}sessions/${session}/close/`, {
      token: teacher,
      headers: { 'idempotency-key': v7() },
    });

    const nudge = await firstRow(
      api.em(),
      "select kind from outbox where payload->>'caseId' = ? and kind = 'nudge_case'",
      [entry],
    );
    expect(nudge).toBeDefined();
  });

  it('is decided by the staff of the class and the head of department alone', async () => {
    const session = await classFrom();
    const entry = await file(session);
    const otherStudent = await tokenOf(1);
    const stranger = await api.signIn(world.other.faculty.email);
    const otherHod = await api.signIn(world.people.otherHod.email);
    const approval = { status: 'approved' };

    expect(code(await decide(entry, approval, { token: student }))).toEqual([403, 'forbidden']);
    expect(code(await decide(entry, approval, { token: otherStudent }))).toEqual([
      403,
      'forbidden',
    ]);
    expect(code(await get(`${entry}/`, otherStudent))).toEqual([404, 'not_found']);
    expect(code(await decide(entry, approval, { token: stranger }))).toEqual([404, 'not_found']);
    expect(code(await decide(entry, approval, { token: otherHod }))).toEqual([404, 'not_found']);
    expect((await decide(entry, approval, { token: hod })).status).toBe(200);
  });

  it('is decided by a substitute of this one class', async () => {
    const session = await classFrom();
    await assignTeaching(
      api.em(),
      world.other.faculty.id,
      { session },
      {
        role: 'substitute',
      },
    );
    const entry = await file(session);
    const substitute = await api.signIn(world.other.faculty.email);

    expect((await decide(entry, { status: 'approved' }, { token: substitute })).status).toBe(200);
  });
});

describe('POST self-entries/{id}/withdraw/', () => {
  it('takes the own entry back, with its claim', async () => {
    const session = await classFrom();
    const entry = await file(session);

    const reply = await post(`${entry}/withdraw/`, undefined);

    expect(reply.body).toMatchObject({ status: 'withdrawn' });
    expect(await operationsOf(session)).toEqual([
      expect.objectContaining({ kind: 'mark' }),
      expect.objectContaining({ kind: 'withdraw' }),
    ]);
  });
});

describe('POST self-entries/bulk-decide/', () => {
  const bulk = (body: unknown, options: { token?: string; key?: string } = {}) =>
    post('bulk-decide/', body, { token: teacher, ...options });
  const codesIn = (reply: ApiReply): unknown[] =>
    Object.values(reply.body['results'] ?? {}).map((row: Json) => row['code']);

  it('decides each by itself: a bad one in the middle blocks none', async () => {
    const session = await classFrom();
    const first = await file(session);
    const decided = await file(session, await tokenOf(1));
    const last = await file(session, await tokenOf(2));
    await decide(decided, { status: 'rejected', note: 'Not seen' });

    const ids = [first, UNKNOWN, decided, last];
    const reply = await bulk({ ids, verdict: 'approved' });

    expect(reply.status).toBe(200);
    expect(reply.body['counts']).toEqual({ applied: 2, rejected: 2, retry: 0 });
    expect(codesIn(reply)).toEqual([null, 'not_found', 'already_decided', null]);
    expect((await recordOf(session, world.students[2]?.id))?.mark).toBe('present');
  });

  it('gives a repeat of the same key the same results', async () => {
    const session = await classFrom();
    const ids = [await file(session), await file(session, await tokenOf(1))];
    const key = v7();

    const first = await bulk({ ids, verdict: 'approved' }, { key });
    const again = await bulk({ ids, verdict: 'approved' }, { key });

    expect(again.body).toEqual(first.body);
    expect(again.body['counts']).toEqual({ applied: 2, rejected: 0, retry: 0 });
  });

  it('refuses many with one note, and none without', async () => {
    const session = await classFrom();
    const ids = [await file(session), await file(session, await tokenOf(1))];

    expect(code(await bulk({ ids, verdict: 'rejected' }))).toEqual([422, 'note_required']);
    const reply = await bulk({ ids, verdict: 'rejected', note: 'Nobody was there' });

    expect(reply.body['counts']).toEqual({ applied: 2, rejected: 0, retry: 0 });
  });

  it('is closed to students, and to more than 200 entries', async () => {
    const ids = Array.from({ length: 201 }, () => v7());

    expect(code(await bulk({ ids: [UNKNOWN], verdict: 'approved' }, { token: student }))).toEqual([
      403,
      'forbidden',
    ]);
    expect(code(await bulk({ ids, verdict: 'approved' }))).toEqual([400, 'validation_failed']);
  });
});

describe('GET sessions/{id}/', () => {
  it('says whether and until when the class takes own entries', async () => {
    const startAt = minutesFromNow(-5);
    const read = async (session: string) =>
      (await api.request('GET', `${BASE}sessions/${session}/`, { token: student })).body;

    expect(await read(await classFrom(-5, { startAt }))).toMatchObject({
      self_entry: {
        enabled: true,
        closes_at: new Date(startAt.getTime() + 15 * 60_000).toISOString(),
      },
    });
    expect(await read(await classFrom(-5, { policy: {} }))).toMatchObject({
      self_entry: { enabled: false, closes_at: null },
    });
  });
});
