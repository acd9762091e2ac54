import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type ApiReply, type Json, type TestApi } from '../../test/api.ts';

let api: TestApi;
let reply: ApiReply;
beforeAll(async () => {
  api = await startTestApi();
  reply = await api.request('GET', '/api/v1/asyncapi.json');
});
afterAll(() => api.close());

describe('GET /api/v1/asyncapi.json', () => {
  it('is AsyncAPI 3 with every namespace and their events', () => {
    expect(reply.status).toBe(200);
    expect(reply.body['asyncapi']).toBe('3.0.0');
    expect(Object.keys(reply.body['operations'] ?? {})).toEqual([
      'live_watch',
      'live_unwatch',
      'live_token',
      'live_session',
      'live_inbox',
      'live_notice',
      'display_code',
      'display_counts',
      'display_ended',
      'gateway_challenge',
      'gateway_hello',
      'gateway_events',
    ]);
    expect(reply.body['channels']?.['live']?.['address']).toBe('/live');
  });

  it('resolves every reference', () => {
    const references = [...JSON.stringify(reply.body).matchAll(/"\$ref":"([^"]+)"/g)];

    expect(references.length).toBeGreaterThan(0);
    for (const [, reference = ''] of references) {
      const target = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce<Json | undefined>((json, key) => json?.[key], reply.body);
      expect([reference, target === undefined]).toEqual([reference, false]);
    }
  });
});
