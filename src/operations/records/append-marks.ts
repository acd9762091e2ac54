/** The audit and live events of stored claims and of the records they changed. */
import {
  appendLog,
  auditEntry,
  sessionChain,
  type AuditEntry,
  type LiveEntry,
} from '../../audit/append-log.ts';
import type { Em } from '../../db/orm.ts';
import { isHumanRank, RANK } from '../../domain/attendance/ranks.ts';
import { fallbackOf, type Fallback } from '../../domain/presence/fallback.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';
import type { CanonicalValue } from '../../security/canonical-json.ts';
import type { Actor, Operation } from '../ports.ts';
import { loadSessionView } from '../sessions/load-session-view.ts';
import type { SessionRow } from '../sessions/session-row.ts';
import { conflictEntries, type ConflictChange } from './keep-conflicts.ts';
import type { RecordState } from './lock-records.ts';
import type { RecordChange } from './settle-records.ts';
import type { NewOperation } from './store-operations.ts';

/** What else the transaction appends beside its marks. */
export interface MarkLog {
  readonly conflicts?: readonly ConflictChange[];
  readonly audit: readonly AuditEntry[];
  /** Whose claim about a student it was, in a batch of several people. */
  readonly actorOf?: (studentId: Id) => Actor;
  /** The session's own row changed: screens are told its state with the counts. */
  readonly sessionChanged?: boolean;
}

/** The marks of one session that a transaction appends, and what else it tells of that session. */
export interface SessionMarks extends MarkLog {
  readonly session: SessionRow;
  readonly stored: readonly NewOperation[];
  readonly changes: readonly RecordChange[];
}

/** Appends one `op.recorded` per operation, one `record.changed` per record, and the live events. */
export async function appendMarks(
  em: Em,
  operation: Operation,
  session: SessionRow,
  stored: readonly NewOperation[],
  changes: readonly RecordChange[],
  more: MarkLog,
): Promise<void> {
  await appendMarksOf(em, operation, [{ ...more, session, stored, changes }], []);
}

/**
 * The same for several sessions.
 * @param audit  events of other chains of the same transaction
 */
export async function appendMarksOf(
  em: Em,
  { actor, ids }: Operation,
  marks: readonly SessionMarks[],
  audit: readonly AuditEntry[],
): Promise<void> {
  const own = marks.flatMap(({ session, stored, changes, actorOf, conflicts, audit: more }) => [
    ...markEntries(actorOf ?? actor, session.id, stored, changes),
    ...conflictEntries(actor, session.id, conflicts ?? []),
    ...more,
  ]);
  await appendLog(em, ids, {
    audit: [...own, ...audit],
    live: [...(await liveEntries(em, marks.filter(isSeen))), ...marks.flatMap(waitingEntries)],
  });
}

const isSeen = ({ changes, conflicts, sessionChanged }: SessionMarks): boolean =>
  changes.length > 0 || (conflicts?.length ?? 0) > 0 || sessionChanged === true;

/**
 * One event per student with a claim that begins to wait for a person, was taken back, or was answered
 * by a mark that changed no record: nothing else tells of it, and who may answer it has the roll open.
 */
function waitingEntries({ session, stored, changes }: SessionMarks): LiveEntry[] {
  const changed = new Set(changes.map(({ studentId }) => studentId));
  const students = stored
    .filter((op) => {
      const isAnswer = op.kind === 'withdraw' || (isHumanRank(op.rank) && op.acks.length > 0);
      return isAnswer ? !changed.has(op.studentId) : isPending(op, session.policy);
    })
    .map((op) => op.studentId);
  return [...new Set(students)].map((student) => ({
    sessionId: session.id,
    type: 'waiting.changed',
    payload: { student },
  }));
}

function isPending({ outcome, rank }: NewOperation, { offlineQr }: SessionPolicy): boolean {
  if (outcome === 'rejected') return false;
  const isUnconfirmed = rank === RANK.offlineQr && offlineQr !== 'provisional';
  return outcome === 'review' || isUnconfirmed;
}

