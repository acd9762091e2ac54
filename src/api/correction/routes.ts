/** Routes of correction requests: ask, list, detail, decide and withdraw. */
import type { z } from 'zod';
import type { Principal } from '../../auth/principal.ts';
import { recordScope, sessionScope } from '../../auth/scope.ts';
import {
  findCorrection,
  listCorrections,
  type CorrectionListRow,
} from '../../db/queries/requests.ts';
import {
  fileCorrection,
  type CorrectionScope,
  type NewCorrection,
} from '../../operations/requests/file-correction.ts';
import { caseRoutes, fileCase, type CaseNoun, type CaseRouteDeps } from '../cases/routes.ts';
import { authorize, route, type Route } from '../route.ts';
import { presentCorrection } from './presenter.ts';
import { correctionBody, correctionReply } from './schema.ts';

const TAG = 'Corrections';

const CORRECTION: CaseNoun<CorrectionListRow> = {
  kind: 'correction',
  base: '/api/v1/attendance/correction-requests',
  tag: TAG,
  name: 'correction request',
  decides: 'approve_corrections',
  list: listCorrections,
  find: findCorrection,
  reply: correctionReply,
  present: presentCorrection,
};

/** The correction routes. */
export function correctionRoutes(deps: CaseRouteDeps): Route[] {
  return [create(deps), ...caseRoutes(CORRECTION, deps, ['record_changed', 'session_cancelled'])];
}

function create(deps: CaseRouteDeps): Route {
  return route({
    method: 'post',
    path: CORRECTION.base,
    summary: 'Ask for the correction of a record and start its workflow',
    tag: TAG,
    access: authorize('file_requests'),
    body: correctionBody,
    replies: { 201: correctionReply },
    errors: [
      'not_found',
      'student_not_accepted',
      'not_staff',
      'not_on_roster',
      'session_not_open',
      'session_cancelled',
      'state_conflict',
      'correction_window_closed',
      'no_change',
      'duplicate_request',
      'idempotency_key_reused',
      'in_progress',
    ],
    handler: (input) => {
      const { principal, operation, body } = input;
      return fileCase(CORRECTION, deps, input, (em) =>
        fileCorrection(operation, em, scopeOf(principal), newCorrection(body)),
      );
    },
  });
}

/** Only administrators file after the window, inside their own scope (marks.md section 11). */
function scopeOf(principal: Principal): CorrectionScope {
  const administrator = {
    ...principal,
    roles: principal.roles.filter((grant) => grant.role === 'admin'),
  };
  return {
    view: sessionScope(principal, 'view_attendance', 's'),
    file: recordScope(principal, 'file_requests', 's', 'st'),
    late: sessionScope(administrator, 'file_requests', 's'),
    studentId: principal.studentId,
  };
}

function newCorrection(body: z.output<typeof correctionBody>): NewCorrection {
  return {
    sessionId: body.session,
    studentId: body.student,
    toMark: body.to_mark,
    excuseCategory: body.excuse_category,
    reason: body.reason,
  };
}
