/** Device keys over HTTP: registering, proving, and every way of not being the device. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { exportJWK } from 'jose';
import { z } from 'zod';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeDevice, type ProofChanges, type TestDevice } from '../../../test/device.ts';
import { makeWorld, type World, TEST_PASSWORD } from '../../../test/factories.ts';
import { rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { bindingsAt } from '../../operations/devices/device-bindings.ts';
import { route, selfAccess, type Route } from '../route.ts';
import { allRoutes } from '../routes.ts';

const KEYS = '/api/v1/me/device-keys';
const PROBE = '/api/v1/test/probe';

/** A route that answers which device asked. */
const probes: Route[] = (['get', 'post'] as const).map((method) =>
  route({
    method,
    path: PROBE,
    summary: 'Probe',
    tag: 'Probe',
    access: selfAccess,
    deviceProof: 'required',
    body: z.strictObject({ word: z.string().optional() }),
    replies: {
      200: z.strictObject({ id: z.string(), jkt: z.string(), registered_at: z.iso.datetime() }),
    },
    errors: [],
    handler: async ({ device }) => ({
      status: 200,
      body: { id: device.deviceKeyId, jkt: device.jkt, registered_at: device.registeredAt },
    }),
  }),
);

let api: TestApi;
let world: World;
beforeAll(async () => {
  api = await startTestApi({
    routes: (deps) => [...allRoutes(deps), ...probes],
    variables: { RATE_LIMIT_SCALE: '100', PUBLIC_ORIGINS: 'https://campus.example' },
  });
  world = await makeWorld(api.em(), { studentCount: 60 });
});
afterAll(() => api.close());

const byNumber = (a: number, b: number): number => a - b;
const verdict = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];

let nextStudent = 0;
/** A signed-in student without a device. */
async function newPerson(): Promise<{ userId: Id; email: string; token: string }> {
  const student = world.students[(nextStudent += 1) - 1];
  if (!student) throw new Error('the world needs more students');
  const { userId, email } = student;
  return { userId, email, token: await api.signIn(email) };
}

/** A signed-in student with a registered device. */
async function newHolder(alg: 'ES256' | 'EdDSA' = 'ES256') {
  const [person, device] = [await newPerson(), await makeDevice(alg)];
  return { ...person, device, id: await device.register(api, person.token) };
}

const register = (device: TestDevice, token: string): Promise<ApiReply> =>
  device.request(api, 'POST', KEYS, { token, body: { public_key: device.publicKey } });

const replaceBy = (device: TestDevice, token: string): Promise<ApiReply> =>
  device.request(api, 'POST', KEYS, {
    token,
    body: { public_key: device.publicKey, replace: true },
  });

async function auditOf(action: string, entityId: string): Promise<Record<string, unknown>[]> {
  const found = await rows<{ body: Record<string, unknown> }>(
    api.em(),
    `select body::jsonb as body from audit_event where body::jsonb->>'action' = ?
       and body::jsonb->>'entity_id' = ?`,
    [action, entityId],
  );
  return found.map((row) => row.body);
}

