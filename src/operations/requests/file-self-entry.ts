/** Takes a student's own entry of presence and starts what its teacher decides (marks.md section 12). */
import { firstRow, rows, sqlState, violatedConstraint, type Em } from '../../db/orm.ts';
import type { Condition } from '../../db/queries/sessions.ts';
import { stateRefusal } from '../../domain/attendance/admission.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { refusalError } from '../../domain/attendance/results.ts';
import { AppError, appError } from '../../domain/errors.ts';
import { inUtc } from '../../domain/in-utc.ts';
import { selfEntryWindow } from '../../domain/session/self-entry-window.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { applyOperations, type OperationResult } from '../records/apply-operations.ts';
import { rosterMembers } from '../records/roster.ts';
import { beginMarks, type LockedSession, lockSessionForMarks } from '../sessions/session-row.ts';
import { recordFiling } from './record-filing.ts';

/** The entry as the signed-in student states it; the student is never named by the client. */
export interface NewSelfEntry {
  /** The Idempotency-Key: id of the pending claim. */
  readonly opId: Id;
  readonly sessionId: Id;
  readonly studentId: Id;
  readonly notes: string | undefined;
}

/** What became of the claim, and the entry that waits for the teacher; none when it was refused. */
export interface FiledSelfEntry {
  readonly result: OperationResult;
  readonly entryId: Id | null;
  /** The same request came before; this is its first result. */
  readonly isRepeat: boolean;
}

const ATTEMPTS = 3;

/**
 * Stores the pending claim of rank 20, its case, the promise of the workflow and the audit events in
 * one transaction. A repeat of the same id gives the first result, whatever has happened since.
 * @param view  over session `s`: what the student may see at all
 * @throws AppError `not_found`, `not_on_roster`, `self_entry_disabled`, `session_not_open`,
 *   `session_closed`, `session_locked`, `session_cancelled`, `self_entry_window_closed`,
 *   `duplicate_request`, `try_again`
 */
export async function fileSelfEntry(
  operation: Operation,
  view: Condition,
  entry: NewSelfEntry,
): Promise<FiledSelfEntry> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after another
      return await operation.em.transactional((em) => file({ ...operation, em }, em, view, entry));
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (attempt === ATTEMPTS) {
        const detail = 'The class is busy just now; send the entry again.';
        throw appError('try_again', detail, { cause: error });
      }
    }
  }
}

/** A lock wait, a deadlock, or a class that changed between look and lock. */
function isTransient(error: unknown): boolean {
  return (
    (error instanceof AppError && error.code === 'try_again') ||
    ['40P01', '40001', '55P03'].includes(sqlState(error) ?? '')
  );
}

async function file(
  operation: Operation,
  em: Em,
  view: Condition,
  entry: NewSelfEntry,
): Promise<FiledSelfEntry> {
  await beginMarks(em);
  await takeTurn(em, entry.opId);
  await requireVisible(em, view, entry.sessionId);
  const locked = await lockSessionForMarks(em, entry.sessionId);
  const isKnown = await isOperationKnown(em, entry.opId);
  if (!isKnown) await requireAdmitted(em, locked, entry);
  const result = await storeClaim(operation, em, locked, entry);
  if (result.status === 'rejected') return { result, entryId: null, isRepeat: false };
  if (result.status === 'duplicate') return repeat(em, result, entry);
  const entryId = operation.ids.next();
  await insertEntry(operation, em, entryId, locked, entry);
  await recordFiling(operation, em, 'self_entry', entryId, { op_id: entry.opId });
  return { result, entryId, isRepeat: false };
}

/** The same request sent twice at once: the second waits, and then finds the first one's result. */
async function takeTurn(em: Em, opId: Id): Promise<void> {
  await rows(em, 'select pg_advisory_xact_lock(hashtextextended(?::text, 0))', [
    `self-entry:${opId}`,
  ]);
}

async function requireVisible(em: Em, view: Condition, sessionId: Id): Promise<void> {
  const row = await firstRow(
    em,
    `select s.id from attendance_session s where s.id = ?::uuid and (${view.sql})`,
    [sessionId, ...view.parameters],
  );
  if (!row) throw appError('not_found', 'There is no such session, or it is not one of yours.');
}

