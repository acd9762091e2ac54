/** A student's second phone: pending, seen by staff, activated by them, cleared by an administrator. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeDevice, type TestDevice } from '../../../test/device.ts';
import {
  assignMentor,
  campusDay,
  enrol,
  makeSession,
  makeStudent,
  makeUser,
  makeWorld,
  minutesFromNow,
  type RoleIn,
  type World,
} from '../../../test/factories.ts';
import { makeScanner } from '../../../test/scanner.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id, Role } from '../../domain/types.ts';

let api: TestApi;
let world: World;
let teacher: string;
let student: string;

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 4 });
  teacher = await api.signIn(world.faculty.email);
  student = await api.signIn(world.student.email);
});
afterAll(() => api.close());

const replaceBy = (device: TestDevice, token = student): Promise<ApiReply> =>
  device.request(api, 'POST', '/api/v1/me/device-keys', {
    token,
    body: { public_key: device.publicKey, replace: true },
  });
const list = (token: string, query = ''): Promise<ApiReply> =>
  api.request('GET', `/api/v1/device-rebinds${query}`, { token });

/** What a person was told about devices, oldest first, and whether by mail. */
async function toldTo(userId: Id): Promise<string[]> {
  const found = await rows<{ kind: string; mail_status: string }>(
    api.em(),
    `select kind, mail_status from notification
     where user_id = ?::uuid and kind like 'device%' order by created_at, id`,
    [userId],
  );
  return found.map((row) => `${row.kind}${row.mail_status === 'due' ? ' by mail' : ''}`);
}
const approve = (id: unknown, token: string): Promise<ApiReply> =>
  api.request('POST', `/api/v1/device-rebinds/${textOf(id)}/approve`, { token, body: {} });
const byNumber = (left: number, right: number): number => left - right;
const verdict = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];

async function scannedRank(device: TestDevice): Promise<number | undefined> {
  const session = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-2),
    policy: { geofenceMode: 'off' },
  });
  const path = `/api/v1/attendance/sessions/${session}/generate-qr`;
  const shown = await api.request('POST', path, { token: teacher, body: {} });
  const phone = await makeScanner(api, student, device);
  const scanned = await phone.scan(session, { qr_token: textOf(shown.body['qr_token']) });
  expect(scanned.status).toBe(201);
  const parts = await firstRow<{ parts: { signal: string }[]; op: Id }>(
    api.em(),
    'select risk_parts as parts from presence_evidence where session_id = ?::uuid',
    [session],
  );
  const pending = parts?.parts.some(({ signal }) => signal === 'key_pending');
  return pending ? 40 : 50;
}

it('is pending and flagged until staff of the class have seen it', async () => {
  await (await makeDevice()).register(api, student);
  const second = await makeDevice();
  expect((await replaceBy(second)).body).toMatchObject({ status: 'pending' });
  expect(await scannedRank(second)).toBe(40);

  const listed = await list(teacher);
  const [rebind] = Object.values(listed.body['results'] ?? {});
  // That and when, and nothing else of a device of somebody else.
  expect(rebind).toEqual({
    id: expect.any(String),
    student: expect.objectContaining({ id: world.student.id }),
    status: 'pending',
    bound_at: expect.any(String),
    ended_at: null,
    pending_until: expect.any(String),
    previous: { bound_at: expect.any(String), ended_at: expect.stringMatching(/Z$/) },
    changes: 1,
    limit_reached: false,
  });
  expect((await list(teacher, '?status=pending')).body).toEqual(listed.body);
  const other = await api.signIn(world.other.faculty.email);
  expect((await list(other)).body).toEqual({ pending: 0, results: [] });
  expect(verdict(await approve(rebind?.['id'], other))).toEqual([404, 'not_found']);
  expect(verdict(await approve(rebind?.['id'], student))).toEqual([403, 'forbidden']);

  expect((await approve(rebind?.['id'], teacher)).status).toBe(204);
  expect(verdict(await approve(rebind?.['id'], teacher))).toEqual([409, 'already_decided']);
  expect(await scannedRank(second)).toBe(50);
  expect((await list(teacher, '?status=pending')).body).toEqual({ pending: 0, results: [] });
  expect((await list(teacher)).body).toMatchObject({ pending: 0, results: [{ status: 'active' }] });
  expect((await list(teacher, '?status=active')).status).toBe(400);
});

it('is told to its student by mail, and once to the mentor, who alone is asked', async () => {
  expect(await toldTo(world.student.userId)).toEqual([
    'device_registered by mail',
    'device_registered by mail',
    'device_approved by mail',
  ]);
  expect(await toldTo(world.people.mentor.id)).toEqual(['device_pending by mail']);
  expect(await toldTo(world.faculty.userId)).toEqual([]);
});

it('is told to the teachers of a student without a mentor, and to nobody of other classes', async () => {
  const [, mentee, orphan] = world.students;
  if (!mentee || !orphan) throw new Error('the world needs more students');
  const token = await api.signIn(orphan.email);
  const device = await makeDevice();
  await device.register(api, token);
  expect(await toldTo(world.faculty.userId)).toEqual([]);

  const second = await makeDevice();
  await replaceBy(second, token);
  await replaceBy(second, token);

  expect(await toldTo(world.faculty.userId)).toEqual(['device_pending']);
  expect(await toldTo(world.other.faculty.userId)).toEqual([]);
  expect(await toldTo(world.people.mentor.id)).toHaveLength(1);
});

