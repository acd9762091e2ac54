import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import { directWorkflows, type DirectWorkflows } from '../../../test/direct-workflows.ts';
import {
  campusDay,
  makeLeaveType,
  makeSession,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import { authRoutes } from '../auth/routes.ts';
import { leaveRoutes } from './routes.ts';

const PATH = '/api/v1/attendance/leave-applications/';
const REASON = 'Fever since Monday';

let api: TestApi;
let world: World;
let workflows: DirectWorkflows;
let leaveType: string;
let student: string;
let mentor: string;

beforeAll(async () => {
  workflows = directWorkflows();
  api = await startTestApi({
    workflows,
    routes: (deps) => [...authRoutes(deps), ...leaveRoutes(deps)],
    variables: { RATE_LIMIT_SCALE: '100' },
  });
  workflows.connect(api.deps);
  world = await makeWorld(api.em(), { studentCount: 4 });
  leaveType = await makeLeaveType(api.em());
  student = await api.signIn(world.student.email);
  mentor = await api.signIn(world.people.mentor.email);
});

afterAll(() => api.close());

const get = (path = '', token = student) => api.request('GET', `${PATH}${path}`, { token });
const post = (path: string, body: unknown, { token = student, key = v7() } = {}) =>
  api.request('POST', `${PATH}${path}`, { token, body, headers: { 'idempotency-key': key } });
const patch = (id: string, body: unknown, { token = mentor, key = v7() } = {}) =>
  api.request('PATCH', `${PATH}${id}/`, { token, body, headers: { 'idempotency-key': key } });

/** Days no other test uses. */
let nextDay = 1;
const freshDay = (): string => campusDay((nextDay += 1));

function wholeDay(change: object = {}): object {
  const day = freshDay();
  return { leave_type: leaveType, start_date: day, end_date: day, reason: REASON, ...change };
}

async function file(token = student): Promise<string> {
  const reply = await post('', wholeDay(), { token });
  if (reply.status !== 201)
    throw new Error(`filing: ${reply.status} ${textOf(reply.body['code'])}`);
  return textOf(reply.body['id']);
}

const code = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];
const idsIn = (reply: ApiReply): unknown[] =>
  Object.values(reply.body['results'] ?? {}).map((row: Json) => row['id']);
const countLeaves = () =>
  firstRow(api.em(), 'select count(*)::int as count from leave_application');

describe('GET leave-types/', () => {
  it('lists the kinds that are granted to anyone signed in', async () => {
    const old = await makeLeaveType(api.em());
    await rows(api.em(), 'update leave_type set is_active = false where id = ?::uuid', [old]);

    const reply = await api.request('GET', '/api/v1/attendance/leave-types/', { token: student });

    expect(reply.status).toBe(200);
    expect(reply.body['results']).toEqual([
      {
        id: leaveType,
        code: expect.any(String),
        name: 'Medical leave',
        excuse_category: 'medical',
      },
    ]);
  });
});

