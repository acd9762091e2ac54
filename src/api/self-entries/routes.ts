/** Routes of students' own entries: enter oneself, list, detail, decide one or many, withdraw. */
import type { Principal } from '../../auth/principal.ts';
import { sessionScope } from '../../auth/scope.ts';
import {
  findSelfEntry,
  listSelfEntries,
  type SelfEntryListRow,
} from '../../db/queries/self-entries.ts';
import { refusalError } from '../../domain/attendance/results.ts';
import { appError, type ErrorCode } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import { decideSelfEntries } from '../../operations/requests/decide-self-entries.ts';
import { fileSelfEntry, type FiledSelfEntry } from '../../operations/requests/file-self-entry.ts';
import { caseRoutes, messageId, type CaseNoun, type CaseRouteDeps } from '../cases/routes.ts';
import { operationId } from '../preconditions.ts';
import { presentResult } from '../records/presenter.ts';
import { authorize, route, type Route } from '../route.ts';
import { startSoon } from '../start-soon.ts';
import { presentBulkDecision, presentSelfEntry } from './presenter.ts';
import {
  bulkDecisionBody,
  bulkDecisionReply,
  filedReply,
  selfEntryBody,
  selfEntryReply,
} from './schema.ts';

const TAG = 'Self-entries';

/** What taking the claim back meets in the register; an approval may meet more. */
const WITHDRAWAL_ERRORS: readonly ErrorCode[] = ['session_locked', 'session_cancelled'];
const DECISION_ERRORS: readonly ErrorCode[] = [...WITHDRAWAL_ERRORS, 'not_on_roster'];

const SELF_ENTRY: CaseNoun<SelfEntryListRow> = {
  kind: 'self_entry',
  base: '/api/v1/attendance/self-entries',
  tag: TAG,
  name: 'self-entry',
  decides: 'approve_self_entry',
  list: listSelfEntries,
  find: findSelfEntry,
  reply: selfEntryReply,
  present: presentSelfEntry,
  withdrawalErrors: WITHDRAWAL_ERRORS,
};

/** The self-entry routes. */
export function selfEntryRoutes(deps: CaseRouteDeps): Route[] {
  return [enter(deps), bulkDecide(deps), ...caseRoutes(SELF_ENTRY, deps, DECISION_ERRORS)];
}

function enter({ workflows }: CaseRouteDeps): Route {
  return route({
    method: 'post',
    path: SELF_ENTRY.base,
    summary: 'Enter yourself as present; your teacher decides',
    tag: TAG,
    access: authorize('mark_attendance'),
    idempotency: 'required',
    body: selfEntryBody,
    replies: { 202: filedReply },
    errors: [
      'idempotency_key_required',
      'student_not_accepted',
      'not_found',
      'not_on_roster',
      'self_entry_disabled',
      'session_not_open',
      'session_closed',
      'session_locked',
      'session_cancelled',
      'self_entry_window_closed',
      'duplicate_request',
      'op_id_reused',
      'try_again',
    ],
    handler: async ({ body, principal, operation, idempotencyKey }) => {
      const view = sessionScope(principal, 'view_attendance', 's');
      const filed = await fileSelfEntry(operation, view, {
        opId: operationId(idempotencyKey),
        sessionId: body.session,
        studentId: studentOf(principal),
        notes: body.notes,
      });
      const entry = requireFiled(filed);
      if (!filed.isRepeat) await startSoon(workflows.startCase('self_entry', entry));
      return {
        status: 202,
        body: { ...presentResult(filed.result), entry },
        ...(filed.isRepeat ? { headers: { 'Idempotent-Replayed': 'true' } } : {}),
      };
    },
  });
}

function bulkDecide({ workflows }: CaseRouteDeps): Route {
  return route({
    method: 'post',
    path: `${SELF_ENTRY.base}/bulk-decide`,
    summary: 'Approve or refuse many self-entries: each gets its own result',
    tag: TAG,
    access: authorize('approve_self_entry'),
    body: bulkDecisionBody,
    replies: { 200: bulkDecisionReply },
    errors: ['note_required'],
    handler: async ({ body, principal, operation, idempotencyKey }) => {
      const decisions = await decideSelfEntries(operation, workflows, {
        ids: body.ids,
        verdict: body.verdict,
        note: body.note,
        decisionIdOf: (id) =>
          messageId(
            SELF_ENTRY,
            { principal, operation, params: { id }, idempotencyKey },
            body.verdict,
          ),
      });
      return { status: 200, body: presentBulkDecision(decisions) };
    },
  });
}

/** A student who acts is always the signed-in one (marks.md R1). */
function studentOf({ studentId }: Principal): Id {
  if (studentId !== null) return studentId;
  throw appError('student_not_accepted', 'Only students enter themselves; mark the class instead.');
}

/** The entry's id, or the refusal of its claim as an error. */
function requireFiled({ result, entryId }: FiledSelfEntry): Id {
  if (entryId !== null) return entryId;
  if (result.code === null) throw new Error('a refused claim without its code');
  throw refusalError({ ...result, code: result.code });
}
