/** Where rooms are and which networks are the campus's, as administrators enter it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import {
  makeRoom,
  makeSession,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { findInDatabase } from '../../../test/find-in-database.ts';
import { makeScanner, type Scanner } from '../../../test/scanner.ts';
import { firstRow } from '../../db/orm.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';

let api: TestApi;
let world: World;
let teacher: string;
let admin: string;
let phone: Scanner;

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: 2 });
  teacher = await api.signIn(world.faculty.email);
  admin = await api.signIn(world.people.admin.email);
  phone = await makeScanner(api, await api.signIn(world.student.email));
});
afterAll(() => api.close());

const CENTRE = { lat: 17.385, lng: 78.4867 };
const TRIANGLE = [
  { lat: 17.384, lng: 78.4857 },
  { lat: 17.386, lng: 78.4857 },
  { lat: 17.386, lng: 78.4877 },
];

interface Call {
  readonly body?: object;
  readonly version?: number;
  readonly token?: string;
}
const call = (method: string, path: string, { body, version, token = admin }: Call = {}) =>
  api.request(method, path, {
    token,
    ...(body ? { body } : {}),
    headers: version === undefined ? {} : { 'if-match': `"${version}"` },
  });
const versionAt = async (path: string): Promise<number> =>
  Number((await call('GET', path)).body['version']);
const codes = (reply: ApiReply) => `${reply.status} ${JSON.stringify(reply.body['code'])}`;
const placeOf = (room: Id): string => `/api/v1/rooms/${room}/place`;
const networksOf = (campus: Id): string => `/api/v1/campuses/${campus}/networks`;

async function lastChange(action: string): Promise<unknown> {
  const row = await firstRow<{ body: string }>(
    api.em(),
    'select body from audit_event where action = ? order by at desc limit 1',
    [action],
  );
  return JSON.parse(row?.body ?? 'null');
}

const aClass = (policy: Partial<SessionPolicy> = {}): Promise<Id> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-2),
    policy,
  });
async function codeOf(session: Id): Promise<{ qr_token: string }> {
  const path = `/api/v1/attendance/sessions/${session}/generate-qr`;
  const reply = await api.request('POST', path, { token: teacher, body: {} });
  return { qr_token: textOf(reply.body['qr_token']) };
}

describe('the place of a room', () => {
  it('is set, read, listed and forgotten, each with the version it was made from', async () => {
    const path = placeOf(world.room.id);
    const version = await versionAt(path);

    const set = await call('PUT', path, { body: CENTRE, version });

    const circle = { ...CENTRE, radius_m: 60, polygon: null };
    expect(set.body).toEqual({ place: circle, version: version + 1 });
    expect(set.headers.get('etag')).toBe(`"${version + 1}"`);
    expect((await call('GET', path)).body).toEqual(set.body);
    const listed = await call('GET', `/api/v1/campuses/${world.campus}/rooms?page_size=200`);
    expect(Object.values(listed.body['results'] ?? {})).toContainEqual({
      id: world.room.id,
      code: world.room.code,
      building: expect.any(String),
      capacity: expect.any(Number),
      place: circle,
      version: version + 1,
    });
    const polygon = await call('PUT', path, {
      body: { ...CENTRE, radius_m: 120, polygon: TRIANGLE },
      version: version + 1,
    });
    expect(polygon.body['place']).toEqual({ ...CENTRE, radius_m: 120, polygon: TRIANGLE });
    expect(await lastChange('room.place_set')).toMatchObject({
      chain: 'area:policy',
      before: { centre: '17.385, 78.4867', radius_m: 60, polygon: null },
      after: { radius_m: 120, polygon: expect.arrayContaining(['17.384, 78.4857']) },
    });
    expect((await call('DELETE', path, { version: version + 2 })).status).toBe(204);
    expect((await call('GET', path)).body).toEqual({ place: null, version: version + 3 });
    expect(await lastChange('room.place_removed')).toMatchObject({ after: null });
  });

  it('is not overwritten by somebody who has not seen the last change', async () => {
    const path = placeOf(world.room.id);
    const version = await versionAt(path);
    await call('PUT', path, { body: CENTRE, version });

    const late = await call('PUT', path, { body: { ...CENTRE, radius_m: 500 }, version });

    expect(codes(late)).toBe('412 "stale"');
    expect(codes(await call('DELETE', path, { version }))).toBe('412 "stale"');
    expect(codes(await call('PUT', path, { body: CENTRE }))).toBe('428 "precondition_required"');
    expect(codes(await call('DELETE', path))).toBe('428 "precondition_required"');
    expect((await call('GET', path)).body['place']).toMatchObject({ radius_m: 60 });
  });

  it.each<[string, object, string, string]>([
    ['a latitude beyond the poles', { ...CENTRE, lat: 95 }, 'lat', 'from -90 to 90'],
    ['no longitude', { lat: 17 }, 'lng', 'required'],
    ['a radius of nothing', { ...CENTRE, radius_m: 4 }, 'radius_m', 'from 5 to 2000 metres'],
    ['a radius in fractions', { ...CENTRE, radius_m: 60.5 }, 'radius_m', 'without fractions'],
    ['two corners', { ...CENTRE, polygon: TRIANGLE.slice(1) }, 'polygon', 'three corners'],
    [
      'a corner with latitude and longitude swapped',
      { ...CENTRE, polygon: [...TRIANGLE, { lat: 78.4867, lng: 17.385 }] },
      'polygon.3',
      'latitude first',
    ],
  ])('is refused with %s, at its field', async (_name, body, path, words) => {
    const version = await versionAt(placeOf(world.room.id));

    const reply = await call('PUT', placeOf(world.room.id), { body, version });

    expect(codes(reply)).toBe('400 "validation_failed"');
    expect(reply.body['errors']).toMatchObject([{ path, detail: expect.stringContaining(words) }]);
    expect(await versionAt(placeOf(world.room.id))).toBe(version);
  });

  it('is the business of operators, and of a room that exists', async () => {
    const path = placeOf(world.room.id);
    expect((await call('GET', path, { token: teacher })).status).toBe(403);
    expect((await call('PUT', path, { body: CENTRE, version: 1, token: teacher })).status).toBe(
      403,
    );
    const nowhere = placeOf(v7());
    expect((await call('GET', nowhere)).status).toBe(404);
    expect((await call('PUT', nowhere, { body: CENTRE, version: 1 })).status).toBe(404);
  });
});

describe('the rooms of a campus', () => {
  it('are paged, by building and code, and no other campus', async () => {
    const room = await makeRoom(api.em(), world.campus);

    const page = `/api/v1/campuses/${world.campus}/rooms?page_size=1`;
    const first = await call('GET', page);
    const second = await call('GET', textOf(first.body['next']));

    expect(Number(first.body['count'])).toBeGreaterThanOrEqual(2);
    const seen = [first, second].flatMap(({ body }) => Object.values(body['results'] ?? {}));
    expect(seen).toHaveLength(2);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(2);
    expect(room.id).toEqual(expect.any(String));
    const elsewhere = await call('GET', `/api/v1/campuses/${v7()}/rooms`);
    expect(elsewhere.body).toMatchObject({ count: 0, results: [] });
    const campuses = await call('GET', '/api/v1/campuses');
    expect(Object.values(campuses.body['results'] ?? {})).toContainEqual({
      id: world.campus,
      code: expect.any(String),
      name: expect.any(String),
      zone: expect.any(String),
    });
  });
});

describe('the networks of a campus', () => {
  const set = async (networks: object[]): Promise<ApiReply> => {
    const path = networksOf(world.campus);
    return call('PUT', path, { body: { networks }, version: await versionAt(path) });
  };

  it('decide whether a scan came from it, and tell the asker the same of itself', async () => {
    const networkOf = async (networks: object[]) => {
      const reply = await set(networks);
      expect(reply.status).toBe(200);
      const session = await aClass({ geofenceMode: 'off' });
      await phone.scan(session, await codeOf(session));
      const kept = await firstRow<{ network: string }>(
        api.em(),
        'select network from presence_evidence where session_id = ?::uuid',
        [session],
      );
      return [kept?.network, reply.body['you']?.['inside']];
    };
    expect(await networkOf([])).toEqual(['unknown', false]);
    expect(await networkOf([{ building: 'A', network: '10.0.0.0/8' }])).toEqual(['other', false]);
    const here = { building: 'A', network: '127.0.0.0/8' };
    expect(await networkOf([here])).toEqual(['on_campus', true]);
    expect((await call('GET', networksOf(world.campus))).body).toMatchObject({
      networks: [here],
      you: { address: '127.0.0.1', inside: true },
    });
  });

  it('are kept as networks: host bits are dropped, a repeat counts once', async () => {
    const reply = await set([
      { building: 'A', network: '10.20.3.4/16' },
      { building: 'A', network: '10.20.0.0/16' },
      { building: 'B', network: 'fd00::1/8' },
    ]);

    expect(reply.body['networks']).toEqual([
      { building: 'A', network: '10.20.0.0/16' },
      { building: 'B', network: 'fd00::/8' },
    ]);
    expect(await lastChange('campus.networks_set')).toMatchObject({
      after: { networks: ['A: 10.20.0.0/16', 'B: fd00::/8'] },
    });
  });

  it('are refused at the row that is wrong, and nothing is changed', async () => {
    const before = (await call('GET', networksOf(world.campus))).body;

    const reply = await set([
      { building: 'A', network: '10.0.0.0/8' },
      { building: '', network: '10.20.0.0' },
      { building: 'C', network: '10.0.0.0/33' },
    ]);

    expect(codes(reply)).toBe('400 "validation_failed"');
    const named = { detail: expect.stringContaining('10.20.0.0/16') };
    expect(reply.body['errors']).toMatchObject([
      { path: 'networks.1.building' },
      { path: 'networks.1.network', ...named },
      { path: 'networks.2.network', ...named },
    ]);
    expect((await call('GET', networksOf(world.campus))).body).toEqual(before);
  });

  it('are not overwritten by somebody who has not seen the last change', async () => {
    const path = networksOf(world.campus);
    const version = await versionAt(path);
    await set([]);

    expect(codes(await call('PUT', path, { body: { networks: [] }, version }))).toBe('412 "stale"');
    expect(codes(await call('PUT', path, { body: { networks: [] } }))).toBe(
      '428 "precondition_required"',
    );
  });

  it('are the business of operators, and of a campus that exists', async () => {
    const path = networksOf(world.campus);
    expect((await call('GET', path, { token: teacher })).status).toBe(403);
    expect((await call('GET', networksOf(v7()))).status).toBe(404);
    const reply = await call('PUT', networksOf(v7()), { body: { networks: [] }, version: 1 });
    expect(reply.status).toBe(404);
  });
});

it('the position of a scan is nowhere in the database, at no time', async () => {
  const path = placeOf(world.room.id);
  await call('PUT', path, { body: CENTRE, version: await versionAt(path) });
  const session = await aClass({ geofenceMode: 'warn', presenceLevel: 'standard' });
  const code = await codeOf(session);
  const accepted = { lat: 17.385123, lng: 78.486789, accuracy_m: 12 };
  const refused = { lat: 17.999987, lng: 78.999965, accuracy_m: 12 };
  expect((await phone.scan(session, code, { body: { location: accepted } })).status).toBe(201);
  const strict = await aClass({ geofenceMode: 'enforce', presenceLevel: 'strict' });
  const outside = await phone.scan(strict, await codeOf(strict), { body: { location: refused } });
  expect(codes(outside)).toBe('403 "geofence_outside"');

  const holding = (text: string): Promise<string[]> => findInDatabase(api.em(), text);
  for (const part of ['17.385123', '78.486789', '17.999987', '78.999965']) {
    expect(await holding(part)).toEqual([]);
  }
  // Control: the search finds what is there, in columns of ids, numbers, text and JSON.
  expect(await holding(session)).toContain('presence_evidence.session_id');
  expect(await holding('17.385')).toEqual(
    expect.arrayContaining(['room.fence_lat', 'audit_event.body']),
  );
  expect(await holding('inside')).toContain('attendance_operation.evidence');
});
