/** A student's second phone: pending, seen by staff, activated by them, cleared by an administrator. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeDevice, type TestDevice } from '../../../test/device.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { makeScanner } from '../../../test/scanner.ts';
import { firstRow } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';

let api: TestApi;
let world: World;
let teacher: string;
let student: string;

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 2 });
  teacher = await api.signIn(world.faculty.email);
  student = await api.signIn(world.student.email);
});
afterAll(() => api.close());

const replaceBy = (device: TestDevice): Promise<ApiReply> =>
  device.request(api, 'POST', '/api/v1/me/device-keys', {
    token: student,
    body: { public_key: device.publicKey, replace: true },
  });
const list = (token: string): Promise<ApiReply> =>
  api.request('GET', '/api/v1/device-rebinds', { token });
const approve = (id: unknown, token: string): Promise<ApiReply> =>
  api.request('POST', `/api/v1/device-rebinds/${textOf(id)}/approve`, { token, body: {} });
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
  expect(rebind).toMatchObject({ student: { id: world.student.id }, status: 'pending' });
  const other = await api.signIn(world.other.faculty.email);
  expect((await list(other)).body).toEqual({ results: [] });
  expect(verdict(await approve(rebind?.['id'], other))).toEqual([404, 'not_found']);
  expect(verdict(await approve(rebind?.['id'], student))).toEqual([403, 'forbidden']);

  expect((await approve(rebind?.['id'], teacher)).status).toBe(204);
  expect(verdict(await approve(rebind?.['id'], teacher))).toEqual([409, 'already_decided']);
  expect(await scannedRank(second)).toBe(50);
});

it('is refused after two changes until an administrator clears them', async () => {
  expect((await replaceBy(await makeDevice())).status).toBe(201);
  expect(verdict(await replaceBy(await makeDevice()))).toEqual([409, 'rebind_limit']);
  const path = `/api/v1/students/${world.student.id}/clear-device-changes`;
  expect((await api.request('POST', path, { token: teacher, body: {} })).status).toBe(403);
  const admin = await api.signIn(world.people.admin.email);
  const cleared = await api.request('POST', path, { token: admin, body: {} });
  expect(cleared.body).toEqual({ cleared: 2 });
  expect((await replaceBy(await makeDevice())).status).toBe(201);
});
