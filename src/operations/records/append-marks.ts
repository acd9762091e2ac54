/** The audit and live events of stored claims and of the records they changed. */
import {
  appendLog,
  auditEntry,
  sessionChain,
  type AuditEntry,
  type LiveEntry,
} from '../../audit/append-log.ts';
import type { Em } from '../../db/orm.ts';
import { fallbackOf, type Fallback } from '../../domain/presence/fallback.ts';
import type { Id } from '../../domain/types.ts';
import type { CanonicalValue } from '../../security/canonical-json.ts';
import type { Actor, Operation } from '../ports.ts';
import { loadSessionView } from '../sessions/load-session-view.ts';
import type { SessionRow } from '../sessions/session-row.ts';
import { conflictEntries, type ConflictChange } from './keep-conflicts.ts';
import { countRecords } from './roster.ts';
import type { NewOperation, RecordChange, RecordState } from './settle-records.ts';

/** What else the transaction appends beside its marks. */
export interface MarkLog {
  readonly conflicts?: readonly ConflictChange[];
  readonly audit: readonly AuditEntry[];
  /** Whose claim about a student it was, in a batch of several people. */
  readonly actorOf?: (studentId: Id) => Actor;
  /** The session's own row changed: screens are told its state with the counts. */
  readonly sessionChanged?: boolean;
}

/** Appends one `op.recorded` per operation, one `record.changed` per record, and the live counts. */
export async function appendMarks(
  em: Em,
  operation: Operation,
  session: SessionRow,
  stored: readonly NewOperation[],
  changes: readonly RecordChange[],
  more: MarkLog,
): Promise<void> {
  const { actor, ids } = operation;
  const conflicts = more.conflicts ?? [];
  const audit = [
    ...markEntries(more.actorOf ?? actor, session.id, stored, changes),
    ...conflictEntries(actor, session.id, conflicts),
    ...more.audit,
  ];
  const sessionChanged = more.sessionChanged ?? false;
  const isSeen = changes.length > 0 || conflicts.length > 0 || sessionChanged;
  await appendLog(em, ids, {
    audit,
    liveAfterLock: async () =>
      isSeen ? liveEntries(em, session.id, { stored, changes, conflicts, sessionChanged }) : [],
  });
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

interface LiveFacts {
  readonly stored: readonly NewOperation[];
  readonly changes: readonly RecordChange[];
  readonly conflicts: readonly ConflictChange[];
  readonly sessionChanged: boolean;
}

async function liveEntries(
  em: Em,
  sessionId: Id,
  { stored, changes, conflicts, sessionChanged }: LiveFacts,
): Promise<LiveEntry[]> {
  const fallbacks = new Map(stored.map((op) => [op.opId, fallbackOf(op.evidence)]));
  const counts = await countRecords(em, sessionId);
  const view = sessionChanged ? await loadSessionView(em, sessionId) : undefined;
  const last: LiveEntry = view
    ? {
        sessionId,
        type: 'session.changed',
        payload: {
          status: view.status,
          opens_at: view.opensAt,
          closes_at: view.closesAt,
          epoch: view.epoch,
          counts,
        },
      }
    : { sessionId, type: 'counts.changed', payload: { counts } };
  return [
    ...changes.map(({ studentId, after }) => ({
      sessionId,
      type: 'record.changed',
      payload: {
        student: studentId,
        mark: after.mark,
        source: after.source,
        winner_op_id: after.winnerOpId,
        version: after.version,
        ...toldFallback(fallbacks.get(after.winnerOpId ?? '')),
      },
    })),
    ...conflicts.map(({ after }) => ({
      sessionId,
      type: 'conflict.changed',
      payload: { id: after.id, student: after.studentId, kind: after.kind, state: after.state },
    })),
    last,
  ];
}

/** Of a claim stored just now it is known; an earlier one that wins again is read with the roll. */
const toldFallback = (fallback: Fallback | null | undefined) =>
  fallback === undefined ? {} : { fallback };
