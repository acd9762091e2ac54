import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createApiClient } from '../api/client.ts';
import type { User } from '../api/types.ts';
import { NotSignedIn, signInOf } from './sign-in-of.ts';
import type { SignInState } from './sign-in.ts';

const userOf = (id: string): User => ({
  id,
  email: `${id}@example.edu`,
  first_name: id,
  last_name: '',
  roles: [],
  permissions: [],
  student_id: `student-${id}`,
  faculty_id: null,
});

const serve = jest.fn<typeof fetch>();
const fetchBefore = globalThis.fetch;
beforeEach(() => {
  globalThis.fetch = serve;
});
afterEach(() => {
  globalThis.fetch = fetchBefore;
  serve.mockReset();
});

/** A browser in which `first` signed in, and whose cookie is by now that of `renewed`. */
function setUp(renewed: string | null) {
  let state: SignInState = { status: 'signed_in', user: userOf('first') };
  const renew = async () => {
    await Promise.resolve();
    state =
      renewed === null
        ? { status: 'signed_out', why: 'expired' }
        : { status: 'signed_in', user: userOf(renewed) };
    return renewed;
  };
  const world = { isOld: false };
  const signIn = {
    state: () => state,
    token: () => (world.isOld ? renew() : Promise.resolve('first')),
    renew,
  };
  const isMeant = ({ student_id: student }: User) => student === 'student-first';
  return { world, api: createApiClient(signInOf(signIn, isMeant)) };
}

const send = (api: ReturnType<typeof createApiClient>) =>
  api
    .request({ method: 'POST', path: '/api/v1/attendance/sync/' })
    .catch((error: unknown) => error);
const answerOf = (status: number, code: string) =>
  Promise.resolve(new Response(JSON.stringify({ code }), { status }));
const tokensSent = () =>
  serve.mock.calls.map(([, init]) => new Headers(init?.headers).get('Authorization'));

describe('a request for one person', () => {
  it('is sent while that person is signed in, also with a renewed token', async () => {
    const { world, api } = setUp('first');
    serve.mockImplementationOnce(() => answerOf(401, 'unauthenticated'));
    serve.mockImplementation(() => answerOf(200, 'done'));
    expect(await send(api)).toEqual({ code: 'done' });
    world.isOld = true;
    expect(await send(api)).toEqual({ code: 'done' });
    expect(tokensSent()).toEqual(['Bearer first', 'Bearer first', 'Bearer first']);
  });

  it('is not sent where renewing an old token brings that of somebody else, or of nobody', async () => {
    for (const renewed of ['second', null]) {
      const { world, api } = setUp(renewed);
      world.isOld = true;
      expect(await send(api)).toBeInstanceOf(NotSignedIn);
    }
    expect(serve).not.toHaveBeenCalled();
  });

  it('is not sent a second time as somebody else where its token was refused', async () => {
    const { api } = setUp('second');
    serve.mockImplementation(() => answerOf(401, 'unauthenticated'));
    expect(await send(api)).toBeInstanceOf(NotSignedIn);
    expect(tokensSent()).toEqual(['Bearer first']);
  });
});
