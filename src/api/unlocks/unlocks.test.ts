import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { directWorkflows, type DirectWorkflows } from '../../../test/direct-workflows.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { rows } from '../../db/orm.ts';
import { authRoutes } from '../auth/routes.ts';
import { recordRoutes } from '../records/routes.ts';
import { sessionRoutes } from '../sessions/routes.ts';
import { unlockRoutes } from './routes.ts';

const BASE = '/api/v1/attendance/';
const PATH = `${BASE}unlocks/`;
const REASON = 'The paper list of the second bench came in today';
const HOUR_MS = 3_600_000;

let api: TestApi;
let world: World;
let workflows: DirectWorkflows;
let teacher: string;
let hod: string;
let examCell: string;
let student: string;

beforeAll(async () => {
  workflows = directWorkflows();
  api = await startTestApi({
    workflows,
    routes: (deps) => [
      ...authRoutes(deps),
      ...sessionRoutes(deps),
      ...recordRoutes(),
      ...unlockRoutes(deps),
    ],
    variables: { RATE_LIMIT_SCALE: '100' },
  });
  workflows.connect(api.deps);
  world = await makeWorld(api.em());
  student = await api.signIn(world.student.email);
  teacher = await api.signIn(world.faculty.email);
  hod = await api.signIn(world.people.hod.email);
  examCell = await api.signIn(world.people.examCell.email);
});

afterAll(() => api.close());

const get = (path: string, token: string) => api.request('GET', `${PATH}${path}`, { token });
const post = (path: string, token: string, body?: unknown) =>
  api.request('POST', `${BASE}${path}`, {
    token,
    ...(body === undefined ? {} : { body }),
    headers: { 'idempotency-key': v7() },
  });
const ask = (session: string, token = teacher, change: object = {}): Promise<ApiReply> =>
  post('unlocks/', token, { session, hours: 2, reason: REASON, ...change });
const decide = (id: string, token: string, body: object = { status: 'approved' }) =>
  api.request('PATCH', `${PATH}${id}/`, { token, body, headers: { 'idempotency-key': v7() } });
const code = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];

/** A class that was held, closed and locked, with one student present. */
async function lockedClass(): Promise<string> {
  const session = await closedClass();
  const locked = await post(`sessions/${session}/lock/`, teacher);
  if (locked.status !== 200) throw new Error('the class did not lock');
  return session;
}

async function closedClass(): Promise<string> {
  const session = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-120),
    endAt: minutesFromNow(30),
  });
  const marked = await mark(session);
  const closed = await post(`sessions/${session}/close/`, teacher);
  if (marked.status !== 201 || closed.status !== 200) throw new Error('the class did not close');
  return session;
}

const mark = (session: string, change: object = {}): Promise<ApiReply> =>
  post('records/', teacher, {
    session,
    student: world.student.id,
    mark: 'present',
    reason: 'seen in class',
    ...change,
  });

async function file(session?: string, token = teacher): Promise<string> {
  const reply = await ask(session ?? (await lockedClass()), token);
  if (reply.status !== 201) throw new Error(`filing: ${reply.status}`);
  return textOf(reply.body['id']);
}

const auditOf = async (session: string): Promise<{ action: string; digest: unknown }[]> =>
  (
    await rows<{ body: string }>(
      api.em(),
      `select body from audit_event where session_id = ?::uuid
         and action in ('session.locked', 'session.unlocked', 'session.relocked') order by seq`,
      [session],
    )
  ).map(({ body }) => {
    const { action, after } = JSON.parse(body) as {
      action: string;
      after: { register_sha256?: string };
    };
    return { action, digest: after.register_sha256 };
  });

describe('POST unlocks/', () => {
  it('files a request of a teacher on a locked register and starts its workflow', async () => {
    const session = await lockedClass();

    const reply = await ask(session);

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      session: { id: session, course_name: 'Programming' },
      hours: 2,
      reason: REASON,
      status: 'pending',
      unlocked_until: null,
      relocked_at: null,
      requested_by: { id: world.faculty.userId },
      can: { decide: false, withdraw: true },
    });
    expect(workflows.started).toContain(`unlock/${textOf(reply.body['id'])}`);
    const days =
      (Date.parse(textOf(reply.body['expires_at'])) -
        Date.parse(textOf(reply.body['submitted_at']))) /
      (24 * HOUR_MS);
    expect(days).toBeGreaterThanOrEqual(5);
    expect(days).toBeLessThan(8);
  });

  it('refuses a session that is not locked', async () => {
    expect(code(await ask(await closedClass()))).toEqual([409, 'state_conflict']);
  });

  it('refuses a second request while one waits', async () => {
    const session = await lockedClass();
    await file(session);

    expect(code(await ask(session, hod))).toEqual([409, 'duplicate_request']);
  });

  it.each([[0], [25], [1.5], ['2']])('refuses %p hours', async (hours) => {
    expect(code(await ask(await lockedClass(), teacher, { hours }))).toEqual([
      400,
      'validation_failed',
    ]);
  });

  it('refuses a request without a reason', async () => {
    expect(code(await ask(await lockedClass(), teacher, { reason: ' ' }))).toEqual([
      400,
      'validation_failed',
    ]);
  });

  it('refuses a student', async () => {
    expect(code(await ask(await lockedClass(), student))).toEqual([403, 'not_staff']);
  });

  it('hides the class from the head of another department', async () => {
    const token = await api.signIn(world.people.otherHod.email);

    expect(code(await ask(await lockedClass(), token))).toEqual([404, 'not_found']);
  });
});

