/** Contradictions between the winning claim and the others of one student (rules R6, R7 and R9). */
import type { ConflictKind, Id, Mark } from '../types.ts';
import { compareIds, type HasSeen, type ResolvableOperation } from './operation.ts';
import { isHumanRank, RANK } from './ranks.ts';

/** A contradiction as the rules find it; `opIds` ascend. */
export interface Conflict {
  readonly kind: ConflictKind;
  /** Null where several students share a device. */
  readonly studentId: Id | null;
  readonly deviceKeyId: Id | null;
  readonly opIds: readonly Id[];
  readonly state: 'open' | 'settled';
}

/** A standing claim with the rank it counts with. */
export interface RankedOperation {
  readonly op: ResolvableOperation;
  /** After rule R11 lowered it. */
  readonly rank: number;
}

/** What the winner is compared with. */
export interface Contest {
  readonly winner: RankedOperation;
  /** Every standing claim of presence, absence or excuse, the winner among them. */
  readonly claims: readonly RankedOperation[];
  /** Undominated claims of the winner's rank, where people spoke. */
  readonly undominated: readonly RankedOperation[];
  readonly hasSeen: HasSeen;
}

/**
 * The contradictions of one student, at most one of a kind. Settled where the winner's author had
 * seen the other claims, or where one person has seen the winner and all of them; the record has
 * its value either way.
 */
export function studentConflicts({ winner, claims, undominated, hasSeen }: Contest): Conflict[] {
  const contrary = claims.filter(
    (other) =>
      other.op !== winner.op &&
      other.rank >= RANK.weak &&
      (contradicts(winner, other) || isRivalWord(winner, other, undominated)),
  );
  const ofKind = Map.groupBy(contrary, (other) => kindOf(winner, other));
  return [...ofKind].map(([kind, others]) => ({
    kind,
    studentId: winner.op.studentId,
    deviceKeyId: null,
    opIds: [winner, ...others].map(({ op }) => op.opId).sort(compareIds),
    state: isSettled(winner, others, claims, hasSeen) ? 'settled' : 'open',
  }));
}

function isSettled(
  winner: RankedOperation,
  others: readonly RankedOperation[],
  claims: readonly RankedOperation[],
  hasSeen: HasSeen,
): boolean {
  const sawAll = (viewer: RankedOperation): boolean =>
    others.every(({ op }) => hasSeen(viewer.op.opId, op.opId));
  return (
    sawAll(winner) ||
    claims.some(
      (claim) => isHumanRank(claim.rank) && hasSeen(claim.op.opId, winner.op.opId) && sawAll(claim),
    )
  );
}

function contradicts(winner: RankedOperation, other: RankedOperation): boolean {
  return classOf(winner.op) !== classOf(other.op) && !isExpectedAbsence(winner, other);
}

/** R9: an empty seat is what a leave predicts. */
function isExpectedAbsence(a: RankedOperation, b: RankedOperation): boolean {
  const isEmptySeat = ({ op }: RankedOperation) => op.rank === RANK.faculty && op.mark === 'absent';
  return (a.rank === RANK.leave && isEmptySeat(b)) || (b.rank === RANK.leave && isEmptySeat(a));
}

/** R7: two people of equal standing who did not know of each other and said different things. */
function isRivalWord(
  winner: RankedOperation,
  other: RankedOperation,
  undominated: readonly RankedOperation[],
): boolean {
  return (
    isHumanRank(winner.rank) && undominated.includes(other) && other.op.mark !== winner.op.mark
  );
}

function kindOf(winner: RankedOperation, other: RankedOperation): ConflictKind {
  const humans = [winner, other].filter(({ rank }) => isHumanRank(rank)).length;
  if (humans === 2) return 'human_vs_human';
  const hasLeave = winner.rank === RANK.leave || other.rank === RANK.leave;
  if (humans === 1) return hasLeave ? 'human_vs_leave' : 'human_vs_machine';
  return 'leave_vs_machine';
}

type MarkClass = 'in' | 'out' | 'excused';

function classOf(op: ResolvableOperation): MarkClass {
  return op.rank === RANK.leave ? 'excused' : markClass(op.mark ?? 'present');
}

/** The class of a mark for contradictions (R6). */
export function markClass(mark: Mark): MarkClass {
  if (mark === 'excused') return 'excused';
  return mark === 'absent' ? 'out' : 'in';
}
