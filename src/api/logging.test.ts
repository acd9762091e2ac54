/** Log lines: one per request, without any secret. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import { startTestApi, textOf, type TestApi } from '../../test/api.ts';
import { makeUser, TEST_PASSWORD } from '../../test/factories.ts';
import { createLogger } from '../deps.ts';

const lines: string[] = [];
const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    lines.push(chunk.toString());
    done();
  },
});

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ logger: createLogger({ logLevel: 'trace' }, sink) });
});
afterAll(() => api.close());

describe('log lines', () => {
  it('name the request and its id, never passwords, tokens, cookies or query texts', async () => {
    const { email } = await makeUser(api.em(), { roles: ['admin'] });
    const login = (body: object) => api.request('POST', '/api/v1/auth/login', { body });
    const signedIn = await login({ email, password: TEST_PASSWORD });
    const browser = await login({ email, password: TEST_PASSWORD, client: 'browser' });
    await login({ email, password: 'wrong-secret' });
    const token = textOf(signedIn.body['access_token']);
    const cookie = browser.headers.get('set-cookie')?.split(';')[0] ?? '';
    await api.request('POST', '/api/v1/auth/refresh', { body: {}, headers: { cookie } });
    await api.request('GET', '/api/v1/me?note=private-text', { token });

    const log = lines.join('');

    const secrets = [
      TEST_PASSWORD,
      'wrong-secret',
      token,
      cookie.split('=')[1],
      'private-text',
      email,
    ];
    for (const secret of secrets) expect(log).not.toContain(secret);
    expect(log).not.toContain(textOf(signedIn.body['refresh_token']));
    expect(lines.some((line) => line.includes('"path":"/api/v1/me"'))).toBe(true);
    expect(log).toContain(signedIn.headers.get('x-request-id'));
  });
});
