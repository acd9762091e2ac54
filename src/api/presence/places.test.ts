/** The places and networks that scans are weighed by. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
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
  world = await makeWorld(api.em(), { studentCount: 3 });
  teacher = await api.signIn(world.faculty.email);
  admin = await api.signIn(world.people.admin.email);
  phone = await makeScanner(api, await api.signIn(world.student.email));
});
afterAll(() => api.close());

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
const admins = (method: string, path: string, body?: object): Promise<ApiReply> =>
  api.request(method, path, { token: admin, ...(body ? { body } : {}) });

describe('places and networks', () => {
  it('of a room are set, read and forgotten by operators', async () => {
    const path = `/api/v1/rooms/${world.room.id}/place`;
    const set = await admins('PUT', path, { lat: 17.385, lng: 78.4867 });
    expect(set.body).toEqual({ place: { lat: 17.385, lng: 78.4867, radius_m: 60, polygon: null } });
    expect((await admins('GET', path)).body).toEqual(set.body);
    const triangle = [
      { lat: 17.38, lng: 78.48 },
      { lat: 17.39, lng: 78.48 },
      { lat: 17.39, lng: 78.49 },
    ];
    const polygon = await admins('PUT', path, { lat: 17.385, lng: 78.4867, polygon: triangle });
    expect(polygon.body['place']).toMatchObject({ polygon: triangle });
    expect((await admins('PUT', path, { lat: 95, lng: 0 })).status).toBe(400);
    expect((await admins('DELETE', path)).status).toBe(204);
    expect((await admins('GET', path)).body).toEqual({ place: null });
    const nowhere = await admins('GET', `/api/v1/rooms/${world.section}/place`);
    expect(nowhere.status).toBe(404);
  });

  it('of a campus decide whether a scan came from it', async () => {
    const path = `/api/v1/campuses/${world.campus}/networks`;
    const networkOf = async (networks: object[]) => {
      expect((await admins('PUT', path, { networks })).status).toBe(200);
      const session = await aClass({ geofenceMode: 'off' });
      await phone.scan(session, await codeOf(session));
      const kept = await firstRow<{ network: string }>(
        api.em(),
        'select network from presence_evidence where session_id = ?::uuid',
        [session],
      );
      return kept?.network;
    };
    expect(await networkOf([])).toBe('unknown');
    expect(await networkOf([{ building: 'A', network: '10.0.0.0/8' }])).toBe('other');
    const here = { building: 'A', network: '127.0.0.0/8' };
    expect(await networkOf([here])).toBe('on_campus');
    expect((await admins('GET', path)).body).toEqual({ networks: [here] });
    expect(
      (await admins('PUT', path, { networks: [{ building: 'A', network: 'x' }] })).status,
    ).toBe(400);
  });
});
