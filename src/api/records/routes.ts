/** Routes of attendance records: mark one student, mark a class, list. No Temporal on this path. */
import { recordScope } from '../../auth/scope.ts';
import { listRecords } from '../../db/queries/records.ts';
import { refusalError } from '../../domain/attendance/results.ts';
import { appError, type ErrorCode } from '../../domain/errors.ts';
import { bulkItemId, markRecords } from '../../operations/records/mark-records.ts';
import { listBody, listOf } from '../paging.ts';
import { operationId } from '../preconditions.ts';
import { authorize, route, type Route } from '../route.ts';
import { recordDetailRoutes } from './detail-routes.ts';
import { markScope } from './mark-scope.ts';
import { countByStatus, presentListedRecord, presentResult } from './presenter.ts';
import {
  bulkMarkBody,
  bulkReply,
  listedRecordReply,
  markBody,
  recordsQuery,
  resultReply,
} from './schema.ts';

const BASE = '/api/v1/attendance/records';
const TAG = 'Records';
const BULK_BYTES_MAX = 256 * 1024;

const REFUSALS: readonly ErrorCode[] = [
  'not_found',
  'not_staff',
  'not_on_roster',
  'session_not_open',
  'session_closed',
  'session_locked',
  'session_cancelled',
  'mark_not_allowed',
  'reason_required',
  'op_id_reused',
  'source_not_evidence',
  'idempotency_key_required',
  'try_again',
];

/** The record routes. */
export function recordRoutes(): Route[] {
  return [list, markOne, markBulk, ...recordDetailRoutes()];
}

const list = route({
  method: 'get',
  path: BASE,
  summary: 'List the attendance records you may see',
  tag: TAG,
  access: authorize('view_attendance'),
  query: recordsQuery,
  replies: { 200: listOf(listedRecordReply) },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const found = await listRecords(
      operation.em,
      recordScope(principal, 'view_attendance', 's', 'st'),
      {
        session: query.session,
        student: query.student,
        courseSection: query.course_section,
        mark: query.mark,
        source: query.source,
        syncStatus: query.sync_status,
        needsReview: query.needs_review === undefined ? undefined : query.needs_review === 'true',
        dateFrom: query.date_from,
        dateTo: query.date_to,
      },
      { page: query.page, pageSize: query.page_size },
      query.ordering,
    );
    const results = found.results.map(presentListedRecord);
    return { status: 200, body: listBody(request.originalUrl, query, { ...found, results }) };
  },
});

const markOne = route({
  method: 'post',
  path: BASE,
  summary: 'Mark one student',
  tag: TAG,
  access: authorize('mark_attendance'),
  idempotency: 'required',
  body: markBody,
  replies: { 200: resultReply, 201: resultReply },
  errors: REFUSALS,
  handler: async ({ body, principal, operation, idempotencyKey }) => {
    refuseOfflineSource(body.source);
    const [result] = await markRecords(operation, markScope(principal), {
      sessionId: body.session,
      items: [
        {
          opId: operationId(idempotencyKey),
          studentId: body.student,
          mark: body.mark,
          notes: body.notes,
          reason: body.reason,
          baseOpId: body.base_op_id,
          acks: body.acks,
          fallback: body.fallback,
        },
      ],
      rest: undefined,
      keyNamespace: operationId(idempotencyKey),
    });
    if (!result) throw new Error('a mark gave no result');
    if (result.status === 'rejected' && result.code) {
      throw refusalError({ ...result, code: result.code });
    }
    return { status: result.isFirst ? 201 : 200, body: presentResult(result) };
  },
});

const markBulk = route({
  method: 'post',
  path: `${BASE}/bulk-mark`,
  summary: 'Mark a class: each item gets its own result',
  tag: TAG,
  access: authorize('mark_attendance'),
  idempotency: 'required',
  body: bulkMarkBody,
  bodyLimit: BULK_BYTES_MAX,
  replies: { 200: bulkReply },
  errors: REFUSALS,
  handler: async ({ body, principal, operation, idempotencyKey }) => {
    const keyNamespace = operationId(idempotencyKey);
    const results = await markRecords(operation, markScope(principal), {
      sessionId: body.session,
      items: body.records.map((item) => ({
        opId: item.op_id ?? bulkItemId(keyNamespace, body.session, item.student),
        studentId: item.student,
        mark: item.mark,
        notes: item.notes,
        reason: item.reason,
        baseOpId: item.base_op_id,
        acks: item.acks,
        fallback: item.fallback,
      })),
      rest: body.default,
      keyNamespace,
    });
    return {
      status: 200,
      body: { results: results.map(presentResult), counts: countByStatus(results) },
    };
  },
});

function refuseOfflineSource(source: string): void {
  if (source !== 'offline') return;
  throw appError(
    'source_not_evidence',
    'Offline is how a mark travelled, not where it came from; send "manual".',
  );
}
