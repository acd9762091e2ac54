/**
 * Takes one edge of a session's life in one transaction: the conditional change of the row, the
 * side effects of the edge, the audit and live events (temporal.md section 6, marks.md section 7).
 */
import { auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { edgeRefusal, EDGE_TARGET } from '../../domain/session/transitions.ts';
import { windowProblem } from '../../domain/session/window.ts';
import type {
  SessionView,
  TransitionCommand,
  TransitionResult,
} from '../../domain/session/view.ts';
import { appError, type ErrorCode } from '../../domain/errors.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Actor, Operation } from '../ports.ts';
import { cancelRunningRecheck } from '../presence/recheck-session.ts';
import { appendMarks } from '../records/apply-operations.ts';
import { isTaken, settleRoster, type TakenEffect } from '../records/become-taken.ts';
import { rosterOf } from '../records/roster.ts';
import { applyLeavesToSession } from '../requests/apply-leaves-to-session.ts';
import { nudgeSelfEntries } from '../requests/nudge-self-entries.ts';
import { appendSessionChange } from './append-session-change.ts';
import { findOverlap, sectionsOf } from './find-overlap.ts';
import { endUnlocks } from '../requests/unlock-state.ts';
import { loadSessionView } from './load-session-view.ts';
import { moveSession, withdrawLeaves } from './move-session.ts';
import { registerDigest } from './register-digest.ts';
import { mayRunSession } from './session-authority.ts';
import { lockSessionForUpdate, readClock, type SessionRow } from './session-row.ts';

/** What a transition needs: the session, the epoch the command was planned for, the command. */
export interface TransitionRequest {
  readonly sessionId: Id;
  readonly epoch: number;
  readonly command: TransitionCommand;
}

interface Refused {
  readonly code: ErrorCode;
  readonly detail: string;
}

/**
 * Applies a command to a session's row. A repeat of a person's command returns the stored result;
 * a repeat of a timer's finds the row already there and changes nothing.
 * @returns the row after the command, and the refusal if it had no effect
 * @throws AppError `not_found`
 */
export async function applyTransition(
  operation: Operation,
  { sessionId, epoch, command }: TransitionRequest,
): Promise<TransitionResult> {
  return operation.em.transactional(async (em) => {
    const session = await lockSessionForUpdate(em, sessionId);
    const stored = await storedResult(em, sessionId, command);
    if (stored) return stored;
    const nowMs = await readClock(em);
    const refused = await refuse(em, session, epoch, command, nowMs);
    if (!refused)
      await takeEdge(commandOperation(operation, command, em), em, session, command, nowMs);
    const view = await viewOf(em, sessionId);
    const result: TransitionResult = {
      view,
      refused: isRepeatedTimer(session, command) ? null : refused,
    };
    if (!refused) await storeResult(em, sessionId, command, result);
    return result;
  });
}

async function viewOf(em: Em, sessionId: Id): Promise<SessionView> {
  const view = await loadSessionView(em, sessionId);
  if (!view) throw appError('not_found', 'There is no such session.');
  return view;
}

/** A timer that finds its edge taken already has nothing to report. */
function isRepeatedTimer(session: SessionRow, command: TransitionCommand): boolean {
  return command.by === 'timer' && session.status === EDGE_TARGET[command.edge];
}

function commandOperation(operation: Operation, command: TransitionCommand, em: Em): Operation {
  const actor: Actor = {
    ...operation.actor,
    userId: command.actorId,
    role: command.by === 'timer' ? 'system' : 'staff',
    channel: command.channel,
    requestId: command.requestId ?? null,
  };
  return { ...operation, em, actor };
}

const storedKey = (sessionId: Id, command: TransitionCommand): string =>
  `session/${sessionId}:command:${command.id}`;

async function storedResult(
  em: Em,
  sessionId: Id,
  command: TransitionCommand,
): Promise<TransitionResult | undefined> {
  if (command.by === 'timer') return undefined;
  const row = await firstRow<{ response: TransitionResult }>(
    em,
    "select response from idempotency_key where scope = 'activity' and key = ?",
    [storedKey(sessionId, command)],
  );
  return row?.response;
}

async function storeResult(
  em: Em,
  sessionId: Id,
  command: TransitionCommand,
  result: TransitionResult,
): Promise<void> {
  if (command.by === 'timer') return;
  await rows(
    em,
    `insert into idempotency_key (scope, key, body_hash, response) values ('activity', ?, '', ?::jsonb)`,
    [storedKey(sessionId, command), JSON.stringify(result)],
  );
}

async function refuse(
  em: Em,
  session: SessionRow,
  epoch: number,
  command: TransitionCommand,
  nowMs: number,
): Promise<Refused | null> {
  if (session.epoch !== epoch) {
    return { code: 'state_conflict', detail: 'The session moved meanwhile; read it again.' };
  }
  const reason = edgeRefusal(session, command.edge, command.by, nowMs);
  if (reason) return { code: 'state_conflict', detail: reason };
  if (command.by === 'person') {
    const actorId = command.actorId;
    const allowed =
      actorId !== null && (await mayRunSession(em, actorId, session.id, command.edge));
    if (!allowed) return { code: 'not_staff', detail: 'Only the staff of this class may do this.' };
  }
  if (command.edge === 'reschedule') return moveRefusal(em, session, command, nowMs);
  if (command.edge === 'restore') return overlapRefusal(em, session, session);
  return null;
}

async function moveRefusal(
  em: Em,
  session: SessionRow,
  { startAt, endAt }: TransitionCommand,
  nowMs: number,
): Promise<Refused | null> {
  if (!startAt || !endAt) {
    return { code: 'window_inverted', detail: 'Give a start and an end after it.' };
  }
  const problem = windowProblem(startAt, endAt, nowMs);
  if (problem) {
    const isInverted = problem.code === 'window_inverted';
    return { code: isInverted ? problem.code : 'validation_failed', detail: problem.detail };
  }
  if (Date.parse(startAt) <= nowMs) {
    return { code: 'window_in_past', detail: 'A class can only move to a start in the future.' };
  }
  return overlapRefusal(em, session, { startAt, endAt });
}

/** A class cannot come to lie on another of the same section. */
async function overlapRefusal(
  em: Em,
  session: SessionRow,
  { startAt, endAt }: Pick<SessionRow, 'startAt' | 'endAt'>,
): Promise<Refused | null> {
  const sections = await sectionsOf(em, session.id);
  const other = await findOverlap(em, { sections, startAt, endAt, except: session.id });
  return other === undefined
    ? null
    : { code: 'duplicate_session', detail: 'The section has a class at that time already.' };
}

async function takeEdge(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
  nowMs: number,
): Promise<void> {
  const now = new Date(nowMs).toISOString();
  switch (command.edge) {
    case 'open':
      return open(operation, em, session, command, now);
    case 'close':
      return close(operation, em, session, command, now);
    case 'reopen':
      return reopen(operation, em, session, command);
    case 'lock':
      return lock(operation, em, session, command, now);
    case 'cancel':
      return cancel(operation, em, session, command, now);
    case 'restore':
      return restore(operation, em, session, command);
    case 'reschedule':
      return moveSession(operation, em, session, command);
    default:
      return command.edge satisfies never;
  }
}

/** A person may open before the early window; the window then starts now. */
async function open(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
  now: Instant,
): Promise<void> {
  await rows(
    em,
    `update attendance_session set status = 'open', opened_at = ?::timestamptz,
       opens_at = least(opens_at, ?::timestamptz), auto_opened = ?::boolean,
       version = version + 1, updated_at = app_clock() where id = ?::uuid`,
    [now, now, command.by === 'timer', session.id],
  );
  await appendEdge(operation, em, session, command, 'session.opened');
  await applyLeavesToSession(operation, em, session.id);
}

/**
 * A leave approved while this session was being created saw no session, and the session saw no
 * leave; so leave is looked up again before anyone becomes absent. The lock falls due by the end of
 * the window, not by the worker that comes late: a class that already counts as final stays final.
 */
async function close(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
  now: Instant,
): Promise<void> {
  await applyLeavesToSession(operation, em, session.id);
  const roster = await rosterOf(em, session);
  const taken = await isTaken(em, session, roster);
  await rows(
    em,
    `update attendance_session set status = 'closed', closed_at = ?::timestamptz, taken = ?::boolean,
       lock_due_at = least(?::timestamptz, closes_at) + make_interval(hours => ?::int),
       auto_closed = ?::boolean, version = version + 1, updated_at = app_clock()
     where id = ?::uuid`,
    [now, taken, now, session.policy.lockAfterHours, command.by === 'timer', session.id],
  );
  const endedAt = earlier(now, session.closesAt);
  const recheck = await cancelRunningRecheck(operation, em, session.id, endedAt);
  await nudgeSelfEntries(operation, em, session.id);
  const closed: SessionRow = { ...session, status: 'closed', taken };
  const effect = taken ? await settleRoster(em, operation, closed, roster) : undefined;
  await appendEdge(operation, em, session, command, 'session.closed', { taken }, effect, recheck);
}

const earlier = (one: Instant, other: Instant): Instant =>
  Date.parse(one) < Date.parse(other) ? one : other;

/** Automatic absences vanish while the class is open again; the next close writes them anew. */
async function reopen(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
): Promise<void> {
  await rows(
    em,
    `update attendance_session set status = 'open', closed_at = null, lock_due_at = null,
       taken = false, auto_closed = false, version = version + 1, updated_at = app_clock()
     where id = ?::uuid`,
    [session.id],
  );
  const roster = await rosterOf(em, session);
  const reopened: SessionRow = { ...session, status: 'open', taken: false };
  const effect = await settleRoster(em, operation, reopened, roster);
  await appendEdge(operation, em, session, command, 'session.reopened', {}, effect);
}

/** R12: the digest of the register at lock goes into the chain. */
async function lock(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
  now: Instant,
): Promise<void> {
  await rows(
    em,
    `update attendance_session set status = 'locked', locked_at = ?::timestamptz,
       version = version + 1, updated_at = app_clock() where id = ?::uuid`,
    [now, session.id],
  );
  await nudgeSelfEntries(operation, em, session.id);
  const action = (await endUnlocks(operation, em, session.id, now))
    ? 'session.relocked'
    : 'session.locked';
  const digest = await registerDigest(em, session.id);
  await appendEdge(operation, em, session, command, action, { register_sha256: digest });
}

async function cancel(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
  now: Instant,
): Promise<void> {
  await rows(
    em,
    `update attendance_session set status = 'cancelled', version = version + 1,
       updated_at = app_clock() where id = ?::uuid`,
    [session.id],
  );
  await appendSessionChange(operation, em, session, command, {
    kind: 'cancel',
    epoch: session.epoch,
  });
  const recheck = await cancelRunningRecheck(operation, em, session.id, now);
  await appendEdge(operation, em, session, command, 'session.cancelled', {}, undefined, recheck);
}

/**
 * Restoring raises the epoch, so that a timer armed before the cancel is refused. The window is that
 * of the timetable again, also where a person had opened early, and leave is computed anew: a
 * cancelled session took neither the leaves approved meanwhile nor the end of others.
 */
async function restore(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
): Promise<void> {
  await rows(
    em,
    `update attendance_session set status = 'scheduled', epoch = epoch + 1, opened_at = null,
       opens_at = start_at - make_interval(mins => ?::int), auto_opened = false,
       version = version + 1, updated_at = app_clock() where id = ?::uuid`,
    [session.policy.earlyOpenMinutes, session.id],
  );
  const restored: SessionRow = { ...session, status: 'scheduled', epoch: session.epoch + 1 };
  await withdrawLeaves(operation, em, restored);
  await appendSessionChange(operation, em, session, command, {
    kind: 'restore',
    epoch: restored.epoch,
  });
  const effect = await settleRoster(em, operation, restored, await rosterOf(em, restored));
  await appendEdge(operation, em, restored, command, 'session.restored', {}, effect);
  await applyLeavesToSession(operation, em, session.id);
}

/** Appends the lifecycle event with whatever marks it brought about, and tells live screens. */
async function appendEdge(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
  action: string,
  after: Readonly<Record<string, string | boolean>> = {},
  effect?: TakenEffect,
  audit: readonly AuditEntry[] = [],
): Promise<void> {
  const entry: AuditEntry = auditEntry(operation.actor, {
    chain: sessionChain(session.id),
    action,
    entityType: 'AttendanceSession',
    entityId: session.id,
    sessionId: session.id,
    source: command.by,
    before: { status: session.status, epoch: session.epoch },
    after: { status: EDGE_TARGET[command.edge], ...after },
  });
  await appendMarks(em, operation, session, effect?.operations ?? [], effect?.changes ?? [], {
    conflicts: effect?.conflicts ?? [],
    audit: [entry, ...audit],
    sessionChanged: true,
  });
}