describe('POST leave-applications/', () => {
  it('files a leave in whole days, starts its workflow and shows it to the student', async () => {
    const day = freshDay();

    const reply = await post('', wholeDay({ start_date: day, end_date: day }));

    expect(reply.status).toBe(201);
    const id = textOf(reply.body['id']);
    expect(reply.body).toMatchObject({
      student: { id: world.student.id, roll_number: world.student.rollNumber },
      leave_type: { id: leaveType, name: 'Medical leave' },
      starts_at: new Date(`${day}T00:00:00+05:30`).toISOString(),
      ends_at: new Date(Date.parse(`${day}T00:00:00+05:30`) + 24 * 3_600_000).toISOString(),
      reason: REASON,
      status: 'pending',
      level: 1,
      decided_at: null,
      decided_by: null,
      outcome_code: null,
      note: null,
      can: { decide: false, withdraw: true },
      version: 1,
    });
    expect(workflows.started).toContain(`leave/${id}`);
  });

  it('files a leave between two instants of any offset', async () => {
    const day = freshDay();
    const reply = await post('', {
      leave_type: leaveType,
      starts_at: `${day}T09:00:00+05:30`,
      ends_at: `${day}T11:00:00+05:30`,
      reason: REASON,
    });

    expect(reply.status).toBe(201);
    expect(reply.body['starts_at']).toBe(`${day}T03:30:00.000Z`);
    expect(reply.body['ends_at']).toBe(`${day}T05:30:00.000Z`);
  });

  it('answers a repeat of the same key with the same leave', async () => {
    const key = v7();
    const body = wholeDay();
    const first = await post('', body, { key });
    const again = await post('', body, { key });
    const other = await post('', { ...body, reason: 'Another' }, { key });

    expect(again.body['id']).toBe(first.body['id']);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(code(other)).toEqual([422, 'idempotency_key_reused']);
  });

  it('files although Temporal is away; the outbox keeps the promise', async () => {
    const start = jest
      .spyOn(workflows, 'startCase')
      .mockRejectedValueOnce(appError('workflow_unavailable', 'away'));

    const id = await file();

    start.mockRestore();
    const promised = await firstRow(
      api.em(),
      "select kind from outbox where payload->>'caseId' = ? and done_at is null",
      [id],
    );
    expect(promised).toEqual({ kind: 'start_case' });
    expect(workflows.started).not.toContain(`leave/${id}`);
  });

  it.each([
    ['no reason', { reason: undefined }, 400, 'validation_failed'],
    ['an empty reason', { reason: '   ' }, 400, 'validation_failed'],
    ['a status in the body', { status: 'approved' }, 400, 'validation_failed'],
    ['another student', { student: v7() }, 400, 'validation_failed'],
    ['days and instants together', { starts_at: '2026-01-01T00:00:00Z' }, 400, 'validation_failed'],
    ['no end', { end_date: undefined }, 400, 'validation_failed'],
    ['a date that does not exist', { start_date: '2026-02-30' }, 400, 'validation_failed'],
    ['a leave type that does not exist', { leave_type: v7() }, 400, 'validation_failed'],
    ['an end before the start', { end_date: '2026-01-01' }, 422, 'window_inverted'],
  ])('refuses %s and files nothing', async (_name, change, status, expected) => {
    const before = await countLeaves();

    expect(code(await post('', wholeDay(change)))).toEqual([status, expected]);

    expect(await countLeaves()).toEqual(before);
  });

  it('refuses a leave that overlaps a live one', async () => {
    const body = wholeDay();
    await post('', body);

    expect(code(await post('', body))).toEqual([409, 'leave_overlaps']);
  });

  it.each([
    ['a teacher', () => world.faculty.email, 'student_not_accepted'],
    ['a mentor', () => world.people.mentor.email, 'forbidden'],
    ['an auditor', () => world.people.auditor.email, 'forbidden'],
  ])('is not for %s', async (_name, email, expected) => {
    const token = await api.signIn(email());

    expect(code(await post('', wholeDay(), { token }))).toEqual([403, expected]);
  });
});

