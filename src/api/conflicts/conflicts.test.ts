/** Contradictions between claims: opened by marks, listed, counted and settled by the staff. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import {
  campusDay,
  makeSession,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { rows } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Id } from '../../domain/types.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import { applyOperations, type OperationDraft } from '../../operations/records/apply-operations.ts';

const BASE = '/api/v1/attendance';

let api: TestApi;
let world: World;
let teacher: string;

beforeAll(async () => {
  api = await startTestApi();
  world = await makeWorld(api.em(), { studentCount: 4 });
  teacher = await api.signIn(world.faculty.email);
});

afterAll(() => api.close());

function openClass(): Promise<Id> {
  return makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-5),
  });
}

function apply(session: Id, drafts: readonly OperationDraft[]) {
  const operation = operationFor(api.deps, SYSTEM_ACTOR);
  return operation.em.transactional((em) => applyOperations(operation, em, session, drafts));
}

const studentAt = (index: number): Id => {
  const student = world.students[index];
  if (!student) throw new Error(`the world has no student ${index}`);
  return student.id;
};

/** A terminal saw the student, and the teacher, who had not heard of it, says absent. */
async function contradicted(student = studentAt(0)): Promise<{ session: Id; punch: Id }> {
  const session = await openClass();
  const punch = v7();
  await apply(session, [
    { opId: punch, studentId: student, mark: 'present', rank: RANK.biometric, source: 'biometric' },
  ]);
  const marked = await api.request('POST', `${BASE}/records`, {
    token: teacher,
    headers: { 'idempotency-key': v7() },
    body: { session, student, mark: 'absent', reason: 'Not in the room' },
  });
  expect(marked.body).toMatchObject({ status: 'conflict_resolved', won: true });
  return { session, punch };
}

async function versionOf(session: Id, student: Id): Promise<number> {
  const [record] = await rows<{ version: number }>(
    api.em(),
    'select version from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
    [session, student],
  );
  return record?.version ?? 0;
}

/** Both students scan with one phone. */
async function shareDevice(session: Id, ...students: readonly Id[]): Promise<void> {
  const deviceKeyId = v7();
  await rows(
    api.em(),
    "insert into device_key (id, jkt, public_key) values (?::uuid, ?, '{}'::jsonb)",
    [deviceKeyId, deviceKeyId],
  );
  for (const studentId of students) {
    await apply(session, [
      { opId: v7(), studentId, mark: 'present', rank: RANK.qr, source: 'qr', deviceKeyId },
    ]);
  }
}

/** Takes a student off the roster of today's classes, or back onto it. */
async function changeRoster(student: Id, change: 'leaves' | 'returns'): Promise<void> {
  const admin = await api.signIn(world.people.admin.email);
  const path = '/api/v1/enrolments';
  const today = campusDay(0);
  if (change === 'returns') {
    const body = { student, course_section: world.section, valid_from: today };
    expect((await api.request('POST', path, { token: admin, body })).status).toBe(201);
    return;
  }
  const found = await api.request('GET', `${path}?student=${student}`, { token: admin });
  const enrolment = Object.values(found.body['results'] ?? {}).find(
    (one) => one['valid_to'] === null,
  );
  const ended = await api.request('POST', `${path}/${textOf(enrolment?.['id'])}/end`, {
    token: admin,
    body: { valid_to: today },
  });
  expect(ended.status).toBe(200);
}

const get = (path: string, token = teacher): Promise<ApiReply> =>
  api.request('GET', `${BASE}${path}`, { token });

async function onlyConflict(session: Id, token = teacher) {
  const reply = await get(`/conflicts?session=${session}`, token);
  expect(reply.status).toBe(200);
  return Object.values(reply.body['results'] ?? {});
}

function resolve(id: string, body: object, { version = 1, key = v7(), token = teacher } = {}) {
  return api.request('POST', `${BASE}/conflicts/${id}/resolve`, {
    token,
    body,
    headers: { 'idempotency-key': key, ...(version > 0 ? { 'if-match': `"${version}"` } : {}) },
  });
}

const marksOf = (mark: string, ...students: Id[]) => ({
  marks: students.map((student) => ({ student, mark })),
  reason: 'Asked the class representative',
});

