/** Routes of one record: read it, read everything behind it, change it. */
import type { Principal } from '../../auth/principal.ts';
import { recordScope, sessionScope } from '../../auth/scope.ts';
import {
  findRecordReading,
  listRecordConflicts,
  listRecordOperations,
  type RecordReading,
} from '../../db/queries/record-history.ts';
import { findRecord, type RecordListRow } from '../../db/queries/records.ts';
import { explainOperations } from '../../domain/attendance/explain.ts';
import { appError, type AppError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../../operations/ports.ts';
import { editRecord } from '../../operations/records/edit-record.ts';
import { readRecordTexts } from '../../operations/records/read-record-texts.ts';
import { idParams } from '../fields.ts';
import { operationId, requireVersion } from '../preconditions.ts';
import { authorize, route, type Route } from '../route.ts';
import { presentHistory, presentRecordDetail } from './history-presenter.ts';
import { markScope } from './mark-scope.ts';
import { presentListedRecord, presentResult } from './presenter.ts';
import { editBody, historyReply, recordDetailReply, resultReply } from './schema.ts';

const PATH = '/api/v1/attendance/records/:id';
const TAG = 'Records';

/** The routes of one record. */
export function recordDetailRoutes(): Route[] {
  return [detail, history, edit];
}

const detail = route({
  method: 'get',
  path: PATH,
  summary: 'Read one attendance record',
  tag: TAG,
  access: authorize('view_attendance'),
  params: idParams,
  replies: { 200: recordDetailReply },
  errors: ['not_found'],
  handler: async ({ params, principal, operation }) => {
    const { record, reading } = await readVisible(operation, principal, params.id);
    const operations = await operationsOf(operation, reading);
    const winner = operations.filter((op) => op.opId === record.winnerOpId);
    const texts = await readRecordTexts(operation, params.id, reading, winner);
    return {
      status: 200,
      body: presentRecordDetail(record, winner, texts),
      headers: { ETag: etagOf(record.version) },
    };
  },
});

const history = route({
  method: 'get',
  path: `${PATH}/history`,
  summary: 'Read every claim behind a record and why each won or lost',
  tag: TAG,
  access: authorize('view_attendance'),
  params: idParams,
  replies: { 200: historyReply },
  errors: ['not_found'],
  handler: async ({ params, principal, operation }) => {
    const { record, reading } = await readVisible(operation, principal, params.id);
    const operations = await operationsOf(operation, reading);
    const { sessionId, studentId, winnerOpId, policy } = reading;
    const conflicts = await listRecordConflicts(operation.em, sessionId, studentId);
    const sharedKeys = new Set(
      conflicts.flatMap(({ kind, state, deviceKeyId }) =>
        kind === 'shared_device' && state !== 'void' && deviceKeyId !== null ? [deviceKeyId] : [],
      ),
    );
    const explanations = explainOperations({ winnerOpId, policy, sharedKeys }, operations);
    const texts = await readRecordTexts(operation, params.id, reading, operations);
    const viewerId = principal.userId;
    return {
      status: 200,
      body: presentHistory({
        record,
        reading,
        operations,
        explanations,
        conflicts,
        texts,
        viewerId,
      }),
      headers: { ETag: etagOf(record.version) },
    };
  },
});

const edit = route({
  method: 'patch',
  path: PATH,
  summary: 'Change a record as you have read it',
  tag: TAG,
  access: authorize('mark_attendance'),
  idempotency: 'required',
  ifMatch: 'required',
  params: idParams,
  body: editBody,
  replies: { 200: resultReply },
  errors: [
    'not_found',
    'not_staff',
    'not_on_roster',
    'session_not_open',
    'session_closed',
    'session_locked',
    'session_cancelled',
    'stale',
    'precondition_required',
    'mark_not_allowed',
    'reason_required',
    'op_id_reused',
    'try_again',
  ],
  handler: async ({ params, body, principal, operation, idempotencyKey, ifMatch }) => {
    const record = recordScope(principal, 'view_attendance', 's', 'st');
    const edited = await editRecord(
      operation,
      { ...markScope(principal), record },
      {
        recordId: params.id,
        version: requireVersion(ifMatch),
        opId: operationId(idempotencyKey),
        mark: body.mark,
        notes: body.notes,
        reason: body.reason,
        fallback: body.fallback,
      },
    );
    if (!edited) throw await staleRecord(operation, principal, params.id);
    return {
      status: 200,
      body: presentResult(edited.result),
      headers: { ETag: etagOf(edited.version) },
    };
  },
});

const etagOf = (version: number): string => `"${version}"`;

interface VisibleRecord {
  readonly record: RecordListRow;
  readonly reading: RecordReading;
}

async function readVisible(
  { em }: Operation,
  principal: Principal,
  id: Id,
): Promise<VisibleRecord> {
  const record = await findRecord(em, recordScope(principal, 'view_attendance', 's', 'st'), id);
  const reading = record && (await findRecordReading(em, staffScope(principal), id));
  if (record && reading) return { record, reading };
  throw appError('not_found', 'There is no such record, or it is not one of yours.');
}

/** Whose words a person reads without being their author: as teacher, or as head of department. */
function staffScope(principal: Principal) {
  const roles = principal.roles.filter(({ role }) => role === 'faculty' || role === 'hod');
  return sessionScope({ ...principal, roles }, 'view_attendance', 's');
}

function operationsOf({ em }: Operation, { sessionId, studentId }: RecordReading) {
  return listRecordOperations(em, sessionId, studentId);
}

/** 412 with the record as it is now, so that a person can look and decide again. */
async function staleRecord(operation: Operation, principal: Principal, id: Id): Promise<AppError> {
  const { record } = await readVisible(operation, principal, id);
  return appError('stale', 'The record changed since you read it; look at it again.', {
    meta: { current: presentListedRecord(record), current_version: record.version },
  });
}