describe('GET leave-applications/', () => {
  it('shows a leave with its reason to the student and to those who may decide it', async () => {
    const id = await file();
    const hod = await api.signIn(world.people.hod.email);

    const mine = await get(`${id}/`);
    const theirs = [await get(`${id}/`, mentor), await get(`${id}/`, hod)];

    expect(mine.body).toMatchObject({ reason: REASON, can: { decide: false, withdraw: true } });
    for (const reply of theirs) {
      expect(reply.body).toMatchObject({ reason: REASON, can: { decide: true, withdraw: false } });
    }
  });

  it.each([
    ['a fellow student', () => world.students[1]?.email ?? ''],
    ['a teacher while there is a mentor', () => world.faculty.email],
    ['the head of another department', () => world.people.otherHod.email],
    ['an administrator', () => world.people.admin.email],
    ['the exam cell', () => world.people.examCell.email],
    ['an auditor', () => world.people.auditor.email],
  ])('hides it from %s as if it were absent', async (_name, email) => {
    const id = await file();
    const token = await api.signIn(email());

    expect(code(await get(`${id}/`, token))).toEqual([404, 'not_found']);
    expect(idsIn(await get('?page_size=200', token))).not.toContain(id);
    const decided = await patch(id, { status: 'approved' }, { token });
    expect([403, 404]).toContain(decided.status);
    expect((await get(`${id}/`)).body['status']).toBe('pending');
  });

  it('filters by status, student and what waits for me, page by page', async () => {
    const waiting = await file();
    const decided = await file();
    await patch(decided, { status: 'approved' });

    const inbox = await get('?waiting_for_me=true&page_size=200', mentor);
    expect(idsIn(inbox)).toContain(waiting);
    expect(idsIn(inbox)).not.toContain(decided);
    expect(idsIn(await get('?status=approved&page_size=200', mentor))).toContain(decided);
    expect(idsIn(await get('?waiting_for_me=true'))).toEqual([]);
    expect((await get(`?student=${world.student.id}`, mentor)).body['count']).toBeGreaterThan(1);
    expect((await get(`?student=${v7()}`, mentor)).body['count']).toBe(0);
    const first = await get('?page_size=1&ordering=submitted_at');
    const second = await get('?page_size=1&page=2&ordering=submitted_at');
    expect(first.body['next']).toContain('page=2');
    expect(idsIn(first)).not.toEqual(idsIn(second));
  });

  it.each(['?status=lost', '?waiting_for_me=maybe', '?student=seven', '?teacher=1', '?page=0'])(
    'refuses the query %s',
    async (query) => {
      expect(code(await get(query))).toEqual([400, 'validation_failed']);
    },
  );

  it('reads a page with two statements however many rows it has', async () => {
    const counted = watchStatements(/leave_application/);
    try {
      const one = await get('?page_size=1');
      const statementsOfOne = counted.take();
      const many = await get('?page_size=50');

      expect(statementsOfOne).toBe(2);
      expect(counted.take()).toBe(2);
      expect(idsIn(one)).toHaveLength(1);
      expect(idsIn(many).length).toBeGreaterThan(5);
    } finally {
      counted.stop();
    }
  });
});

/** Counts the statements of the API's connection whose text matches. */
function watchStatements(pattern: RegExp): { take(): number; stop(): void } {
  const client = api.deps.orm.em.getConnection().getClient<unknown>();
  const calls = jest.spyOn(client, 'executeQuery');
  return {
    take() {
      const texts = calls.mock.calls.map(([query]) => ('sql' in query ? query.sql : ''));
      calls.mockClear();
      return texts.filter((text) => pattern.test(text)).length;
    },
    stop: () => calls.mockRestore(),
  };
}