it('is told to teachers where the mentor is gone', async () => {
  const abandoned = world.students[3];
  if (!abandoned) throw new Error('the world needs more students');
  await assignMentor(api.em(), world.people.mentor.id, abandoned.id, { validTo: campusDay() });
  const token = await api.signIn(abandoned.email);
  await (await makeDevice()).register(api, token);
  await replaceBy(await makeDevice(), token);

  expect(await toldTo(world.people.mentor.id)).toHaveLength(1);
  expect(await toldTo(world.faculty.userId)).toHaveLength(2);
});

describe('a mentor', () => {
  /** A student of the section with one device, whose mentor is a person with these roles. */
  async function mentored(roles: (Role | RoleIn)[]) {
    const { campus, department, programme, batch } = world;
    const student = await makeStudent(api.em(), { campus, department, programme, batch });
    await enrol(api.em(), student.id, world.section);
    const mentor = await makeUser(api.em(), { roles });
    await assignMentor(api.em(), mentor.id, student.id);
    const token = await api.signIn(student.email);
    await (await makeDevice()).register(api, token);
    return { student, mentor, token };
  }
  const isListedFor = async (email: string, student: Id): Promise<boolean> =>
    JSON.stringify((await list(await api.signIn(email))).body).includes(student);

  it('is told whatever the scope of the role, since mentees are the scope: who is told may approve', async () => {
    const scopeId = world.other.department;
    const role = { role: 'mentor', scopeKind: 'department', scopeId } as const;
    const { student, mentor, token } = await mentored([role]);
    const before = (await toldTo(world.faculty.userId)).length;
    await replaceBy(await makeDevice(), token);

    expect(await toldTo(mentor.id)).toEqual(['device_pending by mail']);
    expect(await isListedFor(mentor.email, student.id)).toBe(true);
    expect(await toldTo(world.faculty.userId)).toHaveLength(before);
  });

  it('whose role was withdrawn is not told, and the teachers are', async () => {
    const { student, mentor, token } = await mentored([]);
    const before = (await toldTo(world.faculty.userId)).length;
    await replaceBy(await makeDevice(), token);

    expect(await toldTo(mentor.id)).toEqual([]);
    expect(await toldTo(world.faculty.userId)).toHaveLength(before + 1);
    expect(await isListedFor(world.faculty.email, student.id)).toBe(true);
  });
});

it('is activated by one of two who approve at once', async () => {
  const listed = await list(teacher, '?status=pending');
  const [rebind] = Object.values(listed.body['results'] ?? {});
  const hod = await api.signIn(world.people.hod.email);

  const replies = await Promise.all([teacher, hod].map((token) => approve(rebind?.['id'], token)));

  expect(replies.map(({ status }) => status).sort(byNumber)).toEqual([204, 409]);
});

it('is refused after two changes until an administrator clears them', async () => {
  expect((await replaceBy(await makeDevice())).status).toBe(201);
  expect(verdict(await replaceBy(await makeDevice()))).toEqual([409, 'rebind_limit']);
  const path = `/api/v1/students/${world.student.id}/clear-device-changes`;
  const clear = (token: string, body: object): Promise<ApiReply> =>
    api.request('POST', path, { token, body });
  expect((await clear(teacher, { reason: 'Lost it' })).status).toBe(403);
  const admin = await api.signIn(world.people.admin.email);
  expect((await list(admin)).body['results']).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ status: 'pending', changes: 2, limit_reached: true }),
    ]),
  );
  const silent = await clear(admin, { reason: ' ' });
  expect([silent.status, silent.body['errors']]).toMatchObject([400, [{ path: 'reason' }]]);
  expect((await clear(admin, { reason: 'Lost two phones' })).body).toEqual({ cleared: 2 });
  expect((await clear(admin, { reason: 'Found one again' })).status).toBe(200);
  const [first, second] = await clearings();
  expect(await openReason(first)).toBe('Lost two phones');
  expect(await openReason(second)).toBe('Found one again');
  // A reason cannot be moved from one clearing to another.
  await expect(openReason({ ...second, sealed: first?.sealed })).rejects.toThrow();
  const listed = Object.values((await list(admin)).body['results'] ?? {});
  const own = listed.filter(({ student: of }) => textOf(of?.['id']) === world.student.id);
  expect(own).toMatchObject([
    { changes: 2, limit_reached: false },
    { changes: 2, limit_reached: false },
  ]);
  expect((await replaceBy(await makeDevice())).status).toBe(201);
});

interface Clearing {
  readonly entity_id?: Id;
  readonly sealed?: string | undefined;
}

/** The clearings of the student as the audit trail holds them, oldest first. */
async function clearings(): Promise<Clearing[]> {
  const found = await rows<{ body: Clearing }>(
    api.em(),
    `select body::jsonb as body from audit_event
     where body::jsonb->>'action' = 'auth.device_changes_cleared'
       and body::jsonb->>'student_id' = ? order by (body::jsonb->>'seq')::int`,
    [world.student.id],
  );
  return found.map(({ body }) => body);
}

/** The reason of a clearing, which is sealed for it alone. */
async function openReason({ entity_id: rowId = '', sealed = '' }: Clearing = {}): Promise<string> {
  return api.deps.sealer.open({ table: 'audit_event', column: 'sealed', rowId }, sealed);
}
