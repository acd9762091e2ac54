/** Sign-in, refresh and sign-out. */
import { z } from 'zod';
import type { SignedIn } from '../../auth/authentication.ts';
import type { ApiDeps } from '../api-deps.ts';
import { callerOf } from '../middleware/request-context.ts';
import { presentUser, userReply } from '../me/user.ts';
import { publicAccess, route, selfAccess, type Route, type RouteReply } from '../route.ts';
import { clearedCookie, refreshCookie } from './refresh-cookie.ts';

const TAG = 'Sign-in';

const loginBody = z.strictObject({
  /** An email address; a roll number or employee code is accepted in its place. */
  email: z.string().trim().min(1).max(254),
  password: z.string().min(1).max(128),
  client: z.enum(['browser', 'app']).default('app'),
});

const refreshBody = z.strictObject({ refresh_token: z.string().length(43).optional() });

const signedInReply = z.strictObject({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  expires_in: z.number().int(),
  user: userReply,
});

/** The routes under `/api/v1/auth`. */
export function authRoutes(deps: ApiDeps): Route[] {
  return [login(deps), refresh(deps), logout(deps)];
}

function login({ prove, environment }: ApiDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/auth/login',
    summary: 'Sign in with email and password',
    tag: TAG,
    access: publicAccess,
    body: loginBody,
    replies: { 200: signedInReply },
    errors: ['invalid_credentials', 'actor_suspended', 'rate_limited', 'busy'],
    handler: async ({ body, request }) => {
      const signedIn = await prove('password', request);
      return reply(signedIn, body.client === 'browser', environment.isProduction);
    },
  });
}

function refresh({ prove, environment }: ApiDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/auth/refresh',
    summary: 'Exchange a refresh token, once, for a new pair',
    tag: TAG,
    access: publicAccess,
    body: refreshBody,
    replies: { 200: signedInReply },
    errors: ['refresh_invalid', 'origin_refused', 'actor_suspended', 'rate_limited'],
    handler: async ({ body, request }) => {
      const signedIn = await prove('refresh', request);
      return reply(signedIn, body.refresh_token === undefined, environment.isProduction);
    },
  });
}

function logout({ authentication, environment }: ApiDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/auth/logout',
    summary: 'End this sign-in everywhere',
    tag: TAG,
    access: selfAccess,
    replies: { 204: z.undefined() },
    errors: [],
    handler: async ({ principal, request }) => {
      await authentication.signOut(principal, callerOf(request));
      return {
        status: 204,
        headers: {
          'Set-Cookie': clearedCookie(environment.isProduction),
          // Not "storage": the key of this browser outlives a sign-in, or every sign-out would cost
          // its student a change of device and free the phone for another student.
          'Clear-Site-Data': '"cache"',
        },
      };
    },
  });
}

/** Browsers get the refresh token as a cookie that no script can read, apps in the body. */
function reply(signedIn: SignedIn, isBrowser: boolean, isProduction: boolean): RouteReply {
  const { accessToken, expiresInSeconds, refreshToken, refreshSeconds, principal } = signedIn;
  return {
    status: 200,
    body: {
      access_token: accessToken,
      ...(isBrowser ? {} : { refresh_token: refreshToken }),
      expires_in: expiresInSeconds,
      user: presentUser(principal),
    },
    headers: isBrowser
      ? { 'Set-Cookie': refreshCookie(isProduction, refreshToken, refreshSeconds) }
      : {},
  };
}
