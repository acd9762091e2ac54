/** Reads and locks the row of a session for marks and transitions (marks.md section 7). */
import { firstRow, preparedRows, toInstant, toInstantOrNull, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import { effectiveStatus } from '../../domain/session/transitions.ts';
import type {
  Component,
  Id,
  Instant,
  LocalDate,
  SessionPolicy,
  SessionStatus,
} from '../../domain/types.ts';

/** The columns of a session that marks and transitions decide by. */
export interface SessionRow {
  readonly id: Id;
  readonly campusId: Id;
  readonly courseSectionId: Id;
  readonly facultyId: Id;
  readonly roomId: Id;
  readonly status: SessionStatus;
  readonly startAt: Instant;
  readonly endAt: Instant;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  readonly lockDueAt: Instant | null;
  readonly lateReferenceAt: Instant | null;
  readonly autoOpen: boolean;
  readonly epoch: number;
  readonly version: number;
  readonly taken: boolean;
  readonly scheduledDate: LocalDate;
  readonly component: Component;
  readonly units: number;
  readonly policy: SessionPolicy;
}

interface Row {
  id: string;
  campus_id: string;
  course_section_id: string;
  faculty_id: string;
  room_id: string;
  status: SessionStatus;
  start_at: string;
  end_at: string;
  opens_at: string;
  closes_at: string;
  lock_due_at: string | null;
  late_reference_at: string | null;
  auto_open: boolean;
  epoch: number;
  version: number;
  taken: boolean;
  scheduled_date: string;
  component: Component;
  units: number;
  policy: SessionPolicy;
}

const COLUMNS = `id, campus_id, course_section_id, faculty_id, room_id, status, start_at, end_at,
  opens_at, closes_at, lock_due_at, late_reference_at, auto_open, epoch, version, taken,
  scheduled_date, component, units, policy`;

const SELECT = `select ${COLUMNS} from attendance_session where id = ?::uuid`;

function toSessionRow(row: Row): SessionRow {
  return {
    id: row.id,
    campusId: row.campus_id,
    courseSectionId: row.course_section_id,
    facultyId: row.faculty_id,
    roomId: row.room_id,
    status: row.status,
    startAt: toInstant(row.start_at),
    endAt: toInstant(row.end_at),
    opensAt: toInstant(row.opens_at),
    closesAt: toInstant(row.closes_at),
    lockDueAt: toInstantOrNull(row.lock_due_at),
    lateReferenceAt: toInstantOrNull(row.late_reference_at),
    autoOpen: row.auto_open,
    epoch: row.epoch,
    version: row.version,
    taken: row.taken,
    scheduledDate: row.scheduled_date,
    component: row.component,
    units: row.units,
    policy: row.policy,
  };
}

/** Reads a session without a lock; undefined when there is none. */
export async function findSessionRow(em: Em, id: Id): Promise<SessionRow | undefined> {
  const row = await firstRow<Row>(em, SELECT, [id]);
  return row && toSessionRow(row);
}

/**
 * Locks a session for a transition: waits for running marks and blocks later ones. Not what only
 * refers to the class, such as a refused scan that is kept.
 */
export async function lockSessionForUpdate(em: Em, id: Id): Promise<SessionRow> {
  const row = await firstRow<Row>(em, `${SELECT} for no key update`, [id]);
  if (!row) throw sessionNotFound();
  return toSessionRow(row);
}

/** Locks a session for a change of its own, and says how it stands now. @throws AppError `not_found` */
export async function lockSessionNow(em: Em, id: Id): Promise<LockedSession> {
  const session = await lockSessionForUpdate(em, id);
  return atNow(session, await readClock(em));
}

/** A session locked for marks, with the clock read after the lock was granted. */
export interface LockedSession {
  readonly session: SessionRow;
  readonly nowMs: number;
  readonly effectiveStatus: SessionStatus;
}

/**
 * Locks a session for marks: FOR SHARE, so that marks run side by side and a status change waits
 * for them; FOR NO KEY UPDATE where a late mark could make a closed class taken and so change the row.
 * @param mayUndoTaken  some of the claims take machine evidence back
 * @throws AppError `not_found`; `try_again` when the session changed between look and lock
 */
export async function lockSessionForMarks(
  em: Em,
  id: Id,
  mayUndoTaken = false,
): Promise<LockedSession> {
  const seen = await findSessionRow(em, id);
  if (!seen) throw sessionNotFound();
  const needsUpdate = mayChangeTaken(seen, mayUndoTaken);
  const row = await firstRow<Row>(em, `${SELECT} for ${needsUpdate ? 'no key update' : 'share'}`, [
    id,
  ]);
  if (!row) throw sessionNotFound();
  const session = toSessionRow(row);
  if (!needsUpdate && mayChangeTaken(session, mayUndoTaken)) {
    throw appError('try_again', 'The class was just closed; send the mark again.');
  }
  return atNow(session, await readClock(em));
}

/**
 * Locks several sessions for claims that only an open one admits, ascending by id. A class that is
 * over needs no stronger lock, since such claims change nothing there.
 * @param skipsHeld  leave out those that something else holds, instead of waiting for it
 */
export async function lockSessionsForMarks(
  em: Em,
  ids: readonly Id[],
  { skipsHeld = false }: { readonly skipsHeld?: boolean } = {},
): Promise<Map<Id, LockedSession>> {
  const found = await preparedRows<Row>(
    em,
    `select ${COLUMNS} from attendance_session where id = any(?::uuid[]) order by id
     for share ${skipsHeld ? 'skip locked' : ''}`,
    [ids],
  );
  const nowMs = await readClock(em);
  return new Map(found.map((row) => [row.id, atNow(toSessionRow(row), nowMs)]));
}

/**
 * Reads a session and the clock without a lock; good for refusing early, never for admitting.
 * @throws AppError `not_found`
 */
export async function lookAtSession(em: Em, id: Id): Promise<LockedSession> {
  const session = await findSessionRow(em, id);
  if (!session) throw sessionNotFound();
  return atNow(session, await readClock(em));
}

/** Reads several sessions and the clock without a lock; those that do not exist are left out. */
export async function lookAtSessions(em: Em, ids: readonly Id[]): Promise<Map<Id, LockedSession>> {
  const found = await preparedRows<Row & { now_ms: string }>(
    em,
    `select ${COLUMNS}, floor(extract(epoch from app_clock()) * 1000)::bigint as now_ms
     from attendance_session where id = any(?::uuid[])`,
    [ids],
  );
  return new Map(found.map((row) => [row.id, atNow(toSessionRow(row), Number(row.now_ms))]));
}

function atNow(session: SessionRow, nowMs: number): LockedSession {
  const facts = { ...session, lockAfterHours: session.policy.lockAfterHours };
  return { session, nowMs, effectiveStatus: effectiveStatus(facts, nowMs) };
}

/** A late mark can make a closed class a taken one; a withdrawal can undo that. */
function mayChangeTaken(session: SessionRow, mayUndoTaken: boolean): boolean {
  return session.status === 'closed' && (!session.taken || mayUndoTaken);
}

/**
 * Begins a transaction of marks. It waits for nobody longer than 2 s (marks.md section 7), and every
 * statement in it is planned without looking at its values: a prepared one keeps that plan, which
 * costs a single mark less than a fresh one. Statements of such transactions look rows up by index.
 */
export async function beginMarks(em: Em): Promise<void> {
  await preparedRows(
    em,
    `select set_config('lock_timeout', '2s', true),
       set_config('plan_cache_mode', 'force_generic_plan', true)`,
  );
}

/** `app_clock()` in Unix milliseconds. */
export async function readClock(em: Em): Promise<number> {
  const [row] = await preparedRows<{ ms: string }>(
    em,
    'select floor(extract(epoch from app_clock()) * 1000)::bigint as ms',
  );
  return Number(row?.ms);
}

function sessionNotFound() {
  return appError('not_found', 'There is no such session, or it is not one of yours.');
}