describe('PATCH leave-applications/{id}/', () => {
  it('approves, excuses the sessions and shows the note to the student', async () => {
    const session = await makeSession(api.em(), {
      campus: world.campus,
      courseSection: world.section,
      faculty: world.faculty.id,
      room: world.room.id,
      startAt: minutesFromNow(-240),
      endAt: minutesFromNow(-180),
      status: 'closed',
    });
    const filed = await post('', {
      leave_type: leaveType,
      starts_at: minutesFromNow(-260).toISOString(),
      ends_at: minutesFromNow(-170).toISOString(),
      reason: REASON,
    });

    const reply = await patch(textOf(filed.body['id']), {
      status: 'approved',
      note: 'Certificate seen',
    });

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      status: 'approved',
      decided_by: { id: world.people.mentor.id },
      note: 'Certificate seen',
      can: { decide: false, withdraw: false },
    });
    expect((await get(`${textOf(filed.body['id'])}/`)).body['note']).toBe('Certificate seen');
    const record = await firstRow(
      api.em(),
      'select mark, source from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
      [session, world.student.id],
    );
    expect(record).toEqual({ mark: 'excused', source: 'leave' });
  });

  it('keeps note and reason sealed in the database', async () => {
    const id = await file();
    await patch(id, { status: 'rejected', note: 'No certificate' });

    const stored = await firstRow<object>(
      api.em(),
      `select l.reason_sealed, d.note_sealed from leave_application l
       join decision d on d.case_id = l.id where l.id = ?::uuid`,
      [id],
    );

    expect(stored).toMatchObject({
      reason_sealed: expect.stringMatching(/^v1\./),
      note_sealed: expect.stringMatching(/^v1\./),
    });
  });

  it('answers a repeat of the same decision with its first result', async () => {
    const id = await file();
    const key = v7();
    const first = await patch(id, { status: 'approved' }, { key });
    const again = await patch(id, { status: 'approved' }, { key });

    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
  });

  it('refuses a second decision, by the same person or another', async () => {
    const id = await file();
    await patch(id, { status: 'approved' });
    const hod = await api.signIn(world.people.hod.email);
    const rejected = { status: 'rejected', note: 'Too late' };

    expect(code(await patch(id, rejected))).toEqual([409, 'already_decided']);
    expect(code(await patch(id, rejected, { token: hod }))).toEqual([409, 'already_decided']);
    expect((await get(`${id}/`)).body['status']).toBe('approved');
  });

  it.each([
    ['a rejection without a note', { status: 'rejected' }, 422, 'note_required'],
    ['an unknown verdict', { status: 'withdrawn' }, 400, 'validation_failed'],
    ['a decider in the body', { status: 'approved', decided_by: v7() }, 400, 'validation_failed'],
    ['no verdict', {}, 400, 'validation_failed'],
  ])('refuses %s and decides nothing', async (_name, body, status, expected) => {
    const id = await file();

    expect(code(await patch(id, body))).toEqual([status, expected]);

    expect((await get(`${id}/`)).body['status']).toBe('pending');
  });

  it('is not for the student, and a leave that does not exist is not found', async () => {
    const id = await file();

    expect(code(await patch(id, { status: 'approved' }, { token: student }))).toEqual([
      403,
      'forbidden',
    ]);
    expect(code(await patch(v7(), { status: 'approved' }))).toEqual([404, 'not_found']);
    expect(code(await patch('seven', { status: 'approved' }))).toEqual([400, 'validation_failed']);
  });

  it('decides nothing while Temporal is away, and keeps the note for the retry', async () => {
    const id = await file();
    const key = v7();
    const body = { status: 'rejected', note: 'No certificate' };
    const decide = jest
      .spyOn(workflows, 'decide')
      .mockRejectedValueOnce(appError('workflow_unavailable', 'away'));
    const away = await patch(id, body, { key });
    decide.mockRestore();

    expect(code(away)).toEqual([503, 'workflow_unavailable']);
    expect((await get(`${id}/`)).body['status']).toBe('pending');
    const retried = await patch(id, body, { key });
    expect(retried.body).toMatchObject({ status: 'rejected', note: 'No certificate' });
  });

  it('drops the note of a decision that the workflow refuses', async () => {
    const id = await file();
    const texts = () => firstRow(api.em(), 'select count(*)::int as count from message_text');
    const before = await texts();
    const decide = jest
      .spyOn(workflows, 'decide')
      .mockRejectedValueOnce(appError('already_decided', 'Someone was faster.'));
    const refused = await patch(id, { status: 'rejected', note: 'No certificate' });
    decide.mockRestore();

    expect(code(refused)).toEqual([409, 'already_decided']);
    expect(await texts()).toEqual(before);
  });
});

describe('POST leave-applications/{id}/withdraw/', () => {
  it('withdraws a pending leave of one’s own and frees its time', async () => {
    const body = wholeDay();
    const filed = await post('', body);
    const key = v7();
    const path = `${textOf(filed.body['id'])}/withdraw/`;

    const reply = await post(path, undefined, { key });
    const again = await post(path, undefined, { key });

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ status: 'withdrawn', can: { withdraw: false } });
    expect(again.body).toEqual(reply.body);
    expect(code(await post(path, undefined))).toEqual([409, 'already_decided']);
    expect((await post('', body)).status).toBe(201);
  });

  it('is not for those who may decide it, nor for strangers', async () => {
    const id = await file();
    const hod = await api.signIn(world.people.hod.email);
    const fellow = await api.signIn(world.students[1]?.email ?? '');
    const withdrawBy = (token: string) => post(`${id}/withdraw/`, undefined, { token });

    expect(code(await withdrawBy(hod))).toEqual([403, 'forbidden']);
    expect(code(await withdrawBy(mentor))).toEqual([403, 'forbidden']);
    expect(code(await withdrawBy(fellow))).toEqual([404, 'not_found']);
    expect((await get(`${id}/`)).body['status']).toBe('pending');
  });
});
