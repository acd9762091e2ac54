import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import { recordRoutes } from './routes.ts';
import { authRoutes } from '../auth/routes.ts';

const PATH = '/api/v1/attendance/records/';

let api: TestApi;
let world: World;
let teacher: string;

beforeAll(async () => {
  api = await startTestApi({ routes: (deps) => [...authRoutes(deps), ...recordRoutes()] });
  world = await makeWorld(api.em(), { studentCount: 12 });
  teacher = await api.signIn(world.faculty.email);
});

afterAll(() => api.close());

/** A fresh session of the world's section; the given times in minutes from now. */
async function classFrom(start: number, end: number, change: object = {}): Promise<string> {
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

const studentAt = (index: number): string => {
  const student = world.students[index];
  if (!student) throw new Error(`the world has no student ${index}`);
  return student.id;
};

function mark(body: object, { token = teacher, key = v7() } = {}): Promise<ApiReply> {
  return api.request('POST', PATH, { token, body, headers: { 'idempotency-key': key } });
}

async function footprint(session: string): Promise<unknown> {
  return firstRow(
    api.em(),
    `select (select count(*)::int from attendance_operation where session_id = ?::uuid) as operations,
       (select count(*)::int from attendance_record where session_id = ?::uuid) as marks,
       (select count(*)::int from audit_event where session_id = ?::uuid) as events,
       (select count(*)::int from live_event where session_id = ?::uuid) as live`,
    [session, session, session, session],
  );
}
const NOTHING = { operations: 0, marks: 0, events: 0, live: 0 };

describe('POST records/', () => {
  it('marks a student, writes operation, record and audit events, and says 201', async () => {
    const session = await classFrom(-5, 55);
    const key = v7();

    const reply = await mark({ session, student: studentAt(0), mark: 'present' }, { key });

    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      op_id: key,
      status: 'applied',
      record: { mark: 'present', source: 'manual', winner_op_id: key, version: 1 },
      original: null,
    });
    expect(await footprint(session)).toEqual({ operations: 1, marks: 1, events: 2, live: 2 });
  });

  it('answers a repeat with the first result and writes nothing again', async () => {
    const session = await classFrom(-5, 55);
    const key = v7();
    const body = { session, student: studentAt(0), mark: 'present' };
    const first = await mark(body, { key });
    await mark({ session, student: studentAt(0), mark: 'late' });
    const before = await footprint(session);

    const repeat = await mark(body, { key });

    expect(repeat.status).toBe(200);
    expect(repeat.body).toMatchObject({ status: 'duplicate', original: { status: 'applied' } });
    expect(repeat.body['original']).toEqual({
      op_id: first.body['op_id'],
      student: first.body['student'],
      status: 'applied',
      conflict_ids: [],
      won: null,
      code: null,
      detail: null,
      record: first.body['record'],
    });
    expect(await footprint(session)).toEqual(before);
  });

  it('refuses a key that was used for another mark', async () => {
    const session = await classFrom(-5, 55);
    const key = v7();
    await mark({ session, student: studentAt(0), mark: 'present' }, { key });

    const reply = await mark({ session, student: studentAt(1), mark: 'present' }, { key });

    expect([reply.status, reply.body['code']]).toEqual([422, 'op_id_reused']);
    const events = await rows(
      api.em(),
      `select entity_id, student_id from audit_event
       where session_id = ?::uuid and action = 'security.op_id_reused'`,
      [session],
    );
    expect(events).toEqual([{ entity_id: key, student_id: studentAt(1) }]);
  });

  it('keeps the notes sealed in the database', async () => {
    const session = await classFrom(-5, 55);
    await mark({ session, student: studentAt(0), mark: 'late', notes: 'missed the college bus' });

    const stored = await firstRow<{ notes_sealed: string }>(
      api.em(),
      'select notes_sealed from attendance_operation where session_id = ?::uuid',
      [session],
    );

    expect(stored?.notes_sealed).toMatch(/^v1\./);
    expect(stored?.notes_sealed).not.toContain('bus');
  });

  it.each([
    ['scheduled', { status: 'scheduled' }, 120, 180, 'session_not_open'],
    ['cancelled', { status: 'cancelled' }, -5, 55, 'session_cancelled'],
    ['locked', { status: 'locked' }, -300, -240, 'session_locked'],
    [
      'past its lock though no worker locked it',
      { status: 'closed' },
      -6_000,
      -5_900,
      'session_locked',
    ],
  ])(
    'refuses a %s session with 409 and writes nothing',
    async (_name, change, start, end, code) => {
      const session = await classFrom(start, end, change);

      const reply = await mark({ session, student: studentAt(0), mark: 'present' });

      expect([reply.status, reply.body['code']]).toEqual([409, code]);
      expect(Object.keys(reply.body)).toEqual(
        expect.arrayContaining(['opens_at', 'closes_at', 'lock_due_at']),
      );
      expect(await footprint(session)).toEqual(NOTHING);
    },
  );

  it('opens for marks at opens_at though no worker opened the row', async () => {
    const session = await classFrom(5, 65, { status: 'scheduled' });
    const reply = await mark({ session, student: studentAt(0), mark: 'present' });
    expect(reply.status).toBe(201);
  });

  it.each([
    ['a student of another section', () => world.other.students[0], 'not_on_roster'],
    ['a student who does not exist', () => ({ id: v7() }), 'not_on_roster'],
  ])('refuses %s with 403 and writes nothing', async (_name, who, code) => {
    const session = await classFrom(-5, 55);
    const student = who();

    const reply = await mark({ session, student: student?.id, mark: 'present' });

    expect([reply.status, reply.body['code']]).toEqual([403, code]);
    expect(await footprint(session)).toEqual(NOTHING);
  });

  it.each([
    ['another teacher', () => world.other.faculty.email, 404, 'not_found'],
    ['the head of another department', () => world.people.otherHod.email, 404, 'not_found'],
    ['a student of the class', () => world.student.email, 403, 'not_staff'],
    ['the exam cell', () => world.people.examCell.email, 403, 'forbidden'],
    ['an auditor', () => world.people.auditor.email, 403, 'forbidden'],
  ])('refuses %s and writes nothing', async (_name, email, status, code) => {
    const session = await classFrom(-5, 55);
    const token = await api.signIn(email());

    const reply = await mark({ session, student: studentAt(0), mark: 'present' }, { token });

    expect([reply.status, reply.body['code']]).toEqual([status, code]);
    expect(await footprint(session)).toEqual(NOTHING);
  });

  it('lets the head of the department override with a reason, at rank 90', async () => {
    const session = await classFrom(-5, 55);
    const token = await api.signIn(world.people.hod.email);
    const body = { session, student: studentAt(0), mark: 'absent' };

    expect((await mark(body, { token })).body['code']).toBe('reason_required');
    const reply = await mark({ ...body, reason: 'seen elsewhere' }, { token });

    expect(reply.status).toBe(201);
    const stored = await firstRow(
      api.em(),
      'select rank from attendance_record where session_id = ?::uuid',
      [session],
    );
    expect(stored).toEqual({ rank: 90 });
  });

  it.each([
    ['no Idempotency-Key', { headers: {} }, 400, 'idempotency_key_required'],
    [
      'a key that is no UUID',
      { headers: { 'idempotency-key': 'abc' } },
      400,
      'idempotency_key_required',
    ],
    ['malformed JSON', { raw: '{"session":' }, 400, 'malformed_request'],
    ['an unknown field', { body: { colour: 'red' } }, 400, 'validation_failed'],
    ['a mark that does not exist', { body: { mark: 'maybe' } }, 400, 'validation_failed'],
    ['an id that is no UUID', { body: { student: '17' } }, 400, 'validation_failed'],
    ['offline as the source', { body: { source: 'offline' } }, 400, 'source_not_evidence'],
    ['excused, which comes from leave', { body: { mark: 'excused' } }, 422, 'mark_not_allowed'],
  ])('refuses %s', async (_name, change, status, code) => {
    const session = await classFrom(-5, 55);
    const given = change as { headers?: Record<string, string>; raw?: string; body?: object };
    const body = { session, student: studentAt(0), mark: 'present', ...given.body };

    const reply = await api.request('POST', PATH, {
      token: teacher,
      headers: given.headers ?? { 'idempotency-key': v7() },
      ...(given.raw === undefined ? { body } : { raw: given.raw }),
    });

    expect([reply.status, reply.body['code']]).toEqual([status, code]);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(await footprint(session)).toEqual(NOTHING);
  });

  it('needs a sign-in', async () => {
    const reply = await api.request('POST', PATH, { body: {} });
    expect([reply.status, reply.body['code']]).toEqual([401, 'unauthenticated']);
  });

  it('a teacher changes an own earlier mark without a reason, evidence only with one', async () => {
    const session = await classFrom(-5, 55);
    await mark({ session, student: studentAt(0), mark: 'present' });
    expect((await mark({ session, student: studentAt(0), mark: 'absent' })).status).toBe(200);

    await rows(
      api.em(),
      `update attendance_record set rank = 60, mark = 'present', source = 'biometric'
       where session_id = ?::uuid`,
      [session],
    );
    const silent = await mark({ session, student: studentAt(0), mark: 'absent' });

    expect([silent.status, silent.body['code']]).toEqual([422, 'reason_required']);
    const told = await mark({
      session,
      student: studentAt(0),
      mark: 'absent',
      reason: 'left at once',
    });
    expect(told.status).toBe(200);
  });

  it('asks for a reason also where an own mark hides the evidence', async () => {
    const session = await classFrom(-5, 55);
    await rows(
      api.em(),
      `insert into attendance_operation (op_id, session_id, student_id, kind, mark, rank, source,
         eff_at, received_at, epoch, payload_hash, result)
       values (?::uuid, ?::uuid, ?::uuid, 'mark', 'present', 60, 'biometric', app_clock(),
         app_clock(), 1, '', '{}')`,
      [v7(), session, studentAt(0)],
    );
    await mark({ session, student: studentAt(0), mark: 'late' });

    const silent = await mark({ session, student: studentAt(0), mark: 'absent' });

    expect([silent.status, silent.body['code']]).toEqual([422, 'reason_required']);
  });
});

