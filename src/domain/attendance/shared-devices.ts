/** One device, one student: what claims of two students on one device key bring about (rule R11). */
import type { Id } from '../types.ts';
import type { Conflict } from './conflicts.ts';
import {
  compareIds,
  isStudentCaptured,
  seenRelation,
  standingMarks,
  type ResolvableOperation,
} from './operation.ts';
import { isHumanRank } from './ranks.ts';

/**
 * The device keys that claims of two or more students name.
 * @param operations  every stored operation of the session that names a device, and its withdrawals
 */
export function sharedKeys(operations: readonly ResolvableOperation[]): Set<Id> {
  const shared = new Set<Id>();
  for (const [key, ops] of byDevice(operations)) {
    if (new Set(ops.map((op) => op.studentId)).size > 1) shared.add(key);
  }
  return shared;
}

/**
 * The conflict of each shared key: open until a person's word has seen every colliding claim. Claims
 * of students who left the roster still collide, but nobody can speak about those students any more,
 * so nothing waits for it.
 * @param keys  the keys to look at
 * @param operations  every stored operation of the students with claims on these keys
 * @param roster  at least those of these students who are on it
 */
export function sharedDeviceConflicts(
  keys: ReadonlySet<Id>,
  operations: readonly ResolvableOperation[],
  roster: ReadonlySet<Id>,
): Conflict[] {
  const conflicts: Conflict[] = [];
  const shared = sharedKeys(operations);
  const ofStudent = Map.groupBy(operations, (op) => op.studentId);
  for (const [key, colliding] of byDevice(operations)) {
    if (!keys.has(key) || !shared.has(key)) continue;
    const isSettled = colliding
      .filter((op) => roster.has(op.studentId))
      .every((op) => wasSeen(op, ofStudent.get(op.studentId) ?? []));
    conflicts.push({
      kind: 'shared_device',
      studentId: null,
      deviceKeyId: key,
      opIds: colliding.map((op) => op.opId).sort(compareIds),
      state: isSettled ? 'settled' : 'open',
    });
  }
  return conflicts;
}

function byDevice(operations: readonly ResolvableOperation[]): Map<Id, ResolvableOperation[]> {
  const found = new Map<Id, ResolvableOperation[]>();
  for (const op of standingMarks(operations)) {
    if (op.deviceKeyId === null || !isStudentCaptured(op)) continue;
    const ops = found.get(op.deviceKeyId);
    if (ops) ops.push(op);
    else found.set(op.deviceKeyId, [op]);
  }
  return found;
}

function wasSeen(op: ResolvableOperation, own: readonly ResolvableOperation[]): boolean {
  const hasSeen = seenRelation(own);
  return standingMarks(own).some(
    (other) => isHumanRank(other.rank) && hasSeen(other.opId, op.opId),
  );
}
