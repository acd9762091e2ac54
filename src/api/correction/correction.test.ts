import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import { directWorkflows, type DirectWorkflows } from '../../../test/direct-workflows.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { firstRow } from '../../db/orm.ts';
import { authRoutes } from '../auth/routes.ts';
import { recordRoutes } from '../records/routes.ts';
import { sessionRoutes } from '../sessions/routes.ts';
import { correctionRoutes } from './routes.ts';

const BASE = '/api/v1/attendance/';
const PATH = `${BASE}correction-requests/`;
const REASON = 'I sat in the last row';
const DAY = 24 * 60;

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
      ...correctionRoutes(deps),
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
const patch = (id: string, body: unknown, { token = teacher, key = v7() } = {}) =>
  api.request('PATCH', `${PATH}${id}/`, { token, body, headers: { 'idempotency-key': key } });

const studentAt = (index: number): World['student'] => {
  const found = world.students[index];
  if (!found) throw new Error(`the world has no student ${index}`);
  return found;
};

const classFrom = (start: number, end: number, change: object = {}): Promise<string> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(start),
    endAt: minutesFromNow(end),
    ...change,
  });

/** A class that is over: one present, the others absent. */
async function closedClass(): Promise<string> {
  const session = await classFrom(-120, 30);
  const key = v7();
  const act = (path: string, body?: object) =>
    api.request('POST', `${BASE}${path}`, {
      token: teacher,
      ...(body ? { body } : {}),
      headers: { 'idempotency-key': key },
    });
  const marked = await act('records/', { session, student: studentAt(3).id, mark: 'present' });
  const closed = await act(`sessions/${session}/close/`);
  if (marked.status !== 201 || closed.status !== 200) throw new Error('the class did not close');
  return session;
}

const ask = (session: string, change: object = {}, token = student): Promise<ApiReply> =>
  post('', { session, to_mark: 'present', reason: REASON, ...change }, { token });

async function file(session?: string): Promise<string> {
  const reply = await ask(session ?? (await closedClass()));
  if (reply.status !== 201)
    throw new Error(`filing: ${reply.status} ${textOf(reply.body['code'])}`);
  return textOf(reply.body['id']);
}

const code = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];
const idsIn = (reply: ApiReply): unknown[] =>
  Object.values(reply.body['results'] ?? {}).map((row: Json) => row['id']);

const recordOf = (session: string, studentId: string) =>
  firstRow(
    api.em(),
    'select mark, source from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
    [session, studentId],
  );

describe('POST correction-requests/', () => {
  it('files a request of a student about the own record and starts its workflow', async () => {
    const session = await closedClass();

    const reply = await ask(session);

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      student: { id: world.student.id },
      session: { id: session, course_name: 'Programming' },
      from_mark: 'absent',
      to_mark: 'present',
      excuse_category: null,
      reason: REASON,
      status: 'pending',
      requested_by: { id: world.student.userId },
      can: { decide: false, withdraw: true },
    });
    expect(workflows.started).toContain(`correction/${textOf(reply.body['id'])}`);
  });

  it('files a request of a teacher, which the student sees without its reason', async () => {
    const session = await closedClass();
    const reply = await ask(session, { student: world.student.id }, teacher);
    const id = textOf(reply.body['id']);

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ reason: REASON, can: { decide: false, withdraw: true } });
    expect((await get(`${id}/`)).body).toMatchObject({
      reason: null,
      requested_by: { id: world.faculty.userId },
      can: { decide: false, withdraw: false },
    });
  });

  it('answers a repeat of the same key with the same request', async () => {
    const session = await closedClass();
    const body = { session, to_mark: 'late', reason: REASON };
    const key = v7();
    const first = await post('', body, { key });
    const again = await post('', body, { key });

    expect(again.body['id']).toBe(first.body['id']);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(code(await post('', body))).toEqual([409, 'duplicate_request']);
  });

  it.each([
    ['no reason', { reason: undefined }, 400, 'validation_failed'],
    ['an unknown mark', { to_mark: 'asleep' }, 400, 'validation_failed'],
    ['a category without excused', { excuse_category: 'medical' }, 400, 'validation_failed'],
    ['an unknown field', { from_mark: 'absent' }, 400, 'validation_failed'],
    ['the mark the record has', { to_mark: 'absent' }, 422, 'no_change'],
    ['a session that does not exist', { session: v7() }, 404, 'not_found'],
    ['a fellow student', () => ({ student: studentAt(1).id }), 403, 'student_not_accepted'],
    ['a class of another section', () => ({ session: world.other.session }), 404, 'not_found'],
  ])('refuses %s', async (_name, given, status, expected) => {
    const session = await closedClass();
    const change = typeof given === 'function' ? given() : given;

    expect(code(await ask(session, change))).toEqual([status, expected]);
  });

  it('refuses classes that still take marks, are to come, or lie too far back', async () => {
    const old = await classFrom(-9 * DAY, -9 * DAY + 60, { status: 'closed' });

    expect(code(await ask(world.session))).toEqual([409, 'state_conflict']);
    expect(code(await ask(await classFrom(900, 960, { status: 'scheduled' })))).toEqual([
      409,
      'session_not_open',
    ]);
    expect(code(await ask(old))).toEqual([409, 'correction_window_closed']);
    expect(code(await ask(old, { student: world.student.id }, teacher))).toEqual([
      409,
      'correction_window_closed',
    ]);
    const admin = await api.signIn(world.people.admin.email);
    expect((await ask(old, { student: world.student.id }, admin)).status).toBe(201);
  });

  it('is for staff of the class only, who name a student on its roster', async () => {
    const session = await closedClass();
    const stranger = await api.signIn(world.other.faculty.email);
    const mentor = await api.signIn(world.people.mentor.email);
    const outsider = world.other.students[0]?.id;

    expect(code(await ask(session, {}, teacher))).toEqual([400, 'validation_failed']);
    expect(code(await ask(session, { student: outsider }, teacher))).toEqual([
      403,
      'not_on_roster',
    ]);
    expect(code(await ask(session, { student: world.student.id }, stranger))).toEqual([
      404,
      'not_found',
    ]);
    expect(code(await ask(session, { student: world.student.id }, mentor))).toEqual([
      403,
      'forbidden',
    ]);
  });
});