describe('POST records/bulk-mark/', () => {
  const bulk = (body: object, key: string = v7()): Promise<ApiReply> =>
    api.request('POST', `${PATH}bulk-mark/`, {
      token: teacher,
      body,
      headers: { 'idempotency-key': key },
    });

  it('marks a class: one changed record and one record.changed event per student', async () => {
    const session = await classFrom(-5, 55);
    const records = world.students.map((student) => ({ student: student.id, mark: 'present' }));

    const reply = await bulk({ session, records });

    expect(reply.status).toBe(200);
    expect(reply.body['counts']).toMatchObject({ applied: 12, superseded: 0, rejected: 0 });
    const changed = await firstRow(
      api.em(),
      "select count(*)::int as count from audit_event where session_id = ?::uuid and action = 'record.changed'",
      [session],
    );
    expect(changed).toEqual({ count: 12 });
  });

  it('answers each item on its own: one bad item never blocks the others', async () => {
    const session = await classFrom(-5, 55);
    const outsider = world.other.students[0]?.id ?? '';

    const reply = await bulk({
      session,
      records: [
        { student: studentAt(0), mark: 'present' },
        { student: outsider, mark: 'present' },
        { student: studentAt(1), mark: 'excused' },
        { student: studentAt(2), mark: 'late' },
      ],
    });

    const results = reply.body['results'] as unknown as { status: string; code: string | null }[];
    expect(results.map((result) => result.code ?? result.status)).toEqual([
      'applied',
      'not_on_roster',
      'mark_not_allowed',
      'applied',
    ]);
    expect(await footprint(session)).toMatchObject({ operations: 2, marks: 2 });
  });

  it('covers everyone else with the default and repeats under the same key as duplicates', async () => {
    const session = await classFrom(-5, 55);
    await mark({ session, student: studentAt(0), mark: 'late' });
    const body = {
      session,
      records: [{ student: studentAt(1), mark: 'absent' }],
      default: { mark: 'present' },
    };
    const key = v7();

    const first = await bulk(body, key);
    const again = await bulk(body, key);

    expect(first.body['counts']).toMatchObject({ applied: 11 });
    expect(again.body['counts']).toMatchObject({ applied: 0, duplicate: 11 });
    const results = first.body['results'] as unknown as { op_id: string; student: string }[];
    expect(results[0]?.op_id).toBe(uuidV5(key, `${session}:${studentAt(1)}`));
    const marks = await rows<{ mark: string; count: number }>(
      api.em(),
      'select mark, count(*)::int as count from attendance_record where session_id = ?::uuid group by 1 order by 1',
      [session],
    );
    expect(marks).toEqual([
      { mark: 'absent', count: 1 },
      { mark: 'late', count: 1 },
      { mark: 'present', count: 10 },
    ]);
  });

  it('judges two items of one student each by its own reason', async () => {
    const session = await classFrom(-5, 55);
    const token = await api.signIn(world.people.hod.email);
    const item = { student: studentAt(0), mark: 'absent' };

    const reply = await api.request('POST', `${PATH}bulk-mark/`, {
      token,
      body: { session, records: [item, { ...item, reason: 'seen elsewhere' }] },
      headers: { 'idempotency-key': v7() },
    });

    const results = reply.body['results'] as unknown as { status: string; code: string | null }[];
    expect(results.map((result) => result.code ?? result.status)).toEqual([
      'reason_required',
      'applied',
    ]);
  });

  it('refuses more than 500 items', async () => {
    const session = await classFrom(-5, 55);
    const records = Array.from({ length: 501 }, () => ({ student: studentAt(0), mark: 'present' }));
    const reply = await bulk({ session, records });
    expect([reply.status, reply.body['code']]).toEqual([400, 'validation_failed']);
  });
});

describe('GET records/', () => {
  it('gives a student the own records alone', async () => {
    const session = await classFrom(-5, 55);
    await mark({ session, student: studentAt(0), mark: 'present' });
    await mark({ session, student: studentAt(1), mark: 'absent' });
    const token = await api.signIn(world.student.email);

    const reply = await api.request('GET', `${PATH}?session=${session}`, { token });

    const results = reply.body['results'] as unknown as {
      student: string;
      session_detail: object;
    }[];
    expect(results.map((record) => record.student)).toEqual([world.student.id]);
    expect(results[0]?.session_detail).toMatchObject({ status: 'open' });
  });

  it('refuses unknown filters', async () => {
    const reply = await api.request('GET', `${PATH}?sesion=1`, { token: teacher });
    expect([reply.status, reply.body['code']]).toEqual([400, 'validation_failed']);
  });
});