async function isOperationKnown(em: Em, opId: Id): Promise<boolean> {
  const row = await firstRow(em, 'select 1 from attendance_operation where op_id = ?::uuid', [
    opId,
  ]);
  return row !== undefined;
}

/** The clock is that of the database, read after the class was locked. */
async function requireAdmitted(em: Em, locked: LockedSession, entry: NewSelfEntry): Promise<void> {
  const { session, effectiveStatus, nowMs } = locked;
  const members = await rosterMembers(em, session, [entry.studentId]);
  if (!members.has(entry.studentId)) {
    throw appError('not_on_roster', 'You are not enrolled in this class on its date.');
  }
  if (!session.policy.selfEntryEnabled) {
    throw appError(
      'self_entry_disabled',
      'This class takes no entries of your own; ask its staff.',
    );
  }
  const refusal = stateRefusal(effectiveStatus, RANK.selfEntry, session);
  if (refusal) throw refusalError(refusal);
  requireInWindow(selfEntryWindow(session), nowMs);
  await requireNonePending(em, entry);
}

function requireInWindow(
  { opensAt, closesAt }: { readonly opensAt: Instant; readonly closesAt: Instant },
  nowMs: number,
): void {
  if (nowMs >= Date.parse(opensAt) && nowMs <= Date.parse(closesAt)) return;
  throw appError(
    'self_entry_window_closed',
    `Entries of your own are taken from ${inUtc(opensAt)} to ${inUtc(closesAt)}; ask your teacher.`,
    { meta: { opens_at: opensAt, closes_at: closesAt } },
  );
}

async function requireNonePending(em: Em, { sessionId, studentId }: NewSelfEntry): Promise<void> {
  const row = await firstRow(
    em,
    `select id from self_entry
     where session_id = ?::uuid and student_id = ?::uuid and status = 'pending'`,
    [sessionId, studentId],
  );
  if (row) throw duplicateEntry();
}

function duplicateEntry(cause?: unknown) {
  return appError('duplicate_request', 'Your entry in this class waits for your teacher already.', {
    cause,
  });
}

async function storeClaim(
  operation: Operation,
  em: Em,
  locked: LockedSession,
  { opId, sessionId, studentId, notes }: NewSelfEntry,
): Promise<OperationResult> {
  const [result] = await applyOperations(
    operation,
    em,
    sessionId,
    [
      {
        opId,
        studentId,
        mark: 'present',
        rank: RANK.selfEntry,
        source: 'self',
        notes: notes ?? null,
      },
    ],
    { locked },
  );
  if (!result) throw new Error('a self-entry gave no result');
  return result;
}

/** The claim of this id was made before: its entry, unless the id stood for something else. */
async function repeat(
  em: Em,
  result: OperationResult,
  { opId }: NewSelfEntry,
): Promise<FiledSelfEntry> {
  const row = await firstRow<{ id: Id }>(em, 'select id from self_entry where op_id = ?::uuid', [
    opId,
  ]);
  if (!row)
    throw appError('op_id_reused', 'This key was used for another claim; send a fresh one.');
  return { result: result.original ?? result, entryId: row.id, isRepeat: true };
}

async function insertEntry(
  operation: Operation,
  em: Em,
  id: Id,
  { session, nowMs }: LockedSession,
  { opId, sessionId, studentId, notes }: NewSelfEntry,
): Promise<void> {
  const place = { table: 'self_entry', column: 'notes_sealed', rowId: id };
  const sealed = notes ? await operation.sealer.seal(`student:${studentId}`, place, notes) : null;
  const lockMs = Date.parse(session.closesAt) + session.policy.lockAfterHours * 3_600_000;
  try {
    await rows(
      em,
      `insert into self_entry (id, session_id, student_id, op_id, notes_sealed, submitted_at, expires_at)
       values (?::uuid, ?::uuid, ?::uuid, ?::uuid, ?, ?::timestamptz, ?::timestamptz)`,
      [
        id,
        sessionId,
        studentId,
        opId,
        sealed,
        new Date(nowMs).toISOString(),
        new Date(lockMs).toISOString(),
      ],
    );
  } catch (error) {
    if (violatedConstraint(error) !== 'self_entry_one_pending') throw error;
    throw duplicateEntry(error);
  }
}
