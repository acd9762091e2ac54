/** The routes that leave applications and correction requests share: list, detail, decide, withdraw. */
import type { z } from 'zod';
import type { Permission } from '../../auth/policies.ts';
import type { Found } from '../../db/queries/academics.ts';
import type { CaseListRow, CaseQuestion } from '../../db/queries/requests.ts';
import type { Em } from '../../db/orm.ts';
import { appError, type ErrorCode } from '../../domain/errors.ts';
import type { CaseKind, Id } from '../../domain/types.ts';
import { withIdempotency } from '../../operations/idempotency.ts';
import type { Operation, WorkflowGateway } from '../../operations/ports.ts';
import { readCaseTexts, type CaseTexts } from '../../operations/requests/read-case-texts.ts';
import { sendDecision, sendWithdrawal } from '../../operations/requests/send-to-case.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import { idParams, noBody } from '../fields.ts';
import { listBody, listOf } from '../paging.ts';
import {
  authorize,
  route,
  selfAccess,
  type Route,
  type RouteInput,
  type RouteReply,
} from '../route.ts';
import { startSoon } from '../start-soon.ts';
import { casesQuery, decisionBody } from './schema.ts';

/** What these routes need of the composition root. */
export interface CaseRouteDeps {
  readonly workflows: WorkflowGateway;
}

/** One kind of case as its routes see it. */
export interface CaseNoun<T extends CaseListRow> {
  readonly kind: CaseKind;
  readonly base: string;
  readonly tag: string;
  /** "leave application", as summaries name it. */
  readonly name: string;
  /** Who may decide at all; which cases, the decider condition says. */
  readonly decides: Permission;
  readonly list: (em: Em, question: CaseQuestion) => Promise<Found<T>>;
  readonly find: (em: Em, userId: Id, id: Id) => Promise<T | undefined>;
  readonly reply: z.ZodType;
  /** What a withdrawal meets beyond the case itself; nothing by default. */
  readonly withdrawalErrors?: readonly ErrorCode[];
  readonly present: (row: T, texts: CaseTexts) => object;
}

const DECISION_ERRORS: readonly ErrorCode[] = [
  'not_found',
  'own_request',
  'note_required',
  'already_decided',
  'workflow_unavailable',
];

/** List, detail, decide and withdraw of one kind of case. */
export function caseRoutes<T extends CaseListRow>(
  noun: CaseNoun<T>,
  deps: CaseRouteDeps,
  effectErrors: readonly ErrorCode[] = [],
): Route[] {
  return [list(noun), detail(noun), decide(noun, deps, effectErrors), withdraw(noun, deps)];
}

/** Any signed-in person may ask: the answer holds only what concerns them. */
function list<T extends CaseListRow>(noun: CaseNoun<T>): Route {
  return route({
    method: 'get',
    path: noun.base,
    summary: `List every ${noun.name} you filed, that concerns you or that you may decide`,
    tag: noun.tag,
    access: selfAccess,
    query: casesQuery,
    replies: { 200: listOf(noun.reply) },
    errors: [],
    handler: async ({ query, principal, operation, request }) => {
      const found = await noun.list(operation.em, {
        userId: principal.userId,
        filters: {
          status: query.status,
          student: query.student,
          waitingForMe: query.waiting_for_me === 'true',
          filedByMe: query.filed_by_me === 'true',
        },
        page: { page: query.page, pageSize: query.page_size },
        ordering: query.ordering,
      });
      const results = await Promise.all(found.results.map((row) => present(noun, operation, row)));
      return {
        status: 200,
        body: listBody(request.originalUrl, query, { count: found.count, results }),
      };
    },
  });
}

function detail<T extends CaseListRow>(noun: CaseNoun<T>): Route {
  return route({
    method: 'get',
    path: `${noun.base}/:id`,
    summary: `Read one ${noun.name}`,
    tag: noun.tag,
    access: selfAccess,
    params: idParams,
    replies: { 200: noun.reply },
    errors: ['not_found'],
    handler: async ({ params, principal, operation }) => ({
      status: 200,
      body: await readCase(noun, operation, principal.userId, params.id),
    }),
  });
}

