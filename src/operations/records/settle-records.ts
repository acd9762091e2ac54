/** Settles records: resolves the students that claims concern and writes the records that changed. */
import { type Em, preparedRows } from '../../db/orm.ts';
import type { Conflict } from '../../domain/attendance/conflicts.ts';
import {
  resolveStudent,
  type Resolution,
  type ResolutionContext,
} from '../../domain/attendance/resolver.ts';
import type { Id, Instant } from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import type { SessionRow } from '../sessions/session-row.ts';
import type { RecordState, StoredOperation } from './lock-records.ts';

/** A record before and after; `after` equals `before` where nothing changed. */
export interface RecordChange {
  readonly studentId: Id;
  readonly before: RecordState;
  readonly after: RecordState;
  readonly changed: boolean;
  /** The contradictions the student's claims give now. */
  readonly conflicts: readonly Conflict[];
}

/** The id of the automatic absence of a student: UUIDv5 of `session|student|auto_absent|epoch`. */
export function autoAbsentOpId(session: Pick<SessionRow, 'id' | 'epoch'>, studentId: Id): Id {
  return uuidV5(session.id, `${session.id}|${studentId}|auto_absent|${session.epoch}`);
}

/** What the resolver needs of a session for one student. */
export function resolutionContext(session: SessionRow, studentId: Id): ResolutionContext {
  const startMs = Date.parse(session.startAt);
  const shownMs = session.lateReferenceAt === null ? startMs : Date.parse(session.lateReferenceAt);
  return {
    status: session.status,
    taken: session.taken,
    policy: session.policy,
    lateReferenceMs: Math.max(startMs, shownMs),
    scheduledStartMs: startMs,
    // Hashed only where an automatic absence is a candidate.
    get autoOpId() {
      return autoAbsentOpId(session, studentId);
    },
  };
}

const NO_KEYS: ReadonlySet<Id> = new Set();

/**
 * Resolves one student over stored and new operations.
 * @param now  instant of the write, for `updatedAt`
 * @param shared  device keys that several students of the session used
 */
export function settleStudent(
  session: SessionRow,
  before: RecordState,
  operations: readonly StoredOperation[],
  now: Instant,
  shared: ReadonlySet<Id> = NO_KEYS,
): RecordChange {
  const context = resolutionContext(session, before.studentId);
  const { resolution, conflicts } = resolveStudent(context, operations, shared);
  const winner = operations.find((op) => op.opId === resolution?.winnerOpId);
  const after = resolvedRecord(before, resolution, winner, now);
  const changed = isDifferent(before, after);
  return {
    studentId: before.studentId,
    before,
    after: changed ? after : before,
    changed,
    conflicts,
  };
}

function resolvedRecord(
  before: RecordState,
  resolution: Resolution | null,
  winner: StoredOperation | undefined,
  now: Instant,
): RecordState {
  return {
    id: before.id,
    studentId: before.studentId,
    mark: resolution?.mark ?? null,
    winnerOpId: resolution?.winnerOpId ?? null,
    rank: resolution?.rank ?? null,
    source: resolution?.source ?? null,
    captureMode: resolution ? (winner?.captureMode ?? 'online') : null,
    arrivalAt:
      resolution === null || resolution.arrivalMs === null
        ? null
        : new Date(resolution.arrivalMs).toISOString(),
    markedAt: resolution ? (winner?.receivedAt ?? now) : null,
    excuseCategory: resolution?.excuseCategory ?? null,
    flags: resolution?.flags ?? [],
    version: before.version + 1,
    updatedAt: now,
  };
}

function isDifferent(before: RecordState, after: RecordState): boolean {
  return (
    before.mark !== after.mark ||
    before.winnerOpId !== after.winnerOpId ||
    before.rank !== after.rank ||
    before.arrivalAt !== after.arrivalAt ||
    before.excuseCategory !== after.excuseCategory ||
    before.flags.join() !== after.flags.join()
  );
}

/** Writes records as they are after their changes, in one statement. */
export async function writeRecords(em: Em, changes: readonly RecordChange[]): Promise<void> {
  const after = changes.map((change) => change.after);
  if (after.length === 0) return;
  await preparedRows(
    em,
    `update attendance_record r set mark = n.mark, winner_op_id = n.winner_op_id, rank = n.rank,
       source = n.source, capture_mode = n.capture_mode, arrival_at = n.arrival_at,
       marked_at = n.marked_at, excuse_category = n.excuse_category,
       flags = string_to_array(n.flags, ','), version = n.version, updated_at = n.updated_at
     from unnest(?::uuid[], ?::text[], ?::uuid[], ?::int[], ?::text[], ?::text[], ?::timestamptz[],
       ?::timestamptz[], ?::text[], ?::text[], ?::int[], ?::timestamptz[])
       as n(id, mark, winner_op_id, rank, source, capture_mode, arrival_at, marked_at,
         excuse_category, flags, version, updated_at)
     where r.id = n.id`,
    [
      after.map((r) => r.id),
      after.map((r) => r.mark),
      after.map((r) => r.winnerOpId),
      after.map((r) => r.rank),
      after.map((r) => r.source),
      after.map((r) => r.captureMode),
      after.map((r) => r.arrivalAt),
      after.map((r) => r.markedAt),
      after.map((r) => r.excuseCategory),
      after.map((r) => r.flags.join(',')),
      after.map((r) => r.version),
      after.map((r) => r.updatedAt),
    ],
  );
}
