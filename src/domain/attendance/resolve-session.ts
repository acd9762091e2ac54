/**
 * The whole register of a session from its stored operations, at once or after each arrival. Both
 * ways end alike whatever the order, repetition and batching (marks.md section 14).
 */
import type { Id, SessionPolicy } from '../types.ts';
import type { Conflict } from './conflicts.ts';
import { standingMarks, type ResolvableOperation } from './operation.ts';
import { isMachineRank, RANK } from './ranks.ts';
import { resolveStudent, type Resolution, type ResolutionContext } from './resolver.ts';
import { sharedDeviceConflicts, sharedKeys } from './shared-devices.ts';

/** What the rules need of a session for every student of its roster. */
export interface SessionContext extends Omit<ResolutionContext, 'taken' | 'autoOpId'> {
  readonly autoOpIdOf: (studentId: Id) => Id;
  /** A head count was declared, or a code was displayed. */
  readonly wasObserved: boolean;
}

/** The answers of a session: records by student, and its contradictions. */
export interface Register {
  readonly taken: boolean;
  readonly records: ReadonlyMap<Id, Resolution | null>;
  readonly conflicts: readonly Conflict[];
}

/** Resolves every student of the roster over the full set of operations (marks.md section 4). */
export function resolveSession(
  context: SessionContext,
  roster: readonly Id[],
  operations: readonly ResolvableOperation[],
): Register {
  const taken = isTaken(context, roster, operations);
  const shared = sharedKeys(operations);
  const ofStudent = Map.groupBy(operations, (op) => op.studentId);
  const records = new Map<Id, Resolution | null>();
  const conflicts: Conflict[] = [];
  for (const studentId of roster) {
    const own = ofStudent.get(studentId) ?? [];
    const autoOpId = context.autoOpIdOf(studentId);
    const answer = resolveStudent({ ...context, taken, autoOpId }, own, shared);
    records.set(studentId, answer.resolution);
    conflicts.push(...answer.conflicts);
  }
  conflicts.push(...sharedDeviceConflicts(shared, operations, new Set(roster)));
  return { taken, records, conflicts };
}

/** Which students and device keys new operations may concern. */
export interface Reach {
  readonly students: ReadonlySet<Id>;
  readonly deviceKeys: ReadonlySet<Id>;
}

/**
 * The students to resolve again after some of them got new operations: themselves, and everyone
 * with a claim on a device key they named.
 * @param operations  every stored operation of the session, or at least those naming a device and
 * those of the changed students
 */
export function reachOf(
  changed: ReadonlySet<Id>,
  operations: readonly ResolvableOperation[],
): Reach {
  const deviceKeys = new Set<Id>();
  for (const op of operations) {
    if (op.deviceKeyId !== null && changed.has(op.studentId)) deviceKeys.add(op.deviceKeyId);
  }
  const students = new Set(changed);
  for (const op of operations) {
    if (op.deviceKeyId !== null && deviceKeys.has(op.deviceKeyId)) students.add(op.studentId);
  }
  return { students, deviceKeys };
}

/** What is kept between arrivals: every operation once, and the answers so far. */
export interface Ledger {
  readonly operations: ReadonlyMap<Id, ResolvableOperation>;
  readonly register: Register;
}

/** A ledger before the first arrival. */
export function emptyLedger(context: SessionContext, roster: readonly Id[]): Ledger {
  return { operations: new Map(), register: resolveSession(context, roster, []) };
}

/**
 * Takes one batch as the database does: known ids are skipped, and only the students and devices in
 * reach are resolved again, or the whole roster where the batch made the class a taken one.
 */
export function takeBatch(
  context: SessionContext,
  roster: readonly Id[],
  ledger: Ledger,
  batch: readonly ResolvableOperation[],
): Ledger {
  const operations = new Map(ledger.operations);
  const changed = new Set<Id>();
  for (const op of batch) {
    if (operations.has(op.opId)) continue;
    operations.set(op.opId, op);
    changed.add(op.studentId);
  }
  if (changed.size === 0) return ledger;
  const all = [...operations.values()];
  const taken = isTaken(context, roster, all);
  if (taken !== ledger.register.taken) {
    return { operations, register: resolveSession(context, roster, all) };
  }
  return { operations, register: resolveReach(context, roster, ledger.register, changed, all) };
}

function resolveReach(
  context: SessionContext,
  roster: readonly Id[],
  before: Register,
  changed: ReadonlySet<Id>,
  operations: readonly ResolvableOperation[],
): Register {
  const { students, deviceKeys } = reachOf(changed, operations);
  const reached = operations.filter((op) => students.has(op.studentId));
  const shared = sharedKeys(operations);
  const members = roster.filter((id) => students.has(id));
  const records = new Map(before.records);
  const conflicts = before.conflicts.filter(
    ({ studentId, deviceKeyId }) =>
      !(studentId !== null && students.has(studentId)) &&
      !(deviceKeyId !== null && deviceKeys.has(deviceKeyId)),
  );
  for (const studentId of members) {
    const own = reached.filter((op) => op.studentId === studentId);
    const autoOpId = context.autoOpIdOf(studentId);
    const answer = resolveStudent({ ...context, taken: before.taken, autoOpId }, own, shared);
    records.set(studentId, answer.resolution);
    conflicts.push(...answer.conflicts);
  }
  conflicts.push(...sharedDeviceConflicts(deviceKeys, reached, new Set(roster)));
  return { taken: before.taken, records, conflicts };
}

function isTaken(
  context: SessionContext,
  roster: readonly Id[],
  operations: readonly ResolvableOperation[],
): boolean {
  const members = new Set(roster);
  const standing = standingMarks(operations);
  const machine = standing.filter(
    ({ rank, studentId }) => isMachineRank(rank) && rank >= RANK.weak && members.has(studentId),
  );
  const facts: TakenFacts = {
    humanOperations: standing.filter(({ rank }) => rank >= RANK.faculty).length,
    wasObserved: context.wasObserved,
    machineStudents: new Set(machine.map(({ studentId }) => studentId)).size,
    rosterSize: roster.length,
  };
  return wasTaken(facts, context.policy);
}

/** Facts that decide whether a class was really taken (marks.md section 4). */
export interface TakenFacts {
  readonly humanOperations: number;
  readonly wasObserved: boolean;
  readonly machineStudents: number;
  readonly rosterSize: number;
}

/** Says whether attendance was taken; a class nobody took makes nobody absent. */
export function wasTaken(facts: TakenFacts, policy: SessionPolicy): boolean {
  if (facts.humanOperations > 0 || facts.wasObserved) return true;
  return (
    facts.machineStudents > 0 &&
    facts.machineStudents * 10_000 >= facts.rosterSize * policy.takenMinShareBp
  );
}
