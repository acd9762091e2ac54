/** Auto-absents: when a closed class counts as taken, everyone unmarked becomes absent. */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import type { Conflict } from '../../domain/attendance/conflicts.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { wasTaken, type TakenFacts } from '../../domain/attendance/resolve-session.ts';
import { sharedDeviceConflicts, sharedKeys } from '../../domain/attendance/shared-devices.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { readClock, type LockedSession, type SessionRow } from '../sessions/session-row.ts';
import {
  conflictChanges,
  touchedRecords,
  writeConflicts,
  type ConflictChange,
  type ConflictReach,
} from './keep-conflicts.ts';
import { lockRecords } from './lock-records.ts';
import { rosterOf } from './roster.ts';
import {
  autoAbsentOpId,
  settleStudent,
  writeRecords,
  type RecordChange,
} from './settle-records.ts';
import { autoAbsentOperation, insertOperations, type NewOperation } from './store-operations.ts';

/** Operations and record changes that a class becoming taken brought about. */
export interface TakenEffect {
  readonly taken: boolean;
  readonly operations: readonly NewOperation[];
  readonly changes: readonly RecordChange[];
  readonly conflicts: readonly ConflictChange[];
}

/** Nothing came about. */
export const NO_EFFECT: TakenEffect = {
  taken: false,
  operations: [],
  changes: [],
  conflicts: [],
};

/**
 * After late operations on a closed class: makes it taken when they prove it was, and writes the
 * absents that then appear; or the reverse, when the only proof was withdrawn (marks.md section 4).
 * Once a class is final nobody
 * becomes absent any more: the correction of one student changes that record alone (R12). Needs the
 * row lock that `lockSessionForMarks` takes for such sessions.
 */
export async function becomeTaken(
  em: Em,
  operation: Operation,
  { session, effectiveStatus }: LockedSession,
  stored: readonly NewOperation[],
): Promise<TakenEffect> {
  const isOver = session.status === 'closed' && effectiveStatus === 'closed';
  const mayChange = !session.taken || mayUndoTaken(stored);
  if (!isOver || !mayChange || stored.length === 0) return NO_EFFECT;
  const roster = await rosterOf(em, session);
  const taken = await isTaken(em, session, roster);
  if (taken === session.taken) return NO_EFFECT;
  await rows(
    em,
    'update attendance_session set taken = ?::boolean, updated_at = app_clock() where id = ?::uuid',
    [taken, session.id],
  );
  return settleRoster(em, operation, { ...session, taken }, roster);
}

/** Only the withdrawal of machine evidence can undo that a class was taken (marks.md section 4). */
export function mayUndoTaken(
  claims: readonly { readonly kind?: 'mark' | 'withdraw'; readonly rank: number }[],
): boolean {
  return claims.some(
    ({ kind, rank }) => kind === 'withdraw' && rank !== RANK.leave && rank !== RANK.selfEntry,
  );
}

/** Says from the stored facts whether the class was taken. */
export async function isTaken(
  em: Em,
  session: SessionRow,
  roster: readonly Id[],
): Promise<boolean> {
  const row = await firstRow<{ human: number; machine: number; was_counted: boolean }>(
    em,
    `select count(*) filter (where o.rank >= ${RANK.faculty})::int as human,
       count(distinct o.student_id) filter (
         where o.rank between ${RANK.weak} and ${RANK.biometric} and o.student_id = any(?::uuid[]))::int as machine,
       exists (select 1 from head_count h where h.session_id = ?::uuid) as was_counted
     from attendance_operation o
     where o.session_id = ?::uuid and o.kind = 'mark' and o.outcome = 'admitted' and not exists (
       select 1 from attendance_operation w
         where w.session_id = o.session_id and w.student_id = o.student_id
         and w.kind = 'withdraw' and w.outcome = 'admitted' and w.target_op_id = o.op_id and o.rank < ${RANK.faculty})`,
    [roster, session.id, session.id],
  );
  const facts: TakenFacts = {
    humanOperations: row?.human ?? 0,
    wasObserved: session.lateReferenceAt !== null || row?.was_counted === true,
    machineStudents: row?.machine ?? 0,
    rosterSize: roster.length,
  };
  return wasTaken(facts, session.policy);
}

/**
 * Settles the whole roster after the session itself or its roster changed, materialising automatic
 * absences where the session is closed and taken. Contradictions of students who left the roster
 * become void: nobody can speak about them any more.
 * @param session  as it stands after the change, locked for update
 */
export async function settleRoster(
  em: Em,
  operation: Operation,
  session: SessionRow,
  roster: readonly Id[],
): Promise<TakenEffect> {
  const former = await formerMembers(em, session.id, roster);
  const locked = await lockRecords(em, session.id, [...roster, ...former], () =>
    operation.ids.next(),
  );
  const now = new Date(await readClock(em)).toISOString();
  const shared = sharedKeys(locked.operations);
  const ofStudent = Map.groupBy(locked.operations, (op) => op.studentId);
  const found: Conflict[] = [];
  const settled = new Map<Id, RecordChange>(
    [...locked.records].map(([studentId, before]) => [
      studentId,
      { studentId, before, after: before, changed: false, conflicts: [] },
    ]),
  );
  const operations: NewOperation[] = [];
  for (const studentId of roster) {
    const before = locked.records.get(studentId);
    if (!before) throw new Error(`record of ${studentId} was not locked`);
    const own = ofStudent.get(studentId) ?? [];
    const change = settleStudent(session, before, own, now, shared);
    found.push(...change.conflicts);
    if (!change.changed) continue;
    settled.set(studentId, change);
    const autoId = autoAbsentOpId(session, studentId);
    const isNew = !own.some((op) => op.opId === autoId);
    if (change.after.winnerOpId === autoId && isNew) {
      operations.push(autoAbsentOperation(session, studentId, now));
    }
  }
  found.push(...sharedDeviceConflicts(shared, locked.operations, new Set(roster)));
  const reach: ConflictReach = {
    students: new Set(locked.records.keys()),
    deviceKeys: new Set(locked.conflicts.flatMap(({ deviceKeyId }) => deviceKeyId ?? [])),
  };
  const conflicts = conflictChanges(locked.conflicts, found, reach, () => operation.ids.next());
  await insertOperations(em, operations);
  const changes = [...settled.values()].filter(({ changed }) => changed);
  const touched = touchedRecords(conflicts, locked.operations, settled, now);
  await writeRecords(em, [...changes, ...touched]);
  await writeConflicts(em, session.id, conflicts, operation.actor, now);
  return { taken: session.taken, operations, changes, conflicts };
}

/** Students with a record who are not on the roster: their claims may still share a device. */
async function formerMembers(em: Em, sessionId: Id, roster: readonly Id[]): Promise<Id[]> {
  const found = await rows<{ student_id: Id }>(
    em,
    `select student_id from attendance_record
     where session_id = ?::uuid and student_id <> all(?::uuid[])`,
    [sessionId, roster],
  );
  return found.map((row) => row.student_id);
}
