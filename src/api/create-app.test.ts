/** The HTTP skeleton: reading, refusing, errors, headers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { startTestApi, type TestApi } from '../../test/api.ts';
import { makeUser } from '../../test/factories.ts';
import { rows } from '../db/orm.ts';
import { createApp } from './create-app.ts';
import { authorize, publicAccess, route, selfAccess, type Route } from './route.ts';
import { allRoutes } from './routes.ts';

const echoBody = z.strictObject({
  name: z.string().min(2),
  count: z.number().int().max(10).optional(),
  rows: z.array(z.strictObject({ mark: z.enum(['present', 'absent']) })).optional(),
});

const PROBES: Route[] = [
  route({
    method: 'post',
    path: '/api/v1/probe/echo',
    summary: 'Answers with what it read',
    tag: 'Probe',
    access: publicAccess,
    query: z.strictObject({ page: z.coerce.number().int().min(1).optional() }),
    body: echoBody,
    replies: { 200: z.looseObject({}) },
    errors: [],
    handler: async ({ body, query, idempotencyKey, ifMatch, requestHash }) => ({
      status: 200,
      body: { body, query, key: idempotencyKey ?? null, if_match: ifMatch ?? null, requestHash },
    }),
  }),
  route({
    method: 'post',
    path: '/api/v1/probe/small',
    summary: 'Has a small body',
    tag: 'Probe',
    access: selfAccess,
    idempotency: 'required',
    bodyLimit: 200,
    body: z.strictObject({ text: z.string().optional() }),
    replies: { 204: z.undefined() },
    errors: [],
    handler: async () => ({ status: 204 }),
  }),
  ...(['unknown', 'sql', 'lock', 'timeout', 'away'] as const).map((kind) =>
    route({
      method: 'get',
      path: `/api/v1/probe/fail-${kind}`,
      summary: `Fails: ${kind}`,
      tag: 'Probe',
      access: publicAccess,
      replies: { 200: z.looseObject({}) },
      errors: [],
      handler: async ({ operation }) => {
        if (kind === 'unknown') throw new Error('the password is hunter2');
        if (kind === 'sql') await rows(operation.em, 'select secret from nowhere');
        if (kind === 'timeout') {
          await operation.em.transactional(async (em) => {
            await rows(em, "set local statement_timeout = '20ms'");
            await rows(em, 'select pg_sleep(1)');
          });
        }
        if (kind === 'lock') {
          await rows(
            operation.em,
            "do $$ begin raise exception 'busy' using errcode = '55P03'; end $$",
          );
        }
        await rows(operation.em, 'select pg_terminate_backend(pg_backend_pid())');
        return { status: 200, body: {} };
      },
    }),
  ),
  route({
    method: 'get',
    path: '/api/v1/probe/operators',
    summary: 'For operators',
    tag: 'Probe',
    access: authorize('operate'),
    replies: { 200: z.looseObject({}) },
    errors: [],
    handler: async ({ principal, operation }) => ({
      status: 200,
      body: { user: principal.userId, actor: operation.actor },
    }),
  }),
];

let api: TestApi;
let dashboardFolder: string;
beforeAll(async () => {
  dashboardFolder = mkdtempSync(path.join(tmpdir(), 'dashboard-'));
  mkdirSync(path.join(dashboardFolder, 'assets'));
  writeFileSync(path.join(dashboardFolder, 'assets', 'app-1a2b.js'), 'export {}');
  writeFileSync(
    path.join(dashboardFolder, 'index.html'),
    '<!doctype html><style nonce="__CSP_NONCE__"></style>',
  );
  api = await startTestApi({
    routes: (deps) => [...allRoutes(deps), ...PROBES],
    dashboardFolder,
    variables: { PUBLIC_ORIGINS: 'https://erp.campus.example', RATE_LIMIT_SCALE: '1' },
  });
});
afterAll(async () => {
  await api.close();
  rmSync(dashboardFolder, { recursive: true });
});

const echo = (body: unknown, headers: Record<string, string> = {}) =>
  api.request('POST', '/api/v1/probe/echo', { body, headers });

describe('reading a request', () => {
  it('gives the handler parsed values and the hash of the request', async () => {
    const reply = await echo({ name: 'Asha' }, { 'idempotency-key': ' key-1 ', 'if-match': '"7"' });

    expect(reply.body).toEqual({
      body: { name: 'Asha' },
      query: {},
      key: 'key-1',
      if_match: 7,
      requestHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const slash = await api.request('POST', '/api/v1/probe/echo/?page=2', {
      body: { name: 'Asha' },
    });
    expect(slash.body).toMatchObject({
      query: { page: 2 },
      requestHash: reply.body['requestHash'],
    });
  });

  it('refuses malformed JSON', async () => {
    const reply = await api.request('POST', '/api/v1/probe/echo', { raw: '{"name": ' });

    expect(reply.status).toBe(400);
    expect(reply.body['code']).toBe('malformed_request');
  });

  it('refuses unknown, missing and wrong fields, each named with its remedy', async () => {
    const reply = await echo({ nmae: 'x', count: 11, rows: [{ mark: 'maybe' }] });

    expect(reply.status).toBe(400);
    expect(reply.body['code']).toBe('validation_failed');
    const errors = Object.values(reply.body['errors'] ?? {});
    expect(errors).toEqual(
      expect.arrayContaining([
        { path: 'nmae', code: 'unknown_field', detail: expect.any(String) },
        { path: 'name', code: 'missing', detail: 'This field is required.' },
        { path: 'count', code: 'too_big', detail: expect.stringContaining('10') },
        { path: 'rows.0.mark', code: 'not_in_list', detail: expect.stringContaining('present') },
      ]),
    );
  });

  it.each(['{"__proto__": {"a": 1}, "name": "Asha"}', '{"name": "Asha", "constructor": 1}'])(
    'refuses prototype keys: %s',
    async (raw) => {
      const reply = await api.request('POST', '/api/v1/probe/echo', { raw });

      expect(reply.status).toBe(400);
      expect(reply.body['errors']?.['0']?.['code']).toBe('unknown_field');
    },
  );

  it('refuses unknown and repeated query parameters', async () => {
    const unknown = await api.request('POST', '/api/v1/probe/echo?pgae=1', {
      body: { name: 'Asha' },
    });
    const repeated = await api.request('POST', '/api/v1/probe/echo?page=1&page=2', {
      body: { name: 'Asha' },
    });

    expect(unknown.body['errors']?.['0']).toMatchObject({ path: 'pgae', code: 'unknown_field' });
    expect(repeated.body['errors']?.['0']).toMatchObject({ path: 'page', code: 'duplicate' });
    expect([unknown.status, repeated.status]).toEqual([400, 400]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])(
    'refuses a body of type %s',
    async (type) => {
      const reply = await api.request('POST', '/api/v1/probe/echo', {
        raw: '{"name": "Asha"}',
        headers: { 'content-type': type },
      });

      expect(reply.status).toBe(415);
      expect(reply.body['code']).toBe('unsupported_media_type');
    },
  );

  it('refuses a body beyond 64 KiB, or beyond the limit of its route', async () => {
    const token = await api.signIn((await makeUser(api.em(), { roles: ['admin'] })).email);
    const small = await api.request('POST', '/api/v1/probe/small', {
      token,
      body: { text: 'x'.repeat(300) },
      headers: { 'idempotency-key': 'a' },
    });

    expect((await echo({ name: 'x'.repeat(70_000) })).status).toBe(413);
    expect((await echo({ name: 'x'.repeat(60_000) })).status).toBe(200);
    expect(small.body['code']).toBe('payload_too_large');
  });

  it('asks for an Idempotency-Key where the route requires one', async () => {
    const token = await api.signIn((await makeUser(api.em(), { roles: ['admin'] })).email);
    const send = (headers: Record<string, string>) =>
      api.request('POST', '/api/v1/probe/small', { token, body: {}, headers });

    expect((await send({})).body['code']).toBe('idempotency_key_required');
    expect((await send({ 'idempotency-key': 'a' })).status).toBe(204);
  });

  it('refuses an If-Match it cannot read', async () => {
    expect((await echo({ name: 'Asha' }, { 'if-match': 'latest' })).status).toBe(400);
  });

  it('refuses a body where none belongs', async () => {
    const token = await api.signIn((await makeUser(api.em(), { roles: ['admin'] })).email);
    const reply = await api.request('POST', '/api/v1/auth/logout', { token, body: { all: true } });

    expect(reply.body['code']).toBe('validation_failed');
  });
});

describe('refusing', () => {
  it('answers 401 without a token and 403 without the permission', async () => {
    const student = await makeUser(api.em(), { roles: ['student'] });
    const admin = await makeUser(api.em(), { roles: ['admin'] });
    const ask = (token?: string) =>
      api.request('GET', '/api/v1/probe/operators', token === undefined ? {} : { token });

    expect((await ask()).body['code']).toBe('unauthenticated');
    const refused = await ask(await api.signIn(student.email));
    expect(refused.body['code']).toBe('forbidden');
    const events = await rows(
      api.em(),
      "select entity_id, request_id from audit_event where action = 'auth.refused' and actor = ?",
      [student.id],
    );
    expect(events).toEqual([
      {
        entity_id: 'GET /api/v1/probe/operators',
        request_id: refused.headers.get('x-request-id'),
      },
    ]);
    const allowed = await ask(await api.signIn(admin.email));
    expect(allowed.body).toMatchObject({
      user: admin.id,
      actor: { userId: admin.id, role: 'admin', channel: 'api', ipNet: '127.0.0.0/24' },
    });
    expect(allowed.body['actor']?.['requestId']).toBe(allowed.headers.get('x-request-id'));
  });

  it('answers 404 and 405 as problems', async () => {
    const missing = await api.request('GET', '/api/v1/nothing');
    const method = await api.request('DELETE', '/api/v1/probe/echo');

    expect(missing.body).toMatchObject({ status: 404, code: 'not_found' });
    expect(method.body).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect(method.headers.get('allow')).toBe('POST, OPTIONS');
  });

  it('answers a path that is not valid with 400', async () => {
    expect((await api.request('GET', '/api/v1/attendance/sessions/%ff')).status).toBe(400);
  });

  it('lets a class behind one address renew its tokens, and limits passwords there', async () => {
    const outside = await startTestApi({
      variables: { TRUST_PROXY: '1', RATE_LIMIT_SCALE: '0.5' },
    });
    try {
      const headers = { 'x-forwarded-for': '203.0.113.9' };
      const send = (path: string, body: object) =>
        Promise.all(
          Array.from({ length: 40 }, () => outside.request('POST', path, { headers, body })),
        );
      const renewed = await send('/api/v1/auth/refresh', { refresh_token: 'x'.repeat(43) });
      expect(new Set(renewed.map(({ status }) => status))).toEqual(new Set([401]));
      const signedIn = await send('/api/v1/auth/login', {
        email: 'nobody@x.example',
        password: 'x',
      });
      expect(signedIn.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(25);
    } finally {
      await outside.close();
    }
  });

  it('limits an address that sends bad tokens', async () => {
    const limited = await startTestApi({ variables: { RATE_LIMIT_SCALE: '0.05' } });
    try {
      const replies = [];
      for (let sent = 0; sent < 8; sent += 1) {
        replies.push(await limited.request('GET', '/api/v1/me', { token: 'bad' }));
      }
      const last = replies.at(-1);
      expect(replies[0]?.status).toBe(401);
      expect(last?.body['code']).toBe('rate_limited');
      expect(Number(last?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    } finally {
      await limited.close();
    }
  });

  it('limits a person by class and tells what is left', async () => {
    const limited = await startTestApi({ variables: { RATE_LIMIT_SCALE: '0.05' } });
    try {
      const { email } = await makeUser(limited.em(), { roles: ['student'] });
      const token = await limited.signIn(email);
      const replies = [];
      for (let sent = 0; sent < 60; sent += 1) {
        replies.push(await limited.request('GET', '/api/v1/me', { token }));
      }
      expect(replies[0]?.headers.get('ratelimit-policy')).toBe('"signed_in/student";q=50;w=3600');
      expect(replies[0]?.headers.get('ratelimit')).toMatch(/^"signed_in\/student";r=49;t=\d+$/);
      expect(replies.filter((reply) => reply.status === 200)).toHaveLength(55);
      expect(replies.at(-1)?.status).toBe(429);
    } finally {
      await limited.close();
    }
  });
});

describe('errors', () => {
  it('are problem documents with a stable type and the id of the request', async () => {
    const reply = await api.request('GET', '/api/v1/nothing');

    expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(reply.body).toEqual({
      type: 'urn:campshub360:problem:not_found',
      title: 'Not found',
      status: 404,
      code: 'not_found',
      detail: expect.any(String),
      instance: reply.headers.get('x-request-id'),
      request_id: reply.headers.get('x-request-id'),
      errors: [],
    });
  });

  it.each(['unknown', 'sql'])('hide what happened inside: %s', async (kind) => {
    const reply = await api.request('GET', `/api/v1/probe/fail-${kind}`);

    expect(reply.body).toMatchObject({ status: 500, code: 'internal_error' });
    expect(JSON.stringify(reply.body)).not.toMatch(/hunter2|nowhere|at .*\.ts/);
  });

  it.each(['lock', 'timeout'])('ask for another try after: %s', async (kind) => {
    const reply = await api.request('GET', `/api/v1/probe/fail-${kind}`);

    expect(reply.body).toMatchObject({ status: 503, code: 'try_again' });
    expect(reply.headers.get('retry-after')).toBe('1');
  });

  it('say that the database is away', async () => {
    const reply = await api.request('GET', '/api/v1/probe/fail-away');

    expect(reply.body).toMatchObject({ status: 503, code: 'database_unavailable' });
    expect(reply.headers.get('retry-after')).toBe('5');
  });
});

describe('createApp', () => {
  const [probe] = PROBES;
  const build = (routes: readonly Route[]) => () => createApp(api.deps, () => routes);

  it('refuses a route that names no access', () => {
    const { access: _, ...rest } = probe as Route;

    expect(build([rest as Route])).toThrow(/POST \/api\/v1\/probe\/echo names no access/);
    expect(build([{ ...rest, access: { kind: 'whoever' } } as unknown as Route])).toThrow(/access/);
  });

  it('refuses two routes of the same method and path', () => {
    expect(build([probe as Route, probe as Route])).toThrow(/exists twice/);
    expect(build([probe as Route])).not.toThrow();
  });
});

describe('headers', () => {
  it('forbid everything from elsewhere, and caching of replies', async () => {
    const { headers } = await api.request('GET', '/health/live');

    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'self';img-src 'self' data: blob:;style-src 'self' 'nonce-[\w-]+';object-src 'none';base-uri 'none';frame-ancestors 'none';form-action 'self';connect-src 'self' wss:$/,
    );
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('permissions-policy')).toBe('camera=(self), geolocation=(self)');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('name allowed origins only, with credentials for the refresh route only', async () => {
    const preflight = (target: string, origin: string) =>
      api.request('OPTIONS', target, {
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const login = await preflight('/api/v1/auth/login', 'https://erp.campus.example');
    const refresh = await preflight('/api/v1/auth/refresh', 'https://erp.campus.example');
    const foreign = await preflight('/api/v1/auth/refresh', 'https://evil.example');

    expect(login.headers.get('access-control-allow-origin')).toBe('https://erp.campus.example');
    expect(login.headers.get('access-control-allow-credentials')).toBeNull();
    expect(refresh.headers.get('access-control-allow-credentials')).toBe('true');
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('do not answer TRACE', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const ask = httpRequest(`${api.baseUrl}/api/v1/me`, { method: 'TRACE' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      ask.once('error', reject);
      ask.end();
    });

    expect(status).toBe(405);
  });
});

describe('the dashboard', () => {
  it('is one page for every screen, with the nonce of its reply', async () => {
    const reply = await api.request('GET', '/sessions/42', { headers: { accept: 'text/html' } });

    const nonce = /'nonce-([\w-]+)'/.exec(reply.headers.get('content-security-policy') ?? '')?.[1];
    expect(reply.body['text']).toContain(`<style nonce="${nonce}">`);
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });

  it('has hashed files that are kept for ever', async () => {
    const reply = await api.request('GET', '/assets/app-1a2b.js');

    expect(reply.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  it('is never the answer to an API path', async () => {
    const reply = await api.request('GET', '/api/v1/nothing', { headers: { accept: 'text/html' } });

    expect(reply.status).toBe(404);
  });
});