describe('GET unlocks/', () => {
  it('shows a request to who asked and to who decides, and to nobody else', async () => {
    const id = await file();
    const otherHod = await api.signIn(world.people.otherHod.email);

    expect((await get(`${id}/`, teacher)).status).toBe(200);
    expect((await get(`${id}/`, hod)).body).toMatchObject({
      reason: REASON,
      can: { decide: true },
    });
    expect((await get(`${id}/`, otherHod)).status).toBe(404);
    expect((await get(`${id}/`, student)).status).toBe(404);
    const waiting = await get('?waiting_for_me=true&page_size=200', examCell);
    expect(JSON.stringify(waiting.body['results'])).toContain(id);
    expect(JSON.stringify((await get('?filed_by_me=true', teacher)).body)).toContain(id);
    expect(JSON.stringify((await get('?filed_by_me=true', hod)).body)).not.toContain(id);
    expect((await get('', otherHod)).body).toMatchObject({ count: 0 });
    expect((await get(`?student=${world.student.id}`, hod)).body).toMatchObject({ count: 0 });
  });
});

describe('PATCH unlocks/:id', () => {
  it('opens the register for the asked hours, and marks are taken again until the next lock', async () => {
    const session = await lockedClass();
    expect(code(await mark(session, { mark: 'late' }))).toEqual([409, 'session_locked']);
    const id = await file(session);

    const reply = await decide(id, hod);

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ status: 'approved', relocked_at: null });
    const opened = await api.request('GET', `${BASE}sessions/${session}/`, { token: teacher });
    expect(opened.body).toMatchObject({
      status: 'closed',
      lock_due_at: reply.body['unlocked_until'],
    });
    const hours = (Date.parse(textOf(opened.body['lock_due_at'])) - Date.now()) / HOUR_MS;
    expect(hours).toBeGreaterThan(1.9);
    expect(hours).toBeLessThanOrEqual(2);
    expect((await mark(session, { mark: 'late' })).status).toBeLessThan(300);

    expect((await post(`sessions/${session}/lock/`, teacher)).status).toBe(200);

    expect(code(await mark(session, { mark: 'absent' }))).toEqual([409, 'session_locked']);
    expect((await get(`${id}/`, teacher)).body['relocked_at']).not.toBeNull();
    const events = await auditOf(session);
    expect(events.map(({ action }) => action)).toEqual([
      'session.locked',
      'session.unlocked',
      'session.relocked',
    ]);
    expect(events[2]?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(events[2]?.digest).not.toBe(events[0]?.digest);
  });

  it('can be asked for again after the next lock', async () => {
    const session = await lockedClass();
    await decide(await file(session), examCell);
    expect(code(await ask(session))).toEqual([409, 'state_conflict']);
    await post(`sessions/${session}/lock/`, teacher);

    expect((await ask(session)).status).toBe(201);
  });

  it('refuses who asked, also where they may decide others', async () => {
    const id = await file(undefined, hod);

    expect(code(await decide(id, hod))).toEqual([403, 'own_request']);
    expect((await decide(id, examCell)).status).toBe(200);
  });

  it('refuses teachers, and hides it from the head of another department', async () => {
    const id = await file();
    const otherHod = await api.signIn(world.people.otherHod.email);

    expect(code(await decide(id, teacher))).toEqual([403, 'forbidden']);
    expect(code(await decide(id, otherHod))).toEqual([404, 'not_found']);
  });

  it('leaves the register locked when rejected, which needs a note', async () => {
    const session = await lockedClass();
    const id = await file(session);

    expect(code(await decide(id, hod, { status: 'rejected' }))).toEqual([422, 'note_required']);
    const reply = await decide(id, hod, { status: 'rejected', note: 'Ask for corrections' });

    expect(reply.body).toMatchObject({ status: 'rejected', note: 'Ask for corrections' });
    expect(code(await mark(session))).toEqual([409, 'session_locked']);
    expect(code(await decide(id, examCell))).toEqual([409, 'already_decided']);
  });

  it('is withdrawn by who asked', async () => {
    const id = await file();

    const reply = await post(`unlocks/${id}/withdraw/`, teacher);

    expect(reply.body).toMatchObject({ status: 'withdrawn' });
    expect(code(await decide(id, hod))).toEqual([409, 'already_decided']);
  });
});