describe('POST /api/v1/me/device-keys', () => {
  it.each(['ES256', 'EdDSA'] as const)('registers a first %s key at once', async (alg) => {
    const [{ userId, token }, device] = [await newPerson(), await makeDevice(alg)];

    const first = await register(device, token);
    const again = await register(device, token);

    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ jkt: device.jkt, status: 'active', valid_to: null });
    expect([again.status, again.body]).toEqual([200, first.body]);
    const [event, ...more] = await auditOf('auth.device_bound', textOf(first.body['id']));
    expect(more).toEqual([]);
    expect(event).toMatchObject({ actor: userId, chain: 'area:auth' });
  });

  it('takes a key as WebCrypto exports it, and refuses one with its private part', async () => {
    const [{ token }, device] = [await newPerson(), await makeDevice()];
    const exported = { ...device.publicKey, ext: true, key_ops: ['verify'] };
    const withPrivate = await exportJWK(device.privateKey);
    const send = (key: object): Promise<ApiReply> =>
      device.request(api, 'POST', KEYS, { token, body: { public_key: key } });

    expect(verdict(await send(withPrivate))).toEqual([400, 'validation_failed']);
    expect((await send(exported)).status).toBe(201);
    const [stored] = await rows<{ public_key: object }>(
      api.em(),
      'select public_key from device_key where jkt = ?',
      [device.jkt],
    );
    const { kty, crv, x, y } = device.publicKey;
    expect(stored?.public_key).toEqual({ kty, crv, x, y });
  });

  it('refuses a key that did not sign the proof', async () => {
    const [{ token }, device, other] = [await newPerson(), await makeDevice(), await makeDevice()];

    const reply = await device.request(api, 'POST', KEYS, {
      token,
      body: { public_key: other.publicKey },
    });

    expect(verdict(reply)).toEqual([400, 'validation_failed']);
    expect(reply.body['errors']).toMatchObject([{ path: 'public_key', code: 'other_key' }]);
  });

  it('refuses a second device unless the first is removed or to be replaced', async () => {
    const { token, userId, device, id } = await newHolder();
    const second = await makeDevice();

    expect(verdict(await register(second, token))).toEqual([409, 'device_already_bound']);
    expect((await api.request('DELETE', `${KEYS}/${id}`, { token })).status).toBe(204);
    expect((await register(second, token)).status).toBe(201);

    const list = await api.request('GET', KEYS, { token });
    expect(list.body['results']).toMatchObject([
      { jkt: second.jkt, status: 'pending', valid_to: null },
      { id, jkt: device.jkt, status: 'revoked' },
    ]);
    expect(await auditOf('auth.device_revoked', id)).toMatchObject([{ actor: userId }]);
  });

  it('replaces a device at once, and the new one is pending for a day', async () => {
    const { token, id } = await newHolder();
    const second = await makeDevice();

    const replaced = await replaceBy(second, token);

    expect(replaced.body).toMatchObject({ jkt: second.jkt, status: 'pending' });
    const list = await api.request('GET', KEYS, { token });
    expect(list.body['results']).toMatchObject([{ jkt: second.jkt }, { id, status: 'revoked' }]);
    await rows(
      api.em(),
      "update device_binding set pending_until = app_clock() where status = 'pending'",
    );
    const later = await api.request('GET', KEYS, { token });
    expect(later.body['results']).toMatchObject([{ status: 'active' }, { status: 'revoked' }]);
  });

  it('takes a later device soon after the sign-in only, and two within 120 days', async () => {
    const { token } = await newHolder();
    for (let change = 0; change < 2; change += 1) {
      expect((await replaceBy(await makeDevice(), token)).status).toBe(201);
    }
    expect(verdict(await replaceBy(await makeDevice(), token))).toEqual([409, 'rebind_limit']);

    const holder = await newHolder();
    const signedIn = await api.request('POST', '/api/v1/auth/login', {
      body: { email: holder.email, password: TEST_PASSWORD },
    });
    const refreshToken = textOf(signedIn.body['refresh_token']);
    await api.moveClock(11 * 60_000);
    try {
      const renewed = await api.request('POST', '/api/v1/auth/refresh', {
        body: { refresh_token: refreshToken },
      });
      const late = textOf(renewed.body['access_token']);
      const reply = await replaceBy(await makeDevice(), late);
      expect(verdict(reply)).toEqual([403, 'step_up_required']);
    } finally {
      await api.moveClock(0);
    }
  });

  it('registers one phone for as many students as the institution allows', async () => {
    const { token, device } = await newHolder();
    const sibling = await newPerson();
    expect(verdict(await register(device, sibling.token))).toEqual([403, 'device_of_another']);
    await rows(
      api.em(),
      `insert into setting (id, name, scope_kind, value)
       values (?::uuid, 'MAX_STUDENTS_PER_DEVICE', 'institution', '2'::jsonb)`,
      [api.deps.ids.next()],
    );
    try {
      expect((await register(device, sibling.token)).status).toBe(201);
      const third = await newPerson();
      expect(verdict(await register(device, third.token))).toEqual([403, 'device_of_another']);
      expect((await register(device, token)).status).toBe(200);
    } finally {
      await rows(api.em(), "delete from setting where name = 'MAX_STUDENTS_PER_DEVICE'");
    }
  });

  it('gives one key sent by two people at once to exactly one of them', async () => {
    const rounds = 10;
    for (let round = 0; round < rounds; round += 1) {
      const people = [await newPerson(), await newPerson()];
      const device = await makeDevice();
      // Both have a nonce already, so that the two requests that count run together.
      await device.request(api, 'GET', PROBE, { token: people[0]?.token ?? '' });

      const replies = await Promise.all(people.map(({ token }) => register(device, token)));

      const codes = replies.map((reply) => reply.body['code']).filter(Boolean);
      expect(replies.map((reply) => reply.status).sort(byNumber)).toEqual([201, 403]);
      expect(codes).toEqual(['device_of_another']);
    }
  });

  it('gives one person who sends two keys at once exactly one device', async () => {
    const { token } = await newPerson();
    const devices = [await makeDevice(), await makeDevice()];
    for (const device of devices) await device.request(api, 'GET', PROBE, { token });

    const replies = await Promise.all(devices.map((device) => register(device, token)));

    expect(replies.map((reply) => reply.status).sort(byNumber)).toEqual([201, 409]);
  });
});

