/** Routes of contradictions between claims: list, look at, settle. For the staff of classes only. */
import type { Principal } from '../../auth/principal.ts';
import { sessionScope, withoutRole } from '../../auth/scope.ts';
import {
  claimsOfConflict,
  findConflict,
  listConflicts,
  type ConflictScopes,
} from '../../db/queries/conflicts.ts';
import type { Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import { resolveConflict } from '../../operations/records/resolve-conflict.ts';
import { idParams } from '../fields.ts';
import { listBody, listOf } from '../paging.ts';
import { operationId, requireVersion } from '../preconditions.ts';
import { presentResult } from '../records/presenter.ts';
import { authorize, route, type Route } from '../route.ts';
import { presentConflict, presentConflictDetail } from './presenter.ts';
import {
  conflictDetailReply,
  conflictReply,
  conflictsQuery,
  resolveBody,
  resolvedReply,
} from './schema.ts';

const BASE = '/api/v1/attendance/conflicts';
const TAG = 'Conflicts';

/** The conflict routes. */
export function conflictRoutes(): Route[] {
  return [list, detail, resolve];
}

const list = route({
  method: 'get',
  path: BASE,
  summary: 'List contradictions between claims in the classes you may see',
  tag: TAG,
  access: authorize('view_attendance'),
  query: conflictsQuery,
  replies: { 200: listOf(conflictReply) },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const found = await listConflicts(
      operation.em,
      scopesOf(principal),
      {
        session: query.session,
        student: query.student,
        courseSection: query.course_section,
        kind: query.kind,
        state: query.state,
        dateFrom: query.date_from,
        dateTo: query.date_to,
      },
      { page: query.page, pageSize: query.page_size },
    );
    const results = found.results.map(presentConflict);
    return { status: 200, body: listBody(request.originalUrl, query, { ...found, results }) };
  },
});

const detail = route({
  method: 'get',
  path: `${BASE}/:id`,
  summary: 'Read a contradiction with the claims it names',
  tag: TAG,
  access: authorize('view_attendance'),
  params: idParams,
  replies: { 200: conflictDetailReply },
  errors: ['not_found'],
  handler: async ({ params, principal, operation }) => {
    const body = await readDetail(operation.em, principal, params.id);
    return { status: 200, body, headers: { ETag: `"${body.version}"` } };
  },
});

const resolve = route({
  method: 'post',
  path: `${BASE}/:id/resolve`,
  summary: 'Settle a contradiction with your word and a reason',
  tag: TAG,
  access: authorize('mark_attendance'),
  idempotency: 'required',
  ifMatch: 'required',
  params: idParams,
  body: resolveBody,
  replies: { 200: resolvedReply },
  errors: [
    'not_found',
    'not_staff',
    'not_on_roster',
    'precondition_required',
    'stale',
    'state_conflict',
    'session_locked',
    'session_cancelled',
    'mark_not_allowed',
    'op_id_reused',
    'idempotency_key_required',
    'try_again',
  ],
  handler: async ({ params, body, principal, operation, idempotencyKey, ifMatch }) => {
    const staff = withoutRole(principal, 'student');
    const results = await resolveConflict(
      operation,
      {
        view: sessionScope(staff, 'view_attendance', 's'),
        mark: sessionScope(staff, 'mark_attendance', 's'),
        facultyId: principal.facultyId,
      },
      {
        conflictId: params.id,
        version: requireVersion(ifMatch),
        marks: body.marks.map(({ student, mark }) => ({ studentId: student, mark })),
        reason: body.reason,
        keyNamespace: operationId(idempotencyKey),
      },
    );
    const conflict = await readDetail(operation.em, principal, params.id);
    return {
      status: 200,
      headers: { ETag: `"${conflict.version}"` },
      body: { conflict, results: results.map(presentResult) },
    };
  },
});

/** Students see their records, not what staff have still to judge. */
function scopesOf(principal: Principal): ConflictScopes {
  const staff = withoutRole(principal, 'student');
  return {
    view: sessionScope(staff, 'view_attendance', 's'),
    mark: sessionScope(staff, 'mark_attendance', 's'),
  };
}

async function readDetail(em: Em, principal: Principal, id: Id) {
  const row = await findConflict(em, scopesOf(principal), id);
  if (!row) {
    throw appError('not_found', 'There is no such conflict, or it is not in one of your classes.');
  }
  return presentConflictDetail(row, await claimsOfConflict(em, id));
}
