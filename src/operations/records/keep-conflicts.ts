/** Keeps the stored contradictions of a session equal to what the rules find (marks.md rule R6). */
import { auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import { rows, type Em } from '../../db/orm.ts';
import type { Conflict } from '../../domain/attendance/conflicts.ts';
import type { ConflictState, Id, Instant } from '../../domain/types.ts';
import type { Actor } from '../ports.ts';
import type { StoredConflict, StoredOperation } from './lock-records.ts';
import type { RecordChange } from './settle-records.ts';

/** A contradiction that appeared, or whose state or claims changed. */
export interface ConflictChange {
  readonly before: ConflictState | null;
  readonly after: StoredConflict;
}

/** The students and device keys whose contradictions were found anew. */
export interface ConflictReach {
  readonly students: ReadonlySet<Id>;
  readonly deviceKeys: ReadonlySet<Id>;
}

/**
 * Compares what is stored with what was found.
 * @returns what to write; a stored one within reach that is no longer found becomes void
 */
export function conflictChanges(
  stored: readonly StoredConflict[],
  found: readonly Conflict[],
  reach: ConflictReach,
  nextId: () => Id,
): ConflictChange[] {
  const foundByPlace = new Map(found.map((conflict) => [placeOf(conflict), conflict]));
  const changes: ConflictChange[] = [];
  for (const before of stored) {
    if (!isWithin(before, reach)) continue;
    const now = foundByPlace.get(placeOf(before));
    foundByPlace.delete(placeOf(before));
    const after: StoredConflict = now ? { ...before, ...now } : { ...before, state: 'void' };
    const isSame = after.state === before.state && after.opIds.join() === before.opIds.join();
    if (!isSame) changes.push({ before: before.state, after });
  }
  for (const conflict of foundByPlace.values()) {
    changes.push({ before: null, after: { id: nextId(), ...conflict } });
  }
  return changes;
}

const placeOf = ({ studentId, kind, deviceKeyId }: Conflict | StoredConflict): string =>
  `${studentId}|${kind}|${deviceKeyId}`;

function isWithin({ studentId, deviceKeyId }: StoredConflict, reach: ConflictReach): boolean {
  return (
    (studentId !== null && reach.students.has(studentId)) ||
    (deviceKeyId !== null && reach.deviceKeys.has(deviceKeyId))
  );
}

/**
 * Whoever edits a record must have read of its contradictions: If-Match compares the version, so a
 * changed contradiction gives it a new one though the mark stays.
 * @param settled  what settling found, by student; other records stay as they are
 * @returns the unchanged ones among them that a contradiction names, under a new version
 */
export function touchedRecords(
  conflicts: readonly ConflictChange[],
  operations: readonly StoredOperation[],
  settled: ReadonlyMap<Id, RecordChange>,
  now: Instant,
): RecordChange[] {
  const named = new Set(conflicts.flatMap(({ after }) => after.opIds));
  const students = new Set(
    operations.filter((op) => named.has(op.opId)).map(({ studentId }) => studentId),
  );
  return [...students].flatMap((studentId) => {
    const change = settled.get(studentId);
    if (!change || change.changed) return [];
    const { before } = change;
    return { ...change, after: { ...before, version: before.version + 1, updatedAt: now } };
  });
}

/** Writes the changes in one statement. */
export async function writeConflicts(
  em: Em,
  sessionId: Id,
  changes: readonly ConflictChange[],
  actor: Actor,
  now: Instant,
): Promise<void> {
  if (changes.length === 0) return;
  const after = changes.map((change) => change.after);
  await rows(
    em,
    `insert into attendance_conflict as c (id, session_id, student_id, kind, device_key_id, op_ids,
       state, opened_at, settled_at, resolved_by_id, updated_at)
     select n.id, ?::uuid, n.student_id, n.kind, n.device_key_id, string_to_array(n.op_ids, ',')::uuid[],
       n.state, ?::timestamptz, case when n.state = 'open' then null else ?::timestamptz end,
       case when n.state <> 'open' then ?::uuid end, ?::timestamptz
     from unnest(?::uuid[], ?::uuid[], ?::text[], ?::uuid[], ?::text[], ?::text[])
       as n(id, student_id, kind, device_key_id, op_ids, state)
     on conflict on constraint attendance_conflict_one_per_kind do update set
       op_ids = excluded.op_ids, state = excluded.state, settled_at = excluded.settled_at,
       opened_at = case when c.state <> 'open' and excluded.state = 'open'
         then excluded.opened_at else c.opened_at end,
       resolved_by_id = excluded.resolved_by_id, version = c.version + 1,
       updated_at = excluded.updated_at`,
    [
      sessionId,
      now,
      now,
      actor.userId,
      now,
      after.map((c) => c.id),
      after.map((c) => c.studentId),
      after.map((c) => c.kind),
      after.map((c) => c.deviceKeyId),
      after.map((c) => c.opIds.join(',')),
      after.map((c) => c.state),
    ],
  );
}

const ACTIONS: Readonly<Record<ConflictState, string>> = {
  open: 'conflict.opened',
  settled: 'conflict.settled',
  void: 'conflict.voided',
};

/** One audit event per change of state, and `security.device_shared` where a phone served two. */
export function conflictEntries(
  actor: Actor,
  sessionId: Id,
  changes: readonly ConflictChange[],
): AuditEntry[] {
  return changes
    .filter(({ before, after }) => before !== after.state)
    .flatMap(({ before, after }) => {
      const particulars = {
        chain: sessionChain(sessionId),
        sessionId,
        studentId: after.studentId,
        before: before === null ? null : { state: before },
        after: {
          state: after.state,
          kind: after.kind,
          device_key_id: after.deviceKeyId,
          op_ids: [...after.opIds],
        },
      };
      const entry = auditEntry(actor, {
        ...particulars,
        action: ACTIONS[after.state],
        entityType: 'AttendanceConflict',
        entityId: after.id,
      });
      if (after.kind !== 'shared_device' || after.state !== 'open') return [entry];
      const alarm = auditEntry(actor, {
        ...particulars,
        action: 'security.device_shared',
        entityType: 'DeviceKey',
        entityId: after.deviceKeyId ?? after.id,
      });
      return [entry, alarm];
    });
}
