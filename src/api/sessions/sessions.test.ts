import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { directWorkflows, type DirectWorkflows } from '../../../test/direct-workflows.ts';
import {
  campusDay,
  enrol,
  makeSection,
  makeSession,
  makeStudent,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { authRoutes } from '../auth/routes.ts';
import { recordRoutes } from '../records/routes.ts';
import { sessionRoutes } from './routes.ts';

const PATH = '/api/v1/attendance/sessions/';

let api: TestApi;
let world: World;
let teacher: string;
let workflows: DirectWorkflows;

beforeAll(async () => {
  workflows = directWorkflows();
  api = await startTestApi({
    workflows,
    routes: (deps) => [...authRoutes(deps), ...sessionRoutes(deps), ...recordRoutes()],
  });
  workflows.connect(api.deps);
  world = await makeWorld(api.em(), { studentCount: 4 });
  teacher = await api.signIn(world.faculty.email);
});

afterAll(() => api.close());

const get = (path: string, token = teacher) => api.request('GET', `${PATH}${path}`, { token });
const post = (path: string, body?: unknown, { token = teacher, key = v7() } = {}) =>
  api.request('POST', `${PATH}${path}`, {
    token,
    ...(body === undefined ? {} : { body }),
    headers: { 'idempotency-key': key },
  });

/** A class far from the others, so that no two overlap; times in minutes from now. */
function classFrom(start: number, end: number, change: object = {}): Promise<string> {
  return makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(start),
    endAt: minutesFromNow(end),
    ...change,
  });
}

const code = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];

describe('GET sessions/', () => {
  it('shows the original shape without any code of the display', async () => {
    const reply = await get(`${world.session}/`);

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      id: world.session,
      status: 'open',
      attendance_count: 0,
      counts: { roster: 4, unmarked: 4 },
      can: { mark: true, close: true, open: false, reschedule: false },
    });
    expect(JSON.stringify(reply.body)).not.toMatch(/token/);
  });

  it('lists by filter with stable pages', async () => {
    await classFrom(10_000, 10_060, { status: 'scheduled' });
    const first = await get('?page_size=1&ordering=start_datetime');
    const second = await get('?page_size=1&page=2&ordering=start_datetime');

    expect(first.body['next']).toContain('page=2');
    expect(second.body['previous']).toContain('page=1');
    const idOf = (reply: ApiReply) => (reply.body['results'] as unknown as { id: string }[])[0]?.id;
    expect(idOf(first)).not.toBe(idOf(second));
    const cancelled = await get('?status=cancelled');
    expect(cancelled.body['count']).toBe(0);
  });

  it.each([
    ['the teacher of another section', () => world.other.faculty.email],
    ['a student who is not enrolled', () => world.other.students[0]?.email ?? ''],
    ['the head of another department', () => world.people.otherHod.email],
  ])('hides a session from %s as if it were absent', async (_name, email) => {
    const token = await api.signIn(email());
    expect(code(await get(`${world.session}/`, token))).toEqual([404, 'not_found']);
    expect(code(await get(`${world.session}/roster/`, token))).toEqual([404, 'not_found']);
    expect(code(await post(`${world.session}/close/`, undefined, { token }))[0]).not.toBe(200);
  });

  it('answers a wrong id with 404 and a malformed one with 400', async () => {
    expect(code(await get(`${v7()}/`))).toEqual([404, 'not_found']);
    expect(code(await get('seventeen/'))).toEqual([400, 'validation_failed']);
  });
});

describe('GET sessions/{id}/roster/', () => {
  it('gives staff the whole class and a student the own row', async () => {
    const staff = await get(`${world.session}/roster/`);
    const student = await get(`${world.session}/roster/`, await api.signIn(world.student.email));

    const ids = (reply: ApiReply) =>
      (reply.body['students'] as unknown as { student: { id: string } }[]).map((r) => r.student.id);
    expect(ids(staff)).toHaveLength(4);
    expect(ids(student)).toEqual([world.student.id]);
  });
});

