/** Routes of class sessions: list, detail, create, the lifecycle edges, roll and live events. */
import type { z } from 'zod';
import type { Principal } from '../../auth/principal.ts';
import { holds, recordScope, sectionScope, sessionScope, withoutRole } from '../../auth/scope.ts';
import { listLiveEvents } from '../../db/queries/live-sessions.ts';
import { readRoll } from '../../db/queries/records.ts';
import { findSession, listSessions, type SessionScopes } from '../../db/queries/sessions.ts';
import { firstRow, type Em } from '../../db/orm.ts';
import { appError, type ErrorCode } from '../../domain/errors.ts';
import type { Id, SessionEdge } from '../../domain/types.ts';
import { bindKey, withIdempotency } from '../../operations/idempotency.ts';
import type { Operation, WorkflowGateway } from '../../operations/ports.ts';
import { createSession } from '../../operations/sessions/create-session.ts';
import { sendTransition } from '../../operations/sessions/send-transition.ts';
import { findSessionRow } from '../../operations/sessions/session-row.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import { idParams } from '../fields.ts';
import { listBody, listOf } from '../paging.ts';
import { withoutDoubts } from '../../realtime/plan-delivery.ts';
import { authorize, route, type Route, type RouteInput } from '../route.ts';
import { startSoon } from '../start-soon.ts';
import { presentRecord, presentSession, presentWaitingClaim } from './presenter.ts';
import {
  createSessionBody,
  eventsQuery,
  eventsReply,
  reasonedBody,
  rescheduleBody,
  rosterReply,
  sessionReply,
  sessionsQuery,
  transitionBody,
} from './schema.ts';

const BASE = '/api/v1/attendance/sessions';
const TAG = 'Sessions';

/** What these routes need of the composition root. */
export interface SessionRouteDeps {
  readonly workflows: WorkflowGateway;
}

/** The session routes. */
export function sessionRoutes(deps: SessionRouteDeps): Route[] {
  return [list, detail, create(deps), roster, events, ...lifecycle(deps)];
}

/** The asker's scopes over sessions, in the form the session reads take. */
function scopesOf(principal: Principal): SessionScopes {
  return {
    view: sessionScope(principal, 'view_attendance', 's'),
    student: recordScope(principal, 'view_attendance', 's', 'st'),
    run: sessionScope(runner(principal), 'manage_sessions', 's'),
    lock: sessionScope(principal, 'manage_sessions', 's'),
    mark: sessionScope(withoutRole(principal, 'student'), 'mark_attendance', 's'),
  };
}

/** The exam cell's part of `manage_sessions` is the lock alone (trust.md section 3). */
const runner = (principal: Principal): Principal => withoutRole(principal, 'exam_cell');

const list = route({
  method: 'get',
  path: BASE,
  summary: 'List the class sessions you may see',
  tag: TAG,
  access: authorize('view_attendance'),
  query: sessionsQuery,
  replies: { 200: listOf(sessionReply) },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const found = await listSessions(
      operation.em,
      scopesOf(principal),
      {
        courseSection: query.course_section,
        faculty: query.faculty,
        student: query.student,
        status: query.status,
        room: query.room,
        dateFrom: query.date_from,
        dateTo: query.date_to,
      },
      { page: query.page, pageSize: query.page_size },
      query.ordering,
    );
    const nowMs = operation.clock.now().getTime();
    const results = found.results.map((row) => presentSession(row, nowMs));
    return { status: 200, body: listBody(request.originalUrl, query, { ...found, results }) };
  },
});

const detail = route({
  method: 'get',
  path: `${BASE}/:id`,
  summary: 'Read one class session',
  tag: TAG,
  access: authorize('view_attendance'),
  params: idParams,
  replies: { 200: sessionReply },
  errors: ['not_found'],
  handler: async ({ params, principal, operation }) => ({
    status: 200,
    body: await readSession(operation, principal, params.id),
  }),
});

async function readSession(
  operation: Operation,
  principal: Principal,
  id: Id,
): Promise<ReturnType<typeof presentSession>> {
  const row = await findSession(operation.em, scopesOf(principal), id);
  if (!row) throw sessionNotFound();
  return presentSession(row, operation.clock.now().getTime());
}

function sessionNotFound() {
  return appError('not_found', 'There is no such session, or it is not one of yours.');
}

