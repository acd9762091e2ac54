/** What a signed-in person may know of their own account. */
import type { ApiDeps } from '../api-deps.ts';
import { route, selfAccess, type Route } from '../route.ts';
import { deviceKeyRoutes } from './device-keys.ts';
import { presentUser, userReply } from './user.ts';

/** The routes under `/api/v1/me`. */
export function meRoutes(deps: Pick<ApiDeps, 'keys' | 'environment'>): Route[] {
  return [
    ...deviceKeyRoutes(deps),
    route({
      method: 'get',
      path: '/api/v1/me',
      summary: 'Your account, roles and permissions',
      tag: 'Sign-in',
      access: selfAccess,
      replies: { 200: userReply },
      errors: [],
      handler: async ({ principal }) => ({ status: 200, body: presentUser(principal) }),
    }),
  ];
}