/** The audit events of stored operations and of the records they changed, in that order. */
export function markEntries(
  actor: Actor | ((studentId: Id) => Actor),
  sessionId: Id,
  stored: readonly NewOperation[],
  changes: readonly RecordChange[],
): AuditEntry[] {
  const chain = sessionChain(sessionId);
  const by = (studentId: Id): Actor => (typeof actor === 'function' ? actor(studentId) : actor);
  const recorded = stored.map((op) => {
    const fallback = fallbackOf(op.evidence);
    return auditEntry(by(op.studentId), {
      chain,
      action: 'op.recorded',
      entityType: 'AttendanceOperation',
      entityId: op.opId,
      sessionId,
      studentId: op.studentId,
      source: op.source,
      after: {
        kind: op.kind,
        mark: op.mark,
        rank: op.rank,
        eff_at: new Date(op.effAtMs).toISOString(),
        ...(fallback === null ? {} : { fallback }),
        ...(op.outcome === 'admitted' ? {} : { outcome: op.outcome, code: op.outcomeCode }),
      },
    });
  });
  const changed = changes.map((change) =>
    auditEntry(by(change.studentId), {
      chain,
      action: 'record.changed',
      entityType: 'AttendanceRecord',
      entityId: change.after.id,
      sessionId,
      studentId: change.studentId,
      source: change.after.source,
      before: auditState(change.before),
      after: auditState(change.after),
    }),
  );
  return [...recorded, ...changed];
}

function auditState(record: RecordState): Record<string, CanonicalValue> {
  return {
    mark: record.mark,
    winner_op_id: record.winnerOpId,
    rank: record.rank,
    arrival_at: record.arrivalAt,
    excuse_category: record.excuseCategory,
    flags: [...record.flags],
    version: record.version,
  };
}

async function liveEntries(em: Em, marks: readonly SessionMarks[]): Promise<LiveEntry[]> {
  const entries: LiveEntry[] = [];
  for (const { session, stored, changes, conflicts, sessionChanged } of marks) {
    const fallbacks = new Map(stored.map((op) => [op.opId, fallbackOf(op.evidence)]));
    entries.push(
      ...changes.map((change) => recordEntry(session.id, change, fallbacks)),
      ...(conflicts ?? []).map((conflict) => conflictEntry(session.id, conflict)),
      (sessionChanged ? await sessionEntry(em, session.id) : undefined) ?? countsEntry(session.id),
    );
  }
  return entries;
}

const recordEntry = (
  sessionId: Id,
  { studentId, after }: RecordChange,
  fallbacks: ReadonlyMap<Id, Fallback | null>,
): LiveEntry => ({
  sessionId,
  type: 'record.changed',
  payload: {
    student: studentId,
    mark: after.mark,
    source: after.source,
    winner_op_id: after.winnerOpId,
    version: after.version,
    flags: [...after.flags],
    ...toldFallback(fallbacks.get(after.winnerOpId ?? '')),
  },
});

const conflictEntry = (sessionId: Id, { after }: ConflictChange): LiveEntry => ({
  sessionId,
  type: 'conflict.changed',
  payload: { id: after.id, student: after.studentId, kind: after.kind, state: after.state },
});

async function sessionEntry(em: Em, sessionId: Id): Promise<LiveEntry | undefined> {
  const view = await loadSessionView(em, sessionId);
  return (
    view && {
      sessionId,
      type: 'session.changed',
      payload: {
        status: view.status,
        opens_at: view.opensAt,
        closes_at: view.closesAt,
        epoch: view.epoch,
      },
    }
  );
}

/** The counts themselves are read by whoever tells of them. */
const countsEntry = (sessionId: Id): LiveEntry => ({
  sessionId,
  type: 'counts.changed',
  payload: {},
});

/** Of a claim stored just now it is known; an earlier one that wins again is read with the roll. */
const toldFallback = (fallback: Fallback | null | undefined) =>
  fallback === undefined ? {} : { fallback };
