import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../../../test/api.ts';
import { makeCampus, makeUser, makeWorld, type World } from '../../../test/factories.ts';
import { makeGateway, type TestGateway } from '../../../test/gateway.ts';

let api: TestApi;
let world: World;
let gateway: TestGateway;

beforeAll(async () => {
  api = await startTestApi();
  world = await makeWorld(api.em());
  gateway = await makeGateway(api.em(), world.room.id);
});
afterAll(() => api.close());

async function list(path: string, email: string) {
  const token = await api.signIn(email);
  return api.request('GET', `/api/v1/devices/${path}`, { token });
}

const campusAdmin = async (campus: string) =>
  (await makeUser(api.em(), { roles: [{ role: 'admin', scopeKind: 'campus', scopeId: campus }] }))
    .email;

describe('GET devices/gateways/ and devices/biometric-devices/', () => {
  it('shows an administrator gateways and terminals, and no key material', async () => {
    const gateways = await list('gateways', world.people.admin.email);
    const devices = await list('biometric-devices', world.people.admin.email);

    expect(gateways.body).toMatchObject({
      count: 1,
      results: [
        {
          id: gateway.id,
          status: 'active',
          contact: 'unknown',
          last_seen: null,
          keys: [{ kid: gateway.kid, status: 'active' }],
          device_count: 1,
        },
      ],
    });
    expect(JSON.stringify(gateways.body)).not.toContain('public_key');
    expect(devices.body).toMatchObject({
      count: 1,
      results: [
        {
          device_id: gateway.deviceId,
          device_type: 'face',
          status: 'active',
          gateway: gateway.id,
          rooms: [world.room.code],
          contact: 'unknown',
        },
      ],
    });
  });

  it('shows an administrator of a campus what stands there alone', async () => {
    const own = await campusAdmin(world.campus);
    const other = await campusAdmin(await makeCampus(api.em()));

    for (const path of ['gateways', 'biometric-devices']) {
      expect((await list(path, own)).body['count']).toBe(1);
      expect((await list(path, other)).body['count']).toBe(0);
    }
  });

  it.each(['gateways', 'biometric-devices'])('refuses %s to a teacher', async (path) => {
    const reply = await list(path, world.faculty.email);
    expect([reply.status, reply.body['code']]).toEqual([403, 'forbidden']);
  });

  it('refuses unknown filters', async () => {
    const reply = await list('gateways?colour=red', world.people.admin.email);
    expect(reply.status).toBe(400);
  });
});