describe('DELETE /api/v1/me/device-keys/{id}', () => {
  it('knows only devices of the caller', async () => {
    const { id } = await newHolder();
    const { token } = await newPerson();

    const reply = await api.request('DELETE', `${KEYS}/${id}`, { token });

    expect(verdict(reply)).toEqual([404, 'not_found']);
  });

  it('is harmless when repeated, and the device proves nothing any more', async () => {
    const { token, device, id, userId } = await newHolder();
    const probe = (): Promise<ApiReply> => device.request(api, 'POST', PROBE, { token, body: {} });
    expect((await probe()).body).toMatchObject({ id, jkt: device.jkt });

    const statuses = [];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      statuses.push((await api.request('DELETE', `${KEYS}/${id}`, { token })).status);
    }

    expect(statuses).toEqual([204, 204]);
    expect(await auditOf('auth.device_revoked', id)).toHaveLength(1);
    expect(verdict(await probe())).toEqual([403, 'device_not_registered']);
    const hour = 3_600_000;
    const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
    const ask = { deviceKeyId: id, userId };
    expect(await bindingsAt(api.em(), [{ ...ask, at: at(hour) }])).toEqual(['nobody']);
  });
});

describe('a device proof', () => {
  let holder: Awaited<ReturnType<typeof newHolder>>;
  beforeAll(async () => {
    holder = await newHolder();
  });

  const probe = (changes?: ProofChanges, body: unknown = { word: 'one' }): Promise<ApiReply> =>
    holder.device.request(api, 'POST', PROBE, { token: holder.token, body }, changes);
  const sendProof = (proof: string, path = PROBE): Promise<ApiReply> =>
    api.request('GET', path, { token: holder.token, headers: { dpop: proof } });
  const freshNonce = async (): Promise<string> =>
    textOf((await api.request('GET', PROBE, { token: holder.token })).headers.get('dpop-nonce'));
  const proven = async () => ({
    method: 'GET',
    url: `${api.baseUrl}${PROBE}`,
    token: holder.token,
    nonce: await freshNonce(),
  });

  it('passes, and every answer brings the nonce for the next one', async () => {
    const reply = await probe();

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ id: holder.id, jkt: holder.device.jkt });
    expect(reply.headers.get('dpop-nonce')).toMatch(/^\d+\.[\w-]{43}$/);
  });

  it('is required, and its absence is answered with a challenge and a nonce', async () => {
    const reply = await api.request('POST', PROBE, { token: holder.token, body: {} });

    expect(verdict(reply)).toEqual([401, 'device_proof_required']);
    expect(reply.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_dpop_proof"/);
    expect(reply.headers.get('dpop-nonce')).not.toBeNull();
  });

  const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
  const wrong: readonly (readonly [string, string, ProofChanges])[] = [
    ['htm of another method', 'htm is not', { claims: { htm: 'GET' } }],
    ['htm missing', 'claims htm', { claims: { htm: undefined } }],
    ['htu of another path', 'htu is not', { claims: { htu: 'http://127.0.0.1/api/v1/me' } }],
    [
      'htu of another server',
      'htu is not',
      { claims: { htu: `https://elsewhere.example${PROBE}` } },
    ],
    ['htu that is no address', 'htu is not', { claims: { htu: PROBE } }],
    ['ath of another token', 'ath is not', { claims: { ath: hash('another token') } }],
    ['ath missing', 'claims htm', { claims: { ath: undefined } }],
    ['bh of another body', 'bh is not', { claims: { bh: hash('{"word":"two"}') } }],
    ['bh missing', 'bh, the hash', { claims: { bh: undefined } }],
    ['jti missing', 'claims htm', { claims: { jti: undefined } }],
    ['jti empty', 'claims htm', { claims: { jti: '' } }],
    ['iat missing', 'claims htm', { claims: { iat: undefined } }],
    ['wrong typ', 'header typ', { header: { typ: 'JWT' } }],
    ['typ missing', 'header typ', { header: { typ: undefined } }],
    ['jwk missing', 'needs a jwk', { header: { jwk: undefined } }],
    [
      'jwk of a curve that is not ours',
      'needs a jwk',
      { header: { jwk: { kty: 'EC', crv: 'P-384' } } },
    ],
  ];
  it.each(wrong)('is refused with %s', async (_name, reason, changes) => {
    const reply = await probe(changes);

    expect(verdict(reply)).toEqual([401, 'device_proof_invalid']);
    expect(textOf(reply.body['detail'])).toContain(reason);
  });

  it('is refused with another public key than signed it', async () => {
    const { publicKey } = await makeDevice();

    const reply = await probe({ header: { jwk: publicKey } });

    expect(verdict(reply)).toEqual([401, 'device_proof_invalid']);
  });

  it('is refused with coordinates that are no point of the curve', async () => {
    const x = Buffer.alloc(32, 1).toString('base64url');

    const reply = await probe({ header: { jwk: { ...holder.device.publicKey, x } } });

    expect(verdict(reply)).toEqual([401, 'device_proof_invalid']);
  });

  it('is refused with a second spelling of its key', async () => {
    const { x = '' } = holder.device.publicKey;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet[alphabet.indexOf(x.slice(-1)) + 1] ?? '';
    const respelled = `${x.slice(0, -1)}${last}`;
    expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(x, 'base64url'));

    const reply = await probe({ header: { jwk: { ...holder.device.publicKey, x: respelled } } });

    expect(verdict(reply)).toEqual([401, 'device_proof_invalid']);
  });

  it('is refused with its private key in the header', async () => {
    const reply = await probe({ header: { jwk: await exportJWK(holder.device.privateKey) } });

    expect(verdict(reply)).toEqual([401, 'device_proof_invalid']);
    expect(textOf(reply.body['detail'])).toContain('private key');
  });

  it.each(['none', 'HS256', 'RS256', 'EdDSA'])('is refused with alg %s', async (alg) => {
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const good = await holder.device.sign(await proven());
    const [, payload = ''] = good.split('.');
    const signed = `${part({ typ: 'dpop+jwt', alg, jwk: holder.device.publicKey })}.${payload}`;
    const secret = JSON.stringify(holder.device.publicKey);
    const signature = createHmac('sha256', secret).update(signed).digest('base64url');

    const reply = await sendProof(`${signed}.${alg === 'none' ? '' : signature}`);

    expect(verdict(reply)).toEqual([401, 'device_proof_invalid']);
  });

  it.each(['', 'a', 'a.b.c', '..', 'e30.e30.e30', 'x'.repeat(5_000)])(
    'is refused when it is no JWT: %#',
    async (text) => {
      const reply = await sendProof(text);

      expect(reply.status).toBe(401);
      expect(['device_proof_invalid', 'device_proof_required']).toContain(reply.body['code']);
    },
  );

  it('counts once', async () => {
    const proof = await holder.device.sign(await proven());

    expect((await sendProof(proof)).status).toBe(200);
    expect(verdict(await sendProof(proof))).toEqual([401, 'device_proof_invalid']);
  });

  it('counts once when it is sent many times at once', async () => {
    const proof = await holder.device.sign(await proven());

    const replies = await Promise.all(Array.from({ length: 10 }, () => sendProof(proof)));

    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
  });

  it.each([
    ['none', undefined],
    ['one nobody issued', 'abc'],
    ['a forged one', `${Math.floor(Date.now() / 1_000)}.${'A'.repeat(43)}`],
  ])('with %s as its nonce is asked for a fresh one', async (_name, nonce) => {
    const proof = await holder.device.sign({ ...(await proven()), nonce });

    const reply = await sendProof(proof);

    expect(verdict(reply)).toEqual([401, 'use_dpop_nonce']);
    expect(reply.headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce"/);
    const fresh = textOf(reply.headers.get('dpop-nonce'));
    const again = await holder.device.sign({ ...(await proven()), nonce: fresh });
    expect((await sendProof(again)).status).toBe(200);
  });

  it('is asked for a fresh nonce after five minutes', async () => {
    const given = await proven();
    try {
      await api.moveClock(4 * 60_000);
      expect((await sendProof(await holder.device.sign(given))).status).toBe(200);
      await api.moveClock(5 * 60_000 + 1_000);
      const reply = await sendProof(await holder.device.sign(given));
      expect(verdict(reply)).toEqual([401, 'use_dpop_nonce']);
    } finally {
      await api.moveClock(0);
    }
  });

  it('may name a configured origin, a query and a trailing slash', async () => {
    const good = await proven();
    const named = async (htu: string, path: string): Promise<number> =>
      (await sendProof(await holder.device.sign(good, { claims: { htu } }), path)).status;

    expect(await named(`https://campus.example${PROBE}`, PROBE)).toBe(200);
    expect(await named(`${api.baseUrl}${PROBE}/?a=1`, PROBE)).toBe(200);
    expect(await named(`${api.baseUrl}${PROBE}`, `${PROBE}/`)).toBe(200);
  });

  it('of a key nobody registered is refused', async () => {
    const reply = await (
      await makeDevice()
    ).request(api, 'POST', PROBE, {
      token: holder.token,
      body: {},
    });

    expect(verdict(reply)).toEqual([403, 'device_not_registered']);
  });

  it('of the device of another person is refused and recorded, without a name', async () => {
    const { userId, token } = await newPerson();

    const reply = await holder.device.request(api, 'POST', PROBE, { token, body: {} });

    expect(verdict(reply)).toEqual([403, 'device_of_another']);
    expect(JSON.stringify(reply.body)).not.toContain(holder.userId);
    expect(await auditOf('security.foreign_device', holder.id)).toMatchObject([
      { actor: userId, after: { holder: holder.userId } },
    ]);
  });

  it('is refused with a token it was not made for', async () => {
    const other = await newPerson();
    const proof = await holder.device.sign(await proven());

    const reply = await api.request('GET', PROBE, { token: other.token, headers: { dpop: proof } });

    expect(verdict(reply)).toEqual([401, 'device_proof_invalid']);
  });

  it('is not looked at before the sign-in', async () => {
    const reply = await holder.device.request(api, 'POST', PROBE, { token: 'bad', body: {} });

    expect(verdict(reply)).toEqual([401, 'unauthenticated']);
  });
});

describe('bindingsAt', () => {
  it('answers every question in order: the person, another, nobody', async () => {
    const { userId, token, id } = await newHolder();
    const other = await newPerson();
    const { body } = await api.request('GET', KEYS, { token });
    const from = Date.parse(textOf(body['results']?.['0']?.['valid_from']));
    const at = (ms: number): string => new Date(from + ms).toISOString();
    const ask = { deviceKeyId: id, userId, at: at(0) };

    const answers = await bindingsAt(api.em(), [
      ask,
      { ...ask, at: at(-1) },
      { ...ask, userId: other.userId },
      { ...ask, deviceKeyId: other.userId },
      { ...ask, at: at(1_000) },
    ]);

    expect(answers).toEqual(['user', 'nobody', 'another', 'nobody', 'user']);
    expect(await bindingsAt(api.em(), [])).toEqual([]);
  });
});
