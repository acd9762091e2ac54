import { describe, expect, it } from '@jest/globals';
import type { Authentication } from './authentication.ts';
import { createStrategies } from './strategies.ts';

const never = () => Promise.reject(new Error('not asked here'));
const authentication: Authentication = {
  signIn: never,
  refresh: never,
  signOut: never,
  recordRefusal: never,
  principals: {
    byToken: never,
    forget: () => undefined,
    onChange: () => () => undefined,
    close: async () => undefined,
  },
  close: async () => undefined,
};
const { passport, prove } = createStrategies({
  authentication,
  metricsToken: undefined,
  callerOf: () => ({ requestId: null, ipNet: null, userAgentHash: null }),
  refreshCookieOf: () => undefined,
});

describe('createStrategies', () => {
  it('knows no way in but those of trust.md section 2 built so far', () => {
    const names = Object.keys(Object(Reflect.get(passport, '_strategies')));

    // passport itself adds `session`, which no route uses.
    expect(names).toEqual(['session', 'password', 'access', 'refresh', 'scrape']);
  });

  it.each([{}, { authorization: 'Basic dTpw' }, { authorization: 'Bearer' }])(
    'refuses a request without a bearer token: %j',
    async (headers) => {
      await expect(prove('access', { headers })).rejects.toMatchObject({ code: 'unauthenticated' });
    },
  );

  it('lets nobody scrape while no metrics token is set', async () => {
    const request = { headers: { authorization: 'Bearer undefined' } };

    await expect(prove('scrape', request)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