function create({ workflows }: SessionRouteDeps): Route {
  return route({
    method: 'post',
    path: BASE,
    summary: 'Create a class session and start its workflow',
    tag: TAG,
    access: authorize('manage_sessions'),
    body: createSessionBody,
    replies: { 201: sessionReply },
    errors: [
      'not_found',
      'not_staff',
      'window_inverted',
      'window_in_past',
      'duplicate_session',
      'idempotency_key_reused',
      'in_progress',
    ],
    handler: async (input) => {
      const { principal, operation } = input;
      if (!holds(runner(principal), 'manage_sessions')) throw notStaff();
      const stored = await operation.em.transactional((em) =>
        withIdempotency(em, idempotencyOf(input), async () => ({
          id: await createSession(operation, em, createScope(principal), newSession(input.body)),
        })),
      );
      await startSoon(workflows.startSession(stored.value.id));
      return {
        status: 201,
        body: await readSession(operation, principal, stored.value.id),
        ...(stored.replayed ? { headers: { 'Idempotent-Replayed': 'true' } } : {}),
      };
    },
  });
}

function idempotencyOf(
  input: Pick<
    RouteInput<unknown, unknown, unknown>,
    'principal' | 'idempotencyKey' | 'requestHash'
  >,
) {
  return {
    scope: `${input.principal.userId}:POST ${BASE}`,
    key: input.idempotencyKey,
    requestHash: input.requestHash,
  };
}

function createScope(principal: Principal) {
  return {
    sections: sectionScope(runner(principal), 'manage_sessions', 'cs'),
    sessions: sessionScope(runner(principal), 'manage_sessions', 's'),
    facultyId: principal.facultyId,
  };
}

function newSession(body: z.output<typeof createSessionBody>) {
  return {
    courseSectionId: body.course_section,
    facultyId: body.faculty,
    scheduledDate: body.scheduled_date,
    startAt: body.start_datetime,
    endAt: body.end_datetime,
    roomCode: body.room,
    notes: body.notes,
    component: body.component,
    units: body.units,
    kind: body.kind,
    autoOpen: body.auto_open,
    biometricEnabled: body.biometric_enabled,
  };
}

const roster = route({
  method: 'get',
  path: `${BASE}/:id/roster`,
  summary: 'Read the roll of a session; a student gets the own row',
  tag: TAG,
  access: authorize('view_attendance'),
  params: idParams,
  replies: { 200: rosterReply },
  errors: ['not_found'],
  handler: async ({ params, principal, operation }) => {
    await requireVisible(operation.em, principal, params.id);
    const scope = recordScope(principal, 'view_attendance', 's', 'st');
    const roll = await readRoll(operation.em, scope, params.id);
    return {
      status: 200,
      body: {
        session: params.id,
        seq: roll.seq,
        students: roll.students.map((row) => ({
          student: {
            id: row.studentId,
            roll_number: row.rollNumber,
            first_name: row.firstName,
            last_name: row.lastName,
          },
          record: row.record && presentRecord(row.record),
          waiting: row.waiting.map(presentWaitingClaim),
        })),
      },
    };
  },
});

async function requireVisible(em: Em, principal: Principal, sessionId: Id): Promise<void> {
  const scope = sessionScope(principal, 'view_attendance', 's');
  const found = await firstRow<{ id: Id }>(
    em,
    `select s.id from attendance_session s where s.id = ?::uuid and (${scope.sql})`,
    [sessionId, ...scope.parameters],
  );
  if (!found) throw sessionNotFound();
}

const events = route({
  method: 'get',
  path: `${BASE}/:id/events`,
  summary: 'Read the live events of a session after a number, to close a gap',
  tag: TAG,
  access: authorize('view_attendance'),
  params: idParams,
  query: eventsQuery,
  replies: { 200: eventsReply },
  errors: ['not_found'],
  handler: async ({ params, query, principal, operation }) => {
    await requireVisible(operation.em, principal, params.id);
    const found = await listLiveEvents(operation.em, params.id, query.after, query.limit);
    const scope = recordScope(principal, 'view_attendance', 's', 'st');
    const roll = await readRoll(operation.em, scope, params.id);
    const visible = new Set(roll.students.map((row) => row.studentId));
    const isStaff = principal.studentId === null;
    return {
      status: 200,
      body: {
        seq: found.seq,
        events: found.events.map((event) => {
          if (isHidden(event.payload, visible, isStaff)) return { ...event, payload: {} };
          return isStaff ? event : { ...event, payload: withoutDoubts(event.payload) };
        }),
      },
    };
  },
});

/** A student's screen learns that something happened, not to whom (trust.md section 5). */
function isHidden(
  payload: Record<string, unknown>,
  visible: ReadonlySet<Id>,
  isStaff: boolean,
): boolean {
  const student = payload['student'];
  if (student === null) return !isStaff;
  return typeof student === 'string' && !visible.has(student);
}

const EDGE_ERRORS: readonly ErrorCode[] = [
  'not_found',
  'not_staff',
  'state_conflict',
  'idempotency_key_reused',
  'workflow_unavailable',
];