describe('a contradiction', () => {
  it('is opened, counted and shown with both claims', async () => {
    const { session, punch } = await contradicted();

    const [conflict] = await onlyConflict(session);
    expect(conflict).toMatchObject({
      kind: 'human_vs_machine',
      state: 'open',
      mark: 'absent',
      student: { id: studentAt(0) },
      can_resolve: true,
    });
    const detail = await get(`/conflicts/${textOf(conflict?.['id'])}`);
    expect(detail.headers.get('etag')).toBe('"1"');
    expect(Object.values(detail.body['claims'] ?? {})).toMatchObject([
      { op_id: punch, mark: 'present', source: 'biometric', holds_record: false },
      { mark: 'absent', source: 'manual', holds_record: true },
    ]);
    const seen = await get(`/sessions/${session}`);
    expect(seen.body['counts']).toMatchObject({ conflicts: 1 });
    const events = await get(`/sessions/${session}/events?after=0`);
    expect(Object.values(events.body['events'] ?? {})).toContainEqual(
      expect.objectContaining({
        type: 'conflict.changed',
        payload: expect.objectContaining({ kind: 'human_vs_machine', state: 'open' }),
      }),
    );
  });

  it('is settled from birth where the teacher saw the evidence', async () => {
    const session = await openClass();
    const punch = v7();
    await apply(session, [
      {
        opId: punch,
        studentId: studentAt(0),
        mark: 'present',
        rank: RANK.biometric,
        source: 'biometric',
      },
    ]);
    const marked = await api.request('POST', `${BASE}/records`, {
      token: teacher,
      headers: { 'idempotency-key': v7() },
      body: {
        session,
        student: studentAt(0),
        mark: 'absent',
        reason: 'Not in the room',
        base_op_id: punch,
      },
    });

    expect(marked.body).toMatchObject({ status: 'applied', conflict_ids: [] });
    expect(await onlyConflict(session)).toMatchObject([{ state: 'settled' }]);
  });

  it('belongs to the staff of the class: others do not see it', async () => {
    const { session } = await contradicted();
    const [conflict] = await onlyConflict(session);
    const id = textOf(conflict?.['id']);
    const strangers = [world.other.faculty.email, world.student.email, world.people.otherHod.email];

    for (const email of strangers) {
      const token = await api.signIn(email);
      expect(await onlyConflict(session, token)).toEqual([]);
      expect((await get(`/conflicts/${id}`, token)).status).toBe(404);
      const refused = await resolve(id, marksOf('present', studentAt(0)), { token });
      expect(refused.status).toBe(404);
    }
    const hod = await api.signIn(world.people.hod.email);
    expect(await onlyConflict(session, hod)).toHaveLength(1);
  });

  it.each([
    ['state=settled', 0],
    ['state=open', 1],
    ['kind=shared_device', 0],
    ['kind=human_vs_machine', 1],
    ['date_to=2000-01-01', 0],
  ])('is filtered by %s', async (filter, expected) => {
    const { session } = await contradicted();

    const reply = await get(`/conflicts?session=${session}&${filter}`);
    expect(reply.body['count']).toBe(expected);
  });

  it('is filtered by a student it concerns', async () => {
    const { session } = await contradicted();

    const own = await get(`/conflicts?session=${session}&student=${studentAt(0)}`);
    const other = await get(`/conflicts?session=${session}&student=${studentAt(1)}`);
    expect([own.body['count'], other.body['count']]).toEqual([1, 0]);
  });
});