describe('POST sessions/', () => {
  const body = (change: object = {}): object => ({
    course_section: world.section,
    scheduled_date: campusDay(0, minutesFromNow(600)),
    start_datetime: minutesFromNow(600).toISOString(),
    end_datetime: minutesFromNow(660).toISOString(),
    room: world.room.code,
    notes: 'Make-up class',
    ...change,
  });

  it('creates the session, promises its workflow in the same transaction and starts it', async () => {
    const reply = await post('', body());

    expect(reply.status).toBe(201);
    const id = textOf(reply.body['id']);
    expect(reply.body).toMatchObject({
      status: 'scheduled',
      kind: 'make_up',
      room: world.room.code,
    });
    expect(workflows.started).toContain(`session/${id}`);
    const promise = await firstRow<{ payload: object }>(
      api.em(),
      "select payload from outbox where kind = 'start_session' and payload->>'sessionId' = ?",
      [id],
    );
    expect(promise?.payload).toEqual({ sessionId: id });
  });

  it('answers a repeat of the same key with the same session', async () => {
    const key = v7();
    const given = body({
      scheduled_date: campusDay(0, minutesFromNow(800)),
      start_datetime: minutesFromNow(800).toISOString(),
      end_datetime: minutesFromNow(860).toISOString(),
    });
    const first = await post('', given, { key });
    const again = await post('', given, { key });
    const other = await post('', { ...given, notes: 'changed' }, { key });

    expect(again.body['id']).toBe(first.body['id']);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(code(other)).toEqual([422, 'idempotency_key_reused']);
  });

  it.each([
    [
      'an end before the start',
      { end_datetime: minutesFromNow(540).toISOString() },
      422,
      'window_inverted',
    ],
    [
      'a class that is over',
      {
        start_datetime: minutesFromNow(-120).toISOString(),
        end_datetime: minutesFromNow(-60).toISOString(),
        scheduled_date: campusDay(0, minutesFromNow(-120)),
      },
      422,
      'window_in_past',
    ],
    [
      'a date that is not that of the start',
      { scheduled_date: '2026-01-01' },
      400,
      'validation_failed',
    ],
    ['a room that does not exist', { room: 'Z999' }, 400, 'validation_failed'],
    ['a teacher who does not teach the section', { faculty: v7() }, 400, 'validation_failed'],
    ['a status in the body', { status: 'open' }, 400, 'validation_failed'],
    ['a section of another department', { course_section: v7() }, 404, 'not_found'],
    ['a class overlapping another of the section', {}, 409, 'duplicate_session'],
  ])('refuses %s and creates nothing', async (_name, change, status, expected) => {
    const before = await firstRow(api.em(), 'select count(*) from attendance_session');
    const reply = await post('', body(change));
    expect(code(reply)).toEqual([status, expected]);
    expect(await firstRow(api.em(), 'select count(*) from attendance_session')).toEqual(before);
  });

  it('is not for students', async () => {
    const token = await api.signIn(world.student.email);
    expect(code(await post('', body(), { token }))).toEqual([403, 'forbidden']);
  });
});

