/** Input nobody means: each is refused as the sender's mistake, and nothing is written. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, type ApiReply, type TestApi } from '../../test/api.ts';
import { campusDay, makeWorld, minutesFromNow, type World } from '../../test/factories.ts';
import { rows } from '../db/orm.ts';

const SESSIONS = '/api/v1/attendance/sessions/';
const RECORDS = '/api/v1/attendance/records/';
const LOGIN = '/api/v1/auth/login';

let api: TestApi;
let world: World;
let teacher: string;

beforeAll(async () => {
  api = await startTestApi();
  world = await makeWorld(api.em());
  teacher = await api.signIn(world.faculty.email);
});
afterAll(() => api.close());

const verdict = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];
const post = (path: string, body: unknown): Promise<ApiReply> =>
  api.request('POST', path, { token: teacher, body, headers: { 'idempotency-key': v7() } });
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const marks = (): Promise<object[]> =>
  rows(api.em(), 'select * from attendance_record where session_id = ?::uuid', [world.session]);

describe('text that cannot be stored', () => {
  it.each([
    ['NUL', '\u0000'],
    ['half of a surrogate pair', '\ud800'],
  ])('is refused in a body: %s', async (_name, character) => {
    const text = `a${character}b`;
    const session = {
      course_section: world.section,
      scheduled_date: campusDay(0, minutesFromNow(600)),
      start_datetime: minutesFromNow(600).toISOString(),
      end_datetime: minutesFromNow(660).toISOString(),
      room: world.room.code,
    };
    const mark = { session: world.session, student: world.student.id, mark: 'present' };

    const replies = [
      await post(LOGIN, { email: text, password: 'x' }),
      await post(SESSIONS, { ...session, notes: text }),
      await post(SESSIONS, { ...session, room: text }),
      await post(`${SESSIONS}${world.session}/cancel/`, { reason: text }),
      await post(RECORDS, { ...mark, notes: text }),
      await post(`${RECORDS}bulk-mark/`, { session: world.session, records: [{ ...mark, text }] }),
    ];

    for (const reply of replies) expect(verdict(reply)).toEqual([400, 'validation_failed']);
    expect(await marks()).toEqual([]);
  });

  it('is refused in a query', async () => {
    const reply = await api.request('GET', `${SESSIONS}?room=%00`, { token: teacher });

    expect(verdict(reply)).toEqual([400, 'validation_failed']);
    expect(reply.body['errors']).toMatchObject([{ path: 'room', code: 'not_text' }]);
  });
});

describe('a body nested without end', () => {
  it('is malformed, however deep', async () => {
    const replies = await Promise.all(
      [21, 1_000, 32_000].map((levels) => api.request('POST', LOGIN, { raw: nested(levels) })),
    );

    for (const reply of replies) expect(verdict(reply)).toEqual([400, 'malformed_request']);
  });
});

describe('ids in capital letters', () => {
  it('name the same rows as in small ones', async () => {
    const body = {
      session: world.session.toUpperCase(),
      student: world.student.id.toUpperCase(),
      mark: 'present',
    };

    const reply = await post(RECORDS, body);

    expect(reply.status).toBe(201);
    expect(reply.body['student']).toBe(world.student.id);
  });

  it('repeat an operation of a bulk request as a duplicate', async () => {
    const item = { student: world.student.id, mark: 'present', op_id: v7().toUpperCase() };
    const body = { session: world.session, records: [item] };

    await post(`${RECORDS}bulk-mark/`, body);
    const again = await post(`${RECORDS}bulk-mark/`, body);

    expect(again.status).toBe(200);
    expect(again.body['counts']).toMatchObject({ duplicate: 1 });
  });
});
