/** Rules of class sessions that hold across routes: authority by date, time, leave and repeats. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { directWorkflows } from '../../../test/direct-workflows.ts';
import {
  assignTeaching,
  campusDay,
  makeFaculty,
  makeLeaveType,
  makeSession,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { authRoutes } from '../auth/routes.ts';
import { sessionRoutes } from './routes.ts';

const PATH = '/api/v1/attendance/sessions/';
const DAY = 24 * 60;

let api: TestApi;
let world: World;
let teacher: string;

beforeAll(async () => {
  const workflows = directWorkflows();
  api = await startTestApi({
    workflows,
    routes: (deps) => [...authRoutes(deps), ...sessionRoutes(deps)],
  });
  workflows.connect(api.deps);
  world = await makeWorld(api.em(), { studentCount: 2 });
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
const code = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];

let laid = 0;
/** A start no other class of this file lies near, in minutes from now. */
const freeTime = (): number => 3 * DAY + (laid += 1) * 120;

function classFrom(start: number, end: number, change: object = {}): Promise<string> {
  return makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(start),
    endAt: minutesFromNow(end),
    status: 'scheduled',
    ...change,
  });
}

const timeOf = (start: number, end: number) => ({
  start_datetime: minutesFromNow(start).toISOString(),
  end_datetime: minutesFromNow(end).toISOString(),
});
const newClass = (start: number) => ({
  course_section: world.section,
  scheduled_date: campusDay(0, minutesFromNow(start)),
  ...timeOf(start, start + 60),
  room: world.room.code,
});
const howMany = () => firstRow(api.em(), 'select count(*)::int from attendance_session');
const wholeRow = (id: string) =>
  firstRow(api.em(), 'select * from attendance_session where id = ?::uuid', [id]);

describe('authority', () => {
  it('lets the exam cell create nothing and offers it the lock alone', async () => {
    const token = await api.signIn(world.people.examCell.email);
    const closed = await classFrom(-120, -60, { status: 'closed' });
    const before = await howMany();

    const created = await post('', newClass(freeTime()), { token });

    expect(code(created)).toEqual([403, 'not_staff']);
    expect(await howMany()).toEqual(before);
    const open = (await get(`${world.session}/`, token)).body['can'];
    expect(Object.values(open ?? {})).not.toContain(true);
    expect((await get(`${closed}/`, token)).body['can']).toMatchObject({ lock: true });
  });

  it('is judged on the date of the class, not on the day of asking', async () => {
    const leaving = await makeFaculty(api.em(), world.department);
    await assignTeaching(
      api.em(),
      leaving.id,
      { courseSection: world.section },
      { validTo: campusDay(2), role: 'substitute' },
    );
    const token = await api.signIn(leaving.email);
    const soon = await classFrom(DAY / 2, DAY / 2 + 60);
    const before = await howMany();

    const created = await post('', newClass(freeTime()), { token });
    const start = freeTime();
    const moved = await post(
      `${soon}/reschedule/`,
      { ...timeOf(start, start + 60), reason: 'Hall needed' },
      { token },
    );

    expect(code(created)).toEqual([400, 'validation_failed']);
    expect(code(moved)).toEqual([400, 'validation_failed']);
    expect(await howMany()).toEqual(before);
    expect(await wholeRow(soon)).toMatchObject({ epoch: 1 });
  });

  it('hides a foreign session also from who names a room that does not exist', async () => {
    const reply = await post(`${world.other.session}/reschedule/`, {
      ...timeOf(600, 660),
      room: 'Z999',
      reason: 'x',
    });
    expect(code(reply)).toEqual([404, 'not_found']);
  });

  it('does not tell a student who else sits in a class', async () => {
    const [me, other] = world.students;
    const token = await api.signIn(me?.email ?? '');

    const mine = await get(`?student=${me?.id}`, token);
    const theirs = await get(`?student=${other?.id}`, token);
    const asked = await get(`?student=${other?.id}`);

    expect(mine.body['count']).toBeGreaterThan(0);
    expect(theirs.body['count']).toBe(0);
    expect(asked.body['count']).toBe(mine.body['count']);
  });
});

