/** Enrolling and leaving: who may, what is refused, and what classes already held make of it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type TestApi } from '../../../test/api.ts';
import {
  campusDay,
  makeSession,
  makeStudent,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';

const PATH = '/api/v1/enrolments';

let api: TestApi;
let world: World;
let admin: string;
let teacher: string;

beforeAll(async () => {
  api = await startTestApi();
  world = await makeWorld(api.em(), { studentCount: 3 });
  admin = await api.signIn(world.people.admin.email);
  teacher = await api.signIn(world.faculty.email);
});

afterAll(() => api.close());

const newStudent = () => {
  const { campus, department, programme, batch } = world;
  return makeStudent(api.em(), { campus, department, programme, batch });
};

/** A class of yesterday that was taken and closed: the three students have a mark each. */
async function closedClass(status: 'closed' | 'locked' = 'closed'): Promise<Id> {
  const session = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-30),
  });
  const marked = await api.request('POST', '/api/v1/attendance/records/bulk-mark', {
    token: teacher,
    headers: { 'idempotency-key': v7() },
    body: { session, records: [], default: { mark: 'present' } },
  });
  expect(marked.status).toBe(200);
  await rows(
    api.em(),
    `update attendance_session set status = ?, taken = true, closed_at = app_clock(),
       closes_at = app_clock(), lock_due_at = app_clock() + interval '1 day' where id = ?::uuid`,
    [status, session],
  );
  return session;
}

const enrol = (body: object, token = admin) => api.request('POST', PATH, { token, body });

const recordOf = (session: Id, student: Id) =>
  firstRow<{ mark: string | null; source: string | null }>(
    api.em(),
    'select mark, source from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
    [session, student],
  );

describe('enrolling a student', () => {
  it('makes a newcomer absent in classes already closed, and leaves final ones alone', async () => {
    const closed = await closedClass();
    const locked = await closedClass('locked');
    const { id: student } = await newStudent();

    const reply = await enrol({
      student,
      course_section: world.section,
      valid_from: campusDay(-3),
    });

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      enrolment: { student: { id: student }, valid_to: null },
      sessions_locked: 1,
    });
    expect(await recordOf(closed, student)).toEqual({ mark: 'absent', source: 'system' });
    expect(await recordOf(locked, student)).toBeUndefined();
    const event = await firstRow(
      api.em(),
      "select 1 from audit_event where action = 'enrolment.added' and entity_id = ?",
      [textOf(reply.body['enrolment']?.['id'])],
    );
    expect(event).toBeDefined();
  });

  it('does not touch classes before the first day', async () => {
    const closed = await closedClass();
    const { id: student } = await newStudent();

    await enrol({ student, course_section: world.section, valid_from: campusDay(1) });

    expect(await recordOf(closed, student)).toBeUndefined();
  });

  it('refuses what overlaps, what does not exist and an end before the start', async () => {
    const { id: student } = await newStudent();
    const body = { student, course_section: world.section, valid_from: campusDay(-3) };
    expect((await enrol(body)).status).toBe(201);

    const twice = await enrol(body);
    expect([twice.status, twice.body['code']]).toEqual([409, 'enrolment_overlaps']);
    const nobody = await enrol({ ...body, student: v7() });
    expect(nobody.body['errors']).toMatchObject([{ path: 'student' }]);
    const nowhere = await enrol({ ...body, course_section: v7() });
    expect(nowhere.body['errors']).toMatchObject([{ path: 'course_section' }]);
    const inverted = await enrol({ ...body, valid_to: campusDay(-4) });
    expect(inverted.body['errors']).toMatchObject([{ path: 'valid_to' }]);
  });

  it('is for those who manage people', async () => {
    const { id: student } = await newStudent();
    const body = { student, course_section: world.section, valid_from: campusDay(-3) };

    expect((await enrol(body, teacher)).status).toBe(403);
    expect((await api.request('GET', PATH, { token: teacher })).status).toBe(403);
  });
});

describe('ending an enrolment', () => {
  it('takes the student off the roll of classes from that day, and keeps the claims', async () => {
    const { id: student } = await newStudent();
    const added = await enrol({
      student,
      course_section: world.section,
      valid_from: campusDay(-9),
    });
    const session = await closedClass();
    const before = await api.request('GET', `/api/v1/attendance/sessions/${session}`, {
      token: teacher,
    });

    const id = textOf(added.body['enrolment']?.['id']);
    const ended = await api.request('POST', `${PATH}/${id}/end`, {
      token: admin,
      body: { valid_to: campusDay(-1) },
    });

    expect(ended.body).toMatchObject({ enrolment: { valid_to: campusDay(-1) } });
    const after = await api.request('GET', `/api/v1/attendance/sessions/${session}`, {
      token: teacher,
    });
    const [was, is] = [before, after].map((reply) => Number(reply.body['counts']?.['roster']));
    expect(is).toBe((was ?? 0) - 1);
    const kept = await rows(
      api.em(),
      'select 1 from attendance_operation where session_id = ?::uuid and student_id = ?::uuid',
      [session, student],
    );
    expect(kept).toHaveLength(1);
  });

  it('refuses a day before its beginning, an unknown enrolment and a later end', async () => {
    const { id: student } = await newStudent();
    const added = await enrol({
      student,
      course_section: world.section,
      valid_from: campusDay(-3),
      valid_to: campusDay(5),
    });
    const id = textOf(added.body['enrolment']?.['id']);
    const end = (target: string, valid_to: string) =>
      api.request('POST', `${PATH}/${target}/end`, { token: admin, body: { valid_to } });

    expect((await end(id, campusDay(-4))).body['errors']).toMatchObject([{ path: 'valid_to' }]);
    expect((await end(id, campusDay(6))).body['errors']).toMatchObject([{ path: 'valid_to' }]);
    expect((await end(v7(), campusDay(1))).status).toBe(404);
  });
});
