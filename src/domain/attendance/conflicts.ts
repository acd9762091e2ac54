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
  /** The strongest word of a person; not the winner where a leave explains the absence (R9). */
  readonly word: RankedOperation | undefined;
  /** Every standing claim of presence, absence or excuse, the winner among them. */
  readonly claims: readonly RankedOperation[];
  /** Undominated claims of the word's rank, the word among them. */
  readonly undominated: readonly RankedOperation[];
  readonly hasSeen: HasSeen;
}

/**
 * The contradictions of one student, at most one of a kind: claims of another class than the winner
 * (R6), and people of equal standing who did not know of each other and said different things (R7). Settled where the winner's author had
 * seen the other claims, or where one person has seen the winner and all of them; the record has
 * its value either way.
 */
export function studentConflicts(contest: Contest): Conflict[] {
  const { winner, word, claims } = contest;
  const contrary = claims.filter((other) => other.rank >= RANK.weak && contradicts(winner, other));
  const rivals = contest.undominated.filter(({ op }) => op.mark !== word?.op.mark);
  const ofKind = Map.groupBy(contrary, (other) => kindOf(winner, other));
  const conflicts: Conflict[] = [];
  for (const [kind, others] of ofKind) {
    if (kind !== 'human_vs_human') conflicts.push(conflictOf(kind, winner, others, contest));
  }
  const people = new Set([...(ofKind.get('human_vs_human') ?? []), ...rivals]);
  if (word && people.size > 0) {
    conflicts.push(conflictOf('human_vs_human', word, [...people], contest));
  }
  return conflicts;
}

function conflictOf(
  kind: ConflictKind,
  first: RankedOperation,
  others: readonly RankedOperation[],
  contest: Contest,
): Conflict {
  return {
    kind,
    studentId: first.op.studentId,
    deviceKeyId: null,
    opIds: [first, ...others].map(({ op }) => op.opId).sort(compareIds),
    state: isSettled(first, others, contest) ? 'settled' : 'open',
  };
}

function isSettled(
  first: RankedOperation,
  others: readonly RankedOperation[],
  { claims, hasSeen }: Contest,
): boolean {
  const sawAll = (viewer: RankedOperation): boolean =>
    others.every(({ op }) => hasSeen(viewer.op.opId, op.opId));
  return (
    sawAll(first) ||
    claims.some(
      (claim) => isHumanRank(claim.rank) && hasSeen(claim.op.opId, first.op.opId) && sawAll(claim),
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
