/** Routes of requests to unlock a register: ask, list, detail, decide and withdraw. */
import type { Principal } from '../../auth/principal.ts';
import { sessionScope, withoutRole } from '../../auth/scope.ts';
import { findUnlock, listUnlocks, type UnlockListRow } from '../../db/queries/unlocks.ts';
import { fileUnlock, type UnlockScope } from '../../operations/requests/file-unlock.ts';
import { caseRoutes, fileCase, type CaseNoun, type CaseRouteDeps } from '../cases/routes.ts';
import { authorize, route, type Route } from '../route.ts';
import { presentUnlock } from './presenter.ts';
import { unlockBody, unlockReply } from './schema.ts';

const TAG = 'Unlocks';

const UNLOCK: CaseNoun<UnlockListRow> = {
  kind: 'unlock',
  base: '/api/v1/attendance/unlocks',
  tag: TAG,
  name: 'request to unlock a register',
  decides: 'approve_unlock',
  list: listUnlocks,
  find: findUnlock,
  reply: unlockReply,
  present: presentUnlock,
};

/** The unlock routes. */
export function unlockRoutes(deps: CaseRouteDeps): Route[] {
  return [create(deps), ...caseRoutes(UNLOCK, deps, ['state_conflict'])];
}

function create(deps: CaseRouteDeps): Route {
  return route({
    method: 'post',
    path: UNLOCK.base,
    summary: 'Ask to open a locked register again; a second person decides',
    tag: TAG,
    access: authorize('file_requests'),
    body: unlockBody,
    replies: { 201: unlockReply },
    errors: [
      'not_found',
      'not_staff',
      'state_conflict',
      'duplicate_request',
      'idempotency_key_reused',
      'in_progress',
    ],
    handler: (input) => {
      const { principal, operation, body } = input;
      return fileCase(UNLOCK, deps, input, (em) =>
        fileUnlock(operation, em, scopeOf(principal), {
          sessionId: body.session,
          hours: body.hours,
          reason: body.reason,
        }),
      );
    },
  });
}

/** Students file requests, but no unlocks (trust.md section 3). */
function scopeOf(principal: Principal): UnlockScope {
  return {
    view: sessionScope(principal, 'view_attendance', 's'),
    file: sessionScope(withoutRole(principal, 'student'), 'file_requests', 's'),
  };
}