describe('settling a contradiction', () => {
  it('is a claim over everything it names, with its reason', async () => {
    const { session } = await contradicted();
    const [conflict] = await onlyConflict(session);
    const id = textOf(conflict?.['id']);
    const key = v7();

    const reply = await resolve(id, marksOf('present', studentAt(0)), { key });

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      // The teacher now says what the terminal said: nothing contradicts the record any more.
      conflict: { state: 'void', mark: 'present', can_resolve: false },
      results: [{ status: 'applied', record: { mark: 'present', source: 'manual' } }],
    });
    const seen = await get(`/sessions/${session}`);
    expect(seen.body['counts']).toMatchObject({ conflicts: 0, present: 1 });
    const actions = await rows<{ action: string }>(
      api.em(),
      "select action from audit_event where session_id = ?::uuid and entity_type = 'AttendanceConflict' order by seq",
      [session],
    );
    expect(actions.map(({ action }) => action)).toEqual([
      'conflict.opened',
      'conflict.voided',
      'conflict.settled',
    ]);

    const repeat = await resolve(id, marksOf('present', studentAt(0)), { key });
    expect(repeat.body['results']).toMatchObject([{ status: 'duplicate' }]);
    const other = await resolve(id, marksOf('absent', studentAt(0)), { key });
    expect([other.status, other.body['code']]).toEqual([422, 'op_id_reused']);
    const late = await resolve(id, marksOf('absent', studentAt(0)), { version: 2 });
    expect([late.status, late.body['code']]).toEqual([409, 'state_conflict']);
  });

  it('needs the version that was read', async () => {
    const { session } = await contradicted();
    const [conflict] = await onlyConflict(session);
    const id = textOf(conflict?.['id']);

    const missing = await resolve(id, marksOf('present', studentAt(0)), { version: 0 });
    expect([missing.status, missing.body['code']]).toEqual([428, 'precondition_required']);
    const stale = await resolve(id, marksOf('present', studentAt(0)), { version: 7 });
    expect([stale.status, stale.body['code']]).toEqual([412, 'stale']);
    expect(await onlyConflict(session)).toMatchObject([{ state: 'open', version: 1 }]);
  });

  it('needs one mark for each student concerned, and a reason', async () => {
    const { session } = await contradicted();
    const [conflict] = await onlyConflict(session);
    const id = textOf(conflict?.['id']);

    const other = await resolve(id, marksOf('present', studentAt(1)));
    expect([other.status, other.body['code']]).toEqual([400, 'validation_failed']);
    const silent = await resolve(id, { marks: [{ student: studentAt(0), mark: 'present' }] });
    expect(silent.body['errors']).toMatchObject([{ path: 'reason', code: 'missing' }]);
  });

  it('is refused once the class is final', async () => {
    const { session } = await contradicted();
    const [conflict] = await onlyConflict(session);
    await rows(
      api.em(),
      "update attendance_session set status = 'locked', locked_at = app_clock() where id = ?::uuid",
      [session],
    );

    const reply = await resolve(textOf(conflict?.['id']), marksOf('present', studentAt(0)));
    expect([reply.status, reply.body['code']]).toEqual([409, 'session_locked']);
  });

  it('settles a device that two students used only when each is judged', async () => {
    const session = await openClass();
    await shareDevice(session, studentAt(1), studentAt(2));

    const [conflict] = await onlyConflict(session);
    expect(conflict).toMatchObject({ kind: 'shared_device', state: 'open', student: null });
    const records = await rows(
      api.em(),
      'select mark, rank, flags from attendance_record where session_id = ?::uuid',
      [session],
    );
    const weak = { mark: 'present', rank: 40, flags: ['shared_device'] };
    expect(records).toEqual([weak, weak]);
    const id = textOf(conflict?.['id']);
    const half = await resolve(id, marksOf('present', studentAt(1)));
    expect(half.body['code']).toBe('validation_failed');
    const both = await resolve(id, {
      marks: [
        { student: studentAt(1), mark: 'present' },
        { student: studentAt(2), mark: 'absent' },
      ],
      reason: 'One phone was passed on',
    });
    expect(both.body['conflict']).toMatchObject({ state: 'settled' });
    const student = await api.signIn(world.students[1]?.email ?? '');
    const events = await get(`/sessions/${session}/events?after=0`, student);
    expect(JSON.stringify(events.body)).not.toContain('shared_device');
  });
});

describe('a student who leaves the roster', () => {
  it('takes the contradiction along, and brings it back', async () => {
    const student = studentAt(3);
    const { session } = await contradicted(student);

    await changeRoster(student, 'leaves');

    expect(await onlyConflict(session)).toMatchObject([{ state: 'void', can_resolve: false }]);
    expect((await get(`/sessions/${session}`)).body['counts']).toMatchObject({ conflicts: 0 });
    await changeRoster(student, 'returns');
    expect(await onlyConflict(session)).toMatchObject([{ state: 'open', can_resolve: true }]);
  });

  it('comes back under a new version of the record, so that no edit overlooks the contradiction', async () => {
    const student = studentAt(3);
    const { session } = await contradicted(student);
    await changeRoster(student, 'leaves');
    const before = await versionOf(session, student);

    await changeRoster(student, 'returns');

    expect(await versionOf(session, student)).toBe(before + 1);
  });

  it('is not asked about when a shared device is settled', async () => {
    const session = await openClass();
    const [stays, leaves] = [studentAt(0), studentAt(3)];
    await shareDevice(session, stays, leaves);

    await changeRoster(leaves, 'leaves');

    const [conflict] = await onlyConflict(session);
    const id = textOf(conflict?.['id']);
    const detail = await get(`/conflicts/${id}`);
    expect(Object.values(detail.body['claims'] ?? {})).toMatchObject([
      { student: { id: stays }, on_roster: true },
      { student: { id: leaves }, on_roster: false },
    ]);
    const about = await resolve(id, marksOf('present', stays, leaves));
    expect(about.body['code']).toBe('validation_failed');
    const settled = await resolve(id, marksOf('present', stays));
    expect(settled.body['conflict']).toMatchObject({ state: 'settled' });
    await changeRoster(leaves, 'returns');
    expect(await onlyConflict(session)).toMatchObject([{ state: 'open' }]);
  });
});