function decide<T extends CaseListRow>(
  noun: CaseNoun<T>,
  { workflows }: CaseRouteDeps,
  effectErrors: readonly ErrorCode[],
): Route {
  return route({
    method: 'patch',
    path: `${noun.base}/:id`,
    summary: `Approve or reject one ${noun.name}`,
    tag: noun.tag,
    access: authorize(noun.decides),
    params: idParams,
    body: decisionBody,
    replies: { 200: noun.reply },
    errors: [...DECISION_ERRORS, ...effectErrors],
    handler: async (input) => {
      const { params, body, principal, operation } = input;
      await requireVisible(noun, operation.em, principal.userId, params.id);
      await sendDecision(
        operation,
        workflows,
        { kind: noun.kind, id: params.id },
        { decisionId: messageId(noun, input, body.status), verdict: body.status, note: body.note },
      );
      return {
        status: 200,
        body: await readCase(noun, operation, principal.userId, params.id),
      };
    },
  });
}

function withdraw<T extends CaseListRow>(noun: CaseNoun<T>, { workflows }: CaseRouteDeps): Route {
  return route({
    method: 'post',
    path: `${noun.base}/:id/withdraw`,
    summary: `Withdraw one pending ${noun.name} of your own`,
    tag: noun.tag,
    access: authorize('file_requests'),
    params: idParams,
    body: noBody,
    replies: { 200: noun.reply },
    errors: [
      'not_found',
      'already_decided',
      'workflow_unavailable',
      ...(noun.withdrawalErrors ?? []),
    ],
    handler: async (input) => {
      const { params, principal, operation } = input;
      await requireVisible(noun, operation.em, principal.userId, params.id);
      const ref = { kind: noun.kind, id: params.id };
      await sendWithdrawal(operation, workflows, ref, messageId(noun, input, 'withdraw'));
      return {
        status: 200,
        body: await readCase(noun, operation, principal.userId, params.id),
      };
    },
  });
}

/** What a filing handler needs of its input. */
type FilingInput = Pick<
  RouteInput<unknown, unknown, unknown>,
  'principal' | 'operation' | 'idempotencyKey' | 'requestHash'
>;

/**
 * Files a case once per Idempotency-Key, starts its workflow and answers with it.
 * @param file  inserts the case in the transaction it is given, and gives its id
 */
export async function fileCase<T extends CaseListRow>(
  noun: CaseNoun<T>,
  { workflows }: CaseRouteDeps,
  { principal, operation, idempotencyKey, requestHash }: FilingInput,
  file: (em: Em) => Promise<Id>,
): Promise<RouteReply> {
  const once = {
    scope: `${principal.userId}:POST ${noun.base}`,
    key: idempotencyKey,
    requestHash,
  };
  const stored = await operation.em.transactional((em) =>
    withIdempotency(em, once, async () => ({ id: await file(em) })),
  );
  await startSoon(workflows.startCase(noun.kind, stored.value.id));
  return {
    status: 201,
    body: await readCase(noun, operation, principal.userId, stored.value.id),
    ...(stored.replayed ? { headers: { 'Idempotent-Replayed': 'true' } } : {}),
  };
}

/** The same request under the same key gives the same id, and so the same result. */
export function messageId<T extends CaseListRow>(
  { kind }: CaseNoun<T>,
  {
    principal,
    operation,
    params,
    idempotencyKey,
  }: Pick<
    RouteInput<{ id: Id }, unknown, unknown>,
    'principal' | 'operation' | 'params' | 'idempotencyKey'
  >,
  act: string,
): Id {
  return idempotencyKey === undefined
    ? operation.ids.next()
    : uuidV5(principal.userId, `${act}:${kind}:${params.id}:${idempotencyKey}`);
}

async function readCase<T extends CaseListRow>(
  noun: CaseNoun<T>,
  operation: Operation,
  userId: Id,
  id: Id,
): Promise<object> {
  const row = await requireVisible(noun, operation.em, userId, id);
  return present(noun, operation, row);
}

async function present<T extends CaseListRow>(
  noun: CaseNoun<T>,
  operation: Operation,
  row: T,
): Promise<object> {
  return noun.present(row, await readCaseTexts(operation, noun.kind, row));
}

async function requireVisible<T extends CaseListRow>(
  noun: CaseNoun<T>,
  em: Em,
  userId: Id,
  id: Id,
): Promise<T> {
  const row = await noun.find(em, userId, id);
  if (row) return row;
  throw appError('not_found', `There is no such ${noun.name}, or it does not concern you.`);
}