describe('the time of a class', () => {
  it.each([
    ['for 13 hours', () => timeOf(5_000, 5_000 + 13 * 60), 400, 'validation_failed'],
    ['to the end of time', () => timeOf(401 * DAY, 401 * DAY + 60), 400, 'validation_failed'],
    ['to end before it starts', () => timeOf(5_060, 5_000), 422, 'window_inverted'],
    ['into the past', () => timeOf(-60, 60), 422, 'window_in_past'],
  ])('is not moved %s', async (_name, times, status, expected) => {
    const start = freeTime();
    const id = await classFrom(start, start + 60);
    const before = await wholeRow(id);

    const reply = await post(`${id}/reschedule/`, { ...times(), reason: 'Hall needed' });

    expect(code(reply)).toEqual([status, expected]);
    expect(await wholeRow(id)).toEqual(before);
  });

  it('is not moved onto another class of the section', async () => {
    const [first, second] = [freeTime(), freeTime()];
    const id = await classFrom(first, first + 60);
    await classFrom(second, second + 60);

    const reply = await post(`${id}/reschedule/`, {
      ...timeOf(second + 30, second + 90),
      reason: 'Hall needed',
    });

    expect(code(reply)).toEqual([409, 'duplicate_session']);
  });

  it('is moved a little, over its own old time', async () => {
    const start = freeTime();
    const id = await classFrom(start, start + 60);
    const reply = await post(`${id}/reschedule/`, {
      ...timeOf(start + 30, start + 90),
      reason: 'Hall needed',
    });
    expect(reply.body).toMatchObject({ epoch: 2 });
  });

  it('opens by the settings of the day it is moved on', async () => {
    const [first, second] = [freeTime(), freeTime()];
    const id = await classFrom(first, first + 60);
    await rows(
      api.em(),
      `insert into setting (id, name, scope_kind, scope_id, value)
       values (?::uuid, 'EARLY_OPEN_MINUTES', 'section', ?, '25')`,
      [v7(), world.section],
    );

    const times = timeOf(second, second + 60);
    const moved = await post(`${id}/reschedule/`, { ...times, reason: 'Hall needed' });

    await rows(api.em(), 'delete from setting where scope_id = ?', [world.section]);
    const start = Date.parse(times.start_datetime);
    expect(Date.parse(textOf(moved.body['opens_at']))).toBe(start - 25 * 60_000);
  });

  it('is not moved once marks are admitted, though no worker opened the row', async () => {
    const id = await classFrom(5, 65);
    const start = freeTime();

    const reply = await post(`${id}/reschedule/`, {
      ...timeOf(start, start + 60),
      reason: 'Hall needed',
    });

    expect(code(reply)).toEqual([409, 'state_conflict']);
    expect((await get(`${id}/`)).body['can']).toMatchObject({ reschedule: false });
  });

  it('is not restored onto the class that took its place', async () => {
    const start = freeTime();
    const id = await classFrom(start, start + 60);
    await post(`${id}/cancel/`, { reason: 'Teacher on duty' });
    expect((await post('', newClass(start))).status).toBe(201);

    const reply = await post(`${id}/restore/`, { reason: 'Duty was moved' });

    expect(code(reply)).toEqual([409, 'duplicate_session']);
  });

  it('is that of the timetable again when a class opened early is cancelled and restored', async () => {
    const start = freeTime();
    const id = await classFrom(start, start + 60);
    const planned = (await get(`${id}/`)).body['opens_at'];
    await post(`${id}/open/`);
    await post(`${id}/cancel/`, { reason: 'Teacher on duty' });

    const restored = await post(`${id}/restore/`, { reason: 'Duty was moved' });

    expect(restored.body).toMatchObject({ status: 'scheduled', opens_at: planned });
  });
});

const leaveOver = async (start: number, status: string): Promise<string> => {
  const [id, type] = [v7(), await makeLeaveType(api.em())];
  await rows(
    api.em(),
    `insert into leave_application (id, status, submitted_at, expires_at, student_id,
       leave_type_id, starts_at, ends_at, reason_sealed)
     values (?::uuid, ?, app_clock(), app_clock(), ?::uuid, ?::uuid, ?::timestamptz,
       ?::timestamptz, '')`,
    [id, status, world.student.id, type, minutesFromNow(start), minutesFromNow(start + 60)],
  );
  return id;
};
const setStatus = (leave: string, status: string) =>
  rows(api.em(), 'update leave_application set status = ? where id = ?::uuid', [status, leave]);
const excused = async (id: string) =>
  ((await get(`${id}/`)).body['counts'] as unknown as { excused: number }).excused;

describe('leave of a cancelled and restored class', () => {
  it('counts when it was approved meanwhile', async () => {
    const start = freeTime();
    const id = await classFrom(start, start + 60);
    await post(`${id}/cancel/`, { reason: 'Teacher on duty' });
    await leaveOver(start, 'approved');

    await post(`${id}/restore/`, { reason: 'Duty was moved' });

    expect(await excused(id)).toBe(1);
  });

  it('no longer counts when it ended meanwhile', async () => {
    const start = freeTime();
    const leave = await leaveOver(start, 'approved');
    const created = await post('', newClass(start));
    const id = textOf(created.body['id']);
    expect(await excused(id)).toBe(1);
    await post(`${id}/cancel/`, { reason: 'Teacher on duty' });
    await setStatus(leave, 'withdrawn');

    await post(`${id}/restore/`, { reason: 'Duty was moved' });

    expect(await excused(id)).toBe(0);
  });
});

describe('leave that a class missed when it was made', () => {
  it.each([
    ['open', 'scheduled'],
    ['close', 'open'],
  ])('counts at the latest by the edge %s', async (edge, status) => {
    const start = freeTime();
    const id = await classFrom(start, start + 60, { status });
    await leaveOver(start, 'approved');

    expect((await post(`${id}/${edge}/`)).status).toBe(200);

    expect(await excused(id)).toBe(1);
  });
});

describe('the reason of a refused command', () => {
  it('is not kept', async () => {
    const id = await classFrom(-120, -60, { status: 'locked' });
    const texts = () => firstRow(api.em(), 'select count(*)::int from message_text');
    const before = await texts();

    const reply = await post(`${id}/cancel/`, { reason: 'Teacher on duty' });

    expect(code(reply)).toEqual([409, 'state_conflict']);
    expect(await texts()).toEqual(before);
  });
});

describe('a repeated Idempotency-Key', () => {
  it('is refused with another body, and answered with the first result otherwise', async () => {
    const [first, second, third] = [freeTime(), freeTime(), freeTime()];
    const id = await classFrom(first, first + 60);
    const key = v7();
    const move = (start: number) =>
      post(`${id}/reschedule/`, { ...timeOf(start, start + 60), reason: 'Hall needed' }, { key });
    const there = { ...timeOf(second, second + 60), reason: 'Hall needed' };
    await post(`${id}/reschedule/`, there, { key });

    const again = await post(`${id}/reschedule/`, there, { key });
    const other = await move(third);

    expect(again.body).toMatchObject({ epoch: 2 });
    expect(code(other)).toEqual([422, 'idempotency_key_reused']);
    expect(await wholeRow(id)).toMatchObject({ epoch: 2 });
  });
});