describe('the lifecycle', () => {
  it('opens early, closes with absents for the unmarked, reopens, and locks with a digest', async () => {
    const id = await classFrom(30, 90, { status: 'scheduled' });
    const opened = await post(`${id}/open/`);
    expect(opened.body).toMatchObject({ status: 'open', auto_opened: false });
    await api.request('POST', '/api/v1/attendance/records/', {
      token: teacher,
      headers: { 'idempotency-key': v7() },
      body: { session: id, student: world.student.id, mark: 'present' },
    });

    const closed = await post(`${id}/close/`);
    expect(closed.body).toMatchObject({
      status: 'closed',
      taken: true,
      counts: { present: 1, absent: 3, unmarked: 0 },
      can: { reopen: true, lock: true },
    });
    const reopened = await post(`${id}/open/`);
    expect(reopened.body).toMatchObject({ status: 'open', counts: { present: 1, unmarked: 3 } });
    await post(`${id}/close/`);
    const locked = await post(`${id}/lock/`);

    expect(locked.body).toMatchObject({ status: 'locked', counts: { absent: 3 } });
    const digest = await firstRow<{ body: string }>(
      api.em(),
      "select body from audit_event where session_id = ?::uuid and action = 'session.locked'",
      [id],
    );
    expect(JSON.parse(digest?.body ?? '{}').after.register_sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('makes nobody absent in a class nobody took', async () => {
    const id = await classFrom(-70, -20, { status: 'open' });
    const closed = await post(`${id}/close/`);
    expect(closed.body).toMatchObject({
      status: 'closed',
      taken: false,
      counts: { unmarked: 4, absent: 0 },
    });
  });

  it('a late roll call makes that class taken and its absents appear', async () => {
    const id = await classFrom(-70, -20, { status: 'open' });
    await post(`${id}/close/`);

    await api.request('POST', '/api/v1/attendance/records/', {
      token: teacher,
      headers: { 'idempotency-key': v7() },
      body: { session: id, student: world.student.id, mark: 'present' },
    });

    expect((await get(`${id}/`)).body).toMatchObject({
      taken: true,
      counts: { present: 1, absent: 3, unmarked: 0 },
    });
  });

  it('gives eight simultaneous opens one effect and seven coherent refusals', async () => {
    const id = await classFrom(30, 90, { status: 'scheduled' });
    const replies = await Promise.all(Array.from({ length: 8 }, () => post(`${id}/open/`)));

    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
    expect(
      replies.filter((reply) => textOf(reply.body['code'] ?? 'none') === 'state_conflict'),
    ).toHaveLength(7);
    const events = await firstRow(
      api.em(),
      "select count(*)::int as count from audit_event where session_id = ?::uuid and action = 'session.opened'",
      [id],
    );
    expect(events).toEqual({ count: 1 });
  });

  it('a repeated command id has its effect once', async () => {
    const id = await classFrom(30, 90, { status: 'scheduled' });
    const key = v7();
    const replies = [
      await post(`${id}/open/`, undefined, { key }),
      await post(`${id}/open/`, undefined, { key }),
    ];
    expect(replies.map((reply) => reply.status)).toEqual([200, 200]);
  });

  it('moves a scheduled class under a new epoch and keeps the reason sealed on its way', async () => {
    const id = await classFrom(2_000, 2_060, { status: 'scheduled' });
    const moved = await post(`${id}/reschedule/`, {
      start_datetime: minutesFromNow(3_000).toISOString(),
      end_datetime: minutesFromNow(3_060).toISOString(),
      reason: 'Hall needed for an examination',
    });

    expect(moved.body).toMatchObject({ status: 'scheduled', epoch: 2 });
    const change = await firstRow<{ kind: string; reason: string; epoch: number }>(
      api.em(),
      'select kind, reason, epoch from session_change where session_id = ?::uuid',
      [id],
    );
    expect(change).toEqual({
      kind: 'reschedule',
      reason: 'Hall needed for an examination',
      epoch: 2,
    });
  });

  it('cancels with a reason, takes the session out, and restores it under a new epoch', async () => {
    const id = await classFrom(4_000, 4_060, { status: 'scheduled' });
    expect(code(await post(`${id}/cancel/`, {}))).toEqual([400, 'validation_failed']);
    const cancelled = await post(`${id}/cancel/`, { reason: 'Teacher on duty' });
    const restored = await post(`${id}/restore/`, { reason: 'Duty was moved' });

    expect(cancelled.body).toMatchObject({
      status: 'cancelled',
      can: { restore: true, mark: false },
    });
    expect(restored.body).toMatchObject({ status: 'scheduled', epoch: 2 });
  });

  it.each([
    ['open', { status: 'locked' }, undefined],
    ['close', { status: 'cancelled' }, undefined],
    ['lock', { status: 'open' }, undefined],
    ['cancel', { status: 'locked' }, { reason: 'x' }],
    ['restore', { status: 'open' }, { reason: 'x' }],
  ])('refuses %s from the wrong state and changes nothing', async (edge, change, body) => {
    const id = await classFrom(-10, 50, change);
    const before = await rows(api.em(), 'select * from attendance_session where id = ?::uuid', [
      id,
    ]);
    expect(code(await post(`${id}/${edge}/`, body))).toEqual([409, 'state_conflict']);
    expect(
      await rows(api.em(), 'select * from attendance_session where id = ?::uuid', [id]),
    ).toEqual(before);
  });

  it('lets the exam cell lock, and nothing else', async () => {
    const token = await api.signIn(world.people.examCell.email);
    const id = await classFrom(-10, 50, { status: 'open' });
    expect(code(await post(`${id}/close/`, undefined, { token }))).toEqual([403, 'not_staff']);
    await post(`${id}/close/`);
    expect((await post(`${id}/lock/`, undefined, { token })).status).toBe(200);
  });
});

describe('GET sessions/{id}/events/', () => {
  it('closes a gap from any number, without telling a student about others', async () => {
    const section = await makeSection(api.em(), {
      course: world.course,
      semester: world.semester,
      campus: world.campus,
    });
    const [mine, theirs] = await Promise.all(
      [0, 1].map(() =>
        makeStudent(api.em(), {
          campus: world.campus,
          department: world.department,
          programme: world.programme,
          batch: world.batch,
        }),
      ),
    );
    if (!mine || !theirs) throw new Error('two students are needed');
    await enrol(api.em(), mine.id, section);
    await enrol(api.em(), theirs.id, section);
    const token = await api.signIn(world.people.hod.email);
    const id = await classFrom(-10, 50, { courseSection: section });
    for (const student of [mine, theirs]) {
      await api.request('POST', '/api/v1/attendance/records/', {
        token,
        headers: { 'idempotency-key': v7() },
        body: { session: id, student: student.id, mark: 'present', reason: 'override' },
      });
    }

    const all = await get(`${id}/events/?after=0`, token);
    const rest = await get(`${id}/events/?after=2`, token);
    const own = await get(`${id}/events/?after=0`, await api.signIn(mine.email));

    const seqs = (reply: ApiReply) =>
      (reply.body['events'] as unknown as { seq: number }[]).map((e) => e.seq);
    expect(seqs(all)).toEqual([1, 2, 3, 4]);
    expect(seqs(rest)).toEqual([3, 4]);
    expect(seqs(own)).toEqual([1, 2, 3, 4]);
    expect(JSON.stringify(own.body)).not.toContain(theirs.id);
    expect(JSON.stringify(own.body)).toContain(mine.id);
  });
});
