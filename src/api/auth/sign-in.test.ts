/** Sign-in, refresh and sign-out through HTTP. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import {
  makeStudent,
  makeUser,
  makeWorld,
  TEST_PASSWORD,
  type World,
} from '../../../test/factories.ts';
import { rows } from '../../db/orm.ts';

let api: TestApi;
let world: World;
beforeAll(async () => {
  api = await startTestApi();
  world = await makeWorld(api.em());
});
afterAll(() => api.close());

const login = (email: string, password = TEST_PASSWORD, more: object = {}): Promise<ApiReply> =>
  api.request('POST', '/api/v1/auth/login', { body: { email, password, ...more } });
const refresh = (token: unknown): Promise<ApiReply> =>
  api.request('POST', '/api/v1/auth/refresh', { body: { refresh_token: token } });
const me = (token: unknown): Promise<ApiReply> =>
  api.request('GET', '/api/v1/me', { token: textOf(token) });
const actions = async (): Promise<string[]> => {
  const found = await rows<{ action: string }>(
    api.em(),
    "select action from audit_event where chain = 'area:auth' order by seq",
  );
  return found.map((row) => row.action);
};

describe('POST /api/v1/auth/login', () => {
  it('gives a token pair and the user with roles and permissions', async () => {
    const reply = await login(world.faculty.email);

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      expires_in: 600,
      user: { email: world.faculty.email, faculty_id: world.faculty.id, student_id: null },
    });
    expect(reply.body['user']?.['permissions']).toEqual(
      expect.arrayContaining(['mark_attendance']),
    );
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect((await me(reply.body['access_token'])).body).toEqual(reply.body['user']);
    expect(await actions()).toContain('auth.sign_in');
  });

  it('accepts a roll number in place of the email', async () => {
    const reply = await login(world.student.rollNumber);

    expect(reply.body['user']?.['student_id']).toBe(world.student.id);
  });

  it('gives a browser its refresh token as a cookie only', async () => {
    const reply = await login(world.student.email, TEST_PASSWORD, { client: 'browser' });

    expect(reply.body).not.toHaveProperty('refresh_token');
    const cookie = reply.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^refresh=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  });

  it('answers a wrong password and an unknown account alike', async () => {
    const wrong = await login(world.people.hod.email, 'wrong');
    const unknown = await login('nobody-here@test.campus', 'wrong');

    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(wrong.body['code']).toBe('invalid_credentials');
    expect({ ...wrong.body, instance: '', request_id: '' }).toEqual({
      ...unknown.body,
      instance: '',
      request_id: '',
    });
    expect(await actions()).toContain('auth.sign_in_failed');
  });

  it('refuses suspended and disabled accounts', async () => {
    const suspended = await makeUser(api.em(), { roles: ['faculty'], status: 'suspended' });
    const disabled = await makeUser(api.em(), { roles: ['faculty'], status: 'disabled' });

    expect((await login(suspended.email)).body['code']).toBe('actor_suspended');
    expect((await login(disabled.email)).body['code']).toBe('invalid_credentials');
  });

  it('records that an account on hold gave its right password', async () => {
    const { id, email } = await makeUser(api.em(), { roles: ['faculty'], status: 'suspended' });

    await login(email);

    const events = await rows(
      api.em(),
      "select action from audit_event where chain = 'area:auth' and entity_id = ?",
      [id],
    );
    expect(events).toEqual([{ action: 'auth.sign_in_on_hold' }]);
  });

  it('takes an address with blanks around it', async () => {
    expect((await login(`  ${world.faculty.email} `)).status).toBe(200);
  });

  const NAMES: Readonly<Record<string, () => Promise<string>>> = {
    known: async () => (await makeUser(api.em(), { roles: ['admin'] })).email,
    unknown: async () => 'ghost@test.campus',
    disabled: async () => (await makeUser(api.em(), { status: 'disabled' })).email,
  };
  it.each(Object.keys(NAMES))('makes the fifth failure of a %s name wait', async (kind) => {
    const email = (await NAMES[kind]?.()) ?? '';
    const failures = [];
    for (let attempt = 0; attempt < 6; attempt += 1) failures.push(await login(email, 'wrong'));

    expect(failures.map((reply) => reply.status)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(failures.at(-1)?.headers.get('retry-after')).toBe('1');
    expect((await login(email)).status).toBe(429);
  });

  it('lets the right password in after the wait and forgets the failures', async () => {
    const { email } = await makeUser(api.em(), { roles: ['admin'] });
    for (let attempt = 0; attempt < 5; attempt += 1) await login(email, 'wrong');

    await api.moveClock(1_500);

    expect((await login(email)).status).toBe(200);
    expect((await login(email, 'wrong')).status).toBe(401);
    expect((await login(email)).status).toBe(200);
    await api.moveClock(0);
  });

  it('counts parallel guesses one by one', async () => {
    const { email } = await makeUser(api.em(), { roles: ['admin'] });

    const replies = await Promise.all(Array.from({ length: 12 }, () => login(email, 'wrong')));

    expect(replies.filter((reply) => reply.status === 401)).toHaveLength(5);
    expect(replies.filter((reply) => reply.status === 429)).toHaveLength(7);
  });

  it('ends the oldest sign-in beyond ten', async () => {
    const { email } = await makeUser(api.em(), { roles: ['admin'] });
    const first = await login(email);
    for (let more = 0; more < 10; more += 1) await login(email);

    expect((await refresh(first.body['refresh_token'])).body['code']).toBe('refresh_invalid');
  });
});

describe('POST /api/v1/auth/refresh', () => {
  it('rotates the token within the same sign-in', async () => {
    const first = await login(world.student.email);

    const second = await refresh(first.body['refresh_token']);

    expect(second.status).toBe(200);
    expect(second.body['refresh_token']).not.toBe(first.body['refresh_token']);
    expect((await me(second.body['access_token'])).status).toBe(200);
  });

  it('ends the whole sign-in when a used token comes back', async () => {
    const first = await login(world.people.admin.email);
    const second = await refresh(first.body['refresh_token']);

    const reused = await refresh(first.body['refresh_token']);

    expect(reused.body['code']).toBe('refresh_invalid');
    expect((await refresh(second.body['refresh_token'])).body['code']).toBe('refresh_invalid');
    expect((await me(second.body['access_token'])).status).toBe(401);
    expect(await actions()).toContain('auth.refresh_reuse');
  });

  it('lets only one of two simultaneous uses through', async () => {
    const first = await login(world.people.admin.email);

    const replies = await Promise.all([1, 2].map(() => refresh(first.body['refresh_token'])));

    expect(replies.map((reply) => reply.status).sort((a, b) => a - b)).toEqual([200, 401]);
  });

  it('ends an idle sign-in of staff after two hours, of a student after fourteen days', async () => {
    const staff = await login(world.people.admin.email);
    const student = await login(world.student.email);

    await api.moveClock(3 * 3_600_000);
    const late = await Promise.all([staff, student].map((r) => refresh(r.body['refresh_token'])));
    await api.moveClock(0);

    expect(late.map((reply) => reply.status)).toEqual([401, 200]);
  });

  it('takes the cookie from the own page and refuses foreign pages', async () => {
    const signedIn = await login(world.student.email, TEST_PASSWORD, { client: 'browser' });
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const ask = (headers: Record<string, string>): Promise<ApiReply> =>
      api.request('POST', '/api/v1/auth/refresh', { body: {}, headers: { cookie, ...headers } });

    expect((await ask({ origin: 'https://evil.example' })).body['code']).toBe('origin_refused');
    expect((await ask({})).body['code']).toBe('origin_refused');
    const own = await ask({ origin: api.baseUrl });
    expect(own.status).toBe(200);
    expect(own.body).not.toHaveProperty('refresh_token');
    expect(own.headers.get('set-cookie')).toMatch(/^refresh=/);
  });
});

describe('POST /api/v1/auth/logout', () => {
  it('ends the sign-in at once and clears the cookie', async () => {
    const signedIn = await login(world.student.email);
    const token = textOf(signedIn.body['access_token']);

    const reply = await api.request('POST', '/api/v1/auth/logout', { token });

    expect(reply.status).toBe(204);
    expect(reply.headers.get('set-cookie')).toMatch(/^refresh=; Path=\/; Max-Age=0/);
    expect((await me(token)).status).toBe(401);
    expect((await refresh(signedIn.body['refresh_token'])).status).toBe(401);
    expect(await actions()).toContain('auth.sign_out');
  });
});

describe('access tokens', () => {
  const claims = { sid: 'x', ver: 1, amr: ['pwd'], auth_time: 1 };

  it('are refused when expired', async () => {
    const token = await api.signIn(world.faculty.email);

    await api.moveClock(601_000);
    const reply = await me(token);
    await api.moveClock(0);

    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('are refused with another key, algorithm, type or altered content', async () => {
    const good = await api.signIn(world.faculty.email);
    const [header = '', body = '', signature = ''] = good.split('.');
    const foreignKey = generateKeyPairSync('ed25519').privateKey;
    const build = (alg: string, typ: string) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg, typ })
        .setIssuer('urn:campshub360:attendance')
        .setAudience('urn:campshub360:attendance:api')
        .setSubject(world.faculty.userId)
        .setIssuedAt()
        .setExpirationTime('10m')
        .setJti('a');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const hmacHeader = Buffer.from('{"alg":"HS256","typ":"at+jwt"}').toString('base64url');
    const spki = api.deps.keys.accessSigning.publicKey.export({ format: 'pem', type: 'spki' });
    const hmac = createHmac('sha256', spki).update(`${hmacHeader}.${body}`).digest('base64url');
    const tokens = [
      await build('EdDSA', 'at+jwt').sign(foreignKey),
      await build('EdDSA', 'JWT').sign(api.deps.keys.accessSigning.privateKey),
      `${none}.${body}.`,
      `${hmacHeader}.${body}.${hmac}`,
      `${header}.${Buffer.from('{"sub":"x"}').toString('base64url')}.${signature}`,
      'nonsense',
    ];

    const statuses = await Promise.all(tokens.map(async (token) => (await me(token)).status));

    expect(statuses).toEqual(tokens.map(() => 401));
    expect((await me(good)).status).toBe(200);
  });
});

describe('revocation', () => {
  const waitFor = async (token: string, status: number): Promise<number> => {
    const startedAt = performance.now();
    while (performance.now() - startedAt < 10_000) {
      if ((await me(token)).status === status) return performance.now() - startedAt;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the token did not reach ${status}`);
  };

  it.each([
    ["update app_user set status = 'disabled'", 401],
    ["update app_user set status = 'suspended'", 403],
    ['update app_user set token_version = token_version + 1', 401],
  ])('takes effect within two seconds of another process doing: %s', async (change, status) => {
    const { id, email } = await makeUser(api.em(), { roles: ['admin'] });
    const token = await api.signIn(email);
    expect((await me(token)).status).toBe(200);

    await rows(api.em(), `${change}, auth_changed_at = app_clock() where id = ?`, [id]);

    expect(await waitFor(token, status)).toBeLessThan(2_000);
  });

  it('shows a changed role within two seconds', async () => {
    const { campus, department, programme, batch } = world;
    const person = await makeStudent(api.em(), { campus, department, programme, batch });
    const token = await api.signIn(person.email);
    await me(token);

    await rows(api.em(), 'delete from role_assignment where user_id = ?', [person.userId]);
    await rows(api.em(), 'update app_user set auth_changed_at = app_clock() where id = ?', [
      person.userId,
    ]);

    const startedAt = performance.now();
    let roles = 1;
    while (roles > 0 && performance.now() - startedAt < 10_000) {
      roles = Array.from(Object.values((await me(token)).body['roles'] ?? {})).length;
    }
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