interface Edge {
  readonly segment: 'open' | 'close' | 'lock' | 'cancel' | 'restore';
  readonly summary: string;
  readonly body: typeof transitionBody | typeof reasonedBody;
}

const EDGES: readonly Edge[] = [
  { segment: 'open', summary: 'Open a session, or reopen a closed one', body: transitionBody },
  { segment: 'close', summary: 'Close a session and write the absents', body: transitionBody },
  { segment: 'lock', summary: 'Lock a closed session', body: transitionBody },
  { segment: 'cancel', summary: 'Cancel a session', body: reasonedBody },
  { segment: 'restore', summary: 'Restore a cancelled session', body: reasonedBody },
];

function lifecycle(deps: SessionRouteDeps): Route[] {
  const simple = EDGES.map(({ segment, summary, body }) =>
    route({
      method: 'post',
      path: `${BASE}/:id/${segment}`,
      summary,
      tag: TAG,
      access: authorize('manage_sessions'),
      params: idParams,
      body,
      replies: { 200: sessionReply },
      errors: EDGE_ERRORS,
      handler: async (input) => {
        await requireManaged(input.operation.em, input.principal, input.params.id, segment);
        return transition(deps, input, segment, { reason: input.body?.reason });
      },
    }),
  );
  return [...simple, reschedule(deps)];
}

function reschedule(deps: SessionRouteDeps): Route {
  return route({
    method: 'post',
    path: `${BASE}/:id/reschedule`,
    summary: 'Move a scheduled session to another time or room',
    tag: TAG,
    access: authorize('manage_sessions'),
    params: idParams,
    body: rescheduleBody,
    replies: { 200: sessionReply },
    errors: [
      ...EDGE_ERRORS,
      'window_inverted',
      'window_in_past',
      'duplicate_session',
      'validation_failed',
    ],
    handler: async (input) => {
      const { body, params, operation, principal } = input;
      await requireManaged(operation.em, principal, params.id, 'reschedule');
      return transition(deps, input, 'reschedule', {
        reason: body.reason,
        startAt: body.start_datetime,
        endAt: body.end_datetime,
        ...(body.room === undefined
          ? {}
          : { roomId: await findRoomId(operation.em, params.id, body.room) }),
      });
    },
  });
}

async function findRoomId(em: Em, sessionId: Id, code: string): Promise<Id> {
  const room = await firstRow<{ id: Id }>(
    em,
    `select r.id from room r join attendance_session s on s.campus_id = r.campus_id
     where s.id = ?::uuid and r.code = ?`,
    [sessionId, code],
  );
  if (room) return room.id;
  const detail = 'Give the code of a room of this campus.';
  throw appError('validation_failed', detail, {
    errors: [{ path: 'room', code: 'unknown_room', detail }],
  });
}

interface EdgeDetails {
  readonly reason?: string | undefined;
  readonly startAt?: string;
  readonly endAt?: string;
  readonly roomId?: Id;
}

/**
 * Runs one edge through the session's workflow, the only writer of its life, and answers with the
 * row after it took effect. The caller has checked that the person may.
 */
async function transition(
  { workflows }: SessionRouteDeps,
  input: RouteInput<{ id: Id }, unknown, unknown>,
  segment: Exclude<SessionEdge, 'reopen'>,
  { reason, ...details }: EdgeDetails,
) {
  const { principal, operation, params, idempotencyKey } = input;
  await bindKey(operation.em, {
    scope: `${principal.userId}:POST ${BASE}/${params.id}/${segment}`,
    key: idempotencyKey,
    requestHash: input.requestHash,
  });
  const current = await findSessionRow(operation.em, params.id);
  const edge = segment === 'open' && current?.status === 'closed' ? 'reopen' : segment;
  const commandId = idempotencyKey
    ? uuidV5(principal.userId, `${segment}:${params.id}:${idempotencyKey}`)
    : operation.ids.next();
  await sendTransition(operation, workflows, params.id, {
    commandId,
    edge,
    actorId: principal.userId,
    reason,
    ...details,
  });
  return { status: 200, body: await readSession(operation, principal, params.id) };
}

async function requireManaged(
  em: Em,
  principal: Principal,
  sessionId: Id,
  edge: SessionEdge,
): Promise<void> {
  await requireVisible(em, principal, sessionId);
  const { run, lock } = scopesOf(principal);
  const scope = edge === 'lock' ? lock : run;
  const found = await firstRow<{ id: Id }>(
    em,
    `select s.id from attendance_session s where s.id = ?::uuid and (${scope.sql})`,
    [sessionId, ...scope.parameters],
  );
  if (!found) throw notStaff();
}

function notStaff() {
  return appError('not_staff', 'Only the staff of this class may do this.');
}