describe('GET correction-requests/', () => {
  it('lists what I filed, what concerns me and what waits for me', async () => {
    const id = await file();

    expect(idsIn(await get('?page_size=200'))).toContain(id);
    expect(idsIn(await get('?waiting_for_me=true'))).toEqual([]);
    const inbox = await get('?waiting_for_me=true&page_size=200', teacher);
    expect(idsIn(inbox)).toContain(id);
    expect(idsIn(await get('?status=rejected', teacher))).not.toContain(id);
  });

  it('keeps a teacher’s own request out of that teacher’s inbox', async () => {
    const session = await closedClass();
    const filed = await ask(session, { student: world.student.id }, teacher);
    const id = textOf(filed.body['id']);

    expect(idsIn(await get('?waiting_for_me=true&page_size=200', teacher))).not.toContain(id);
    expect(idsIn(await get('?waiting_for_me=true&page_size=200', hod))).toContain(id);
  });

  it.each([
    ['a fellow student', () => studentAt(1).email],
    ['a teacher of another class', () => world.other.faculty.email],
    ['the head of another department', () => world.people.otherHod.email],
    ['the mentor, who decides leave only', () => world.people.mentor.email],
    ['an administrator', () => world.people.admin.email],
    ['the exam cell before the lock', () => world.people.examCell.email],
  ])('hides a request from %s as if it were absent', async (_name, email) => {
    const id = await file();
    const token = await api.signIn(email());

    expect(code(await get(`${id}/`, token))).toEqual([404, 'not_found']);
    expect(idsIn(await get('?page_size=200', token))).not.toContain(id);
    expect([403, 404]).toContain((await patch(id, { status: 'approved' }, { token })).status);
    expect((await get(`${id}/`)).body['status']).toBe('pending');
  });
});

describe('PATCH correction-requests/{id}/', () => {
  it('approves and changes the record', async () => {
    const session = await closedClass();
    const id = await file(session);

    const reply = await patch(id, { status: 'approved' });

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      status: 'approved',
      decided_by: { id: world.faculty.userId },
      from_mark: 'absent',
      to_mark: 'present',
    });
    expect(await recordOf(session, world.student.id)).toEqual({
      mark: 'present',
      source: 'correction',
    });
  });

  it('rejects with a note, which the student reads, and leaves the record alone', async () => {
    const session = await closedClass();
    const id = await file(session);

    expect(code(await patch(id, { status: 'rejected' }))).toEqual([422, 'note_required']);
    await patch(id, { status: 'rejected', note: 'The sheet says otherwise' });

    expect((await get(`${id}/`)).body).toMatchObject({
      status: 'rejected',
      note: 'The sheet says otherwise',
    });
    expect(await recordOf(session, world.student.id)).toMatchObject({ mark: 'absent' });
  });

  it('refuses to approve over a record that changed meanwhile', async () => {
    const session = await closedClass();
    const id = await file(session);
    const marked = await api.request('POST', `${BASE}records/`, {
      token: teacher,
      body: { session, student: world.student.id, mark: 'late', reason: 'came late' },
      headers: { 'idempotency-key': v7() },
    });
    expect(marked.status).toBeLessThan(300);

    expect(code(await patch(id, { status: 'approved' }))).toEqual([409, 'record_changed']);
    expect((await get(`${id}/`)).body['status']).toBe('pending');
  });

  it('is not for the teacher who asked, but for the head of the department', async () => {
    const session = await closedClass();
    const filed = await ask(session, { student: world.student.id }, teacher);
    const id = textOf(filed.body['id']);

    expect(code(await patch(id, { status: 'approved' }))).toEqual([403, 'own_request']);
    expect((await patch(id, { status: 'approved' }, { token: hod })).status).toBe(200);
    expect(code(await patch(id, { status: 'approved' }, { token: hod }))).toEqual([
      409,
      'already_decided',
    ]);
  });

  it('is not for students', async () => {
    const id = await file();

    const reply = await patch(id, { status: 'approved' }, { token: student });

    expect(code(reply)).toEqual([403, 'forbidden']);
  });
});

describe('POST correction-requests/{id}/withdraw/', () => {
  it('withdraws for the requester and lets a new request be filed', async () => {
    const session = await closedClass();
    const id = await file(session);

    expect(code(await post(`${id}/withdraw/`, undefined, { token: teacher }))).toEqual([
      403,
      'forbidden',
    ]);
    const reply = await post(`${id}/withdraw/`, undefined);

    expect(reply.body).toMatchObject({ status: 'withdrawn' });
    expect(code(await patch(id, { status: 'approved' }))).toEqual([409, 'already_decided']);
    expect((await ask(session)).status).toBe(201);
  });
});
