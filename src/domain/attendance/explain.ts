/**
 * Says of every stored claim of one student why it decided the record or why it did not
 * (marks.md sections 2 to 4). Pure; it judges beside the winner the resolver has named.
 */
import type { Id, SessionPolicy } from '../types.ts';
import {
  isStudentCaptured,
  seenRelation,
  standingMarks,
  type HasSeen,
  type ResolvableOperation,
} from './operation.ts';
import { isHumanRank, isMachineRank, RANK } from './ranks.ts';

/** Every reason there is, with the sentence a person reads. */
export const EXPLANATIONS = {
  won_alone: 'It is the only entry that counts.',
  won_highest_rank: 'It is the strongest entry.',
  won_after_seeing: 'Whoever made it had seen the other entries of equal strength.',
  won_latest: 'Several entries are equally strong; the latest one counts.',
  won_earliest: 'Several entries are equally strong; the earliest arrival counts.',
  won_over_leave: 'The student was seen in class, which counts more than the approved leave.',
  won_leave_stands: 'The leave stands: an empty seat is what a leave predicts.',
  won_automatic: 'Nothing else counts, so the end of the class made the student absent.',
  lost_lower_rank: 'A stronger entry decided.',
  lost_shared_device: 'Its phone was used for several students, which makes it a weak entry.',
  lost_recheck_missed: 'The student missed a re-check, which makes the scan a weak entry.',
  lost_earlier: 'A later entry of equal strength decided.',
  lost_later: 'An earlier arrival of equal strength decided.',
  lost_tie: 'Another entry of the same moment decided.',
  lost_dominated: 'Somebody saw this entry and decided anew.',
  lost_to_leave: 'An approved leave explains the empty seat.',
  lost_withdrawn: 'It was taken back.',
  lost_settled: 'It waited for a person, who has decided.',
  not_counted: 'It does not count in this class.',
  exit_noted: 'It notes the leaving and serves the rule on the time stayed.',
  withdrawal: 'It takes an earlier entry back.',
  pending_approval: 'It counts only after a person has confirmed it.',
  pending_review: 'It waits for a person to look at it.',
  rejected: 'It was refused when it arrived.',
} as const;

/** A stable code of a reason. */
export type ExplanationCode = keyof typeof EXPLANATIONS;

/** A stored operation with the moment it reached the server, in Unix milliseconds. */
export interface ExplainableOperation extends ResolvableOperation {
  readonly receivedAtMs: number;
}

/** Why one claim won or lost. */
export interface Explanation {
  readonly opId: Id;
  readonly code: ExplanationCode;
  /** One sentence for people. */
  readonly text: string;
  readonly isWinner: boolean;
  readonly isWithdrawn: boolean;
  /** The rank it counts with, after rule R11 lowered it. */
  readonly countedRank: number;
}

/** What the record says and how its class counts. */
export interface ExplanationContext {
  /** The operation that decided the record, or null for none. */
  readonly winnerOpId: Id | null;
  readonly policy: Pick<SessionPolicy, 'offlineQr'>;
  /** Device keys that claims of several students of the session name (R11). */
  readonly sharedKeys: ReadonlySet<Id>;
}

/**
 * Explains every stored operation of one student in one session, in the order given. The winner is
 * the only one whose code begins with `won_`.
 */
export function explainOperations(
  context: ExplanationContext,
  operations: readonly ExplainableOperation[],
): Explanation[] {
  const contest = contestOf(context, operations);
  return operations.map((op) => {
    const code = codeOf(contest, op);
    return {
      opId: op.opId,
      code,
      text: EXPLANATIONS[code],
      isWinner: op.opId === context.winnerOpId,
      isWithdrawn: isWithdrawn(contest, op),
      countedRank: contest.rankOf(op),
    };
  });
}

/** What each claim is compared with. */
interface Contest {
  readonly winner: ExplainableOperation | undefined;
  readonly operations: readonly ExplainableOperation[];
  readonly standing: ReadonlySet<ExplainableOperation>;
  /** Standing entries that count, whatever became of them. */
  readonly candidates: readonly ExplainableOperation[];
  readonly hasSeen: HasSeen;
  readonly rankOf: (op: ExplainableOperation) => number;
  readonly isPending: (op: ExplainableOperation) => boolean;
}

function contestOf(
  { winnerOpId, policy, sharedKeys }: ExplanationContext,
  operations: readonly ExplainableOperation[],
): Contest {
  const rankOf = (op: ExplainableOperation): number => {
    const isShared = op.deviceKeyId !== null && sharedKeys.has(op.deviceKeyId);
    const isDoubted = op.recheckMissed === true || (isShared && isStudentCaptured(op));
    return isDoubted && op.rank > RANK.weak && op.rank <= RANK.biometric ? RANK.weak : op.rank;
  };
  const isPending = (op: ExplainableOperation): boolean =>
    op.rank === RANK.selfEntry ||
    (op.rank === RANK.offlineQr && policy.offlineQr !== 'provisional');
  const standing = standingMarks(operations);
  return {
    winner: operations.find((op) => op.opId === winnerOpId),
    operations,
    standing: new Set(standing),
    candidates: standing.filter(
      (op) => op.phase === 'entry' && op.rank !== RANK.autoAbsent && !isPending(op),
    ),
    hasSeen: seenRelation(operations),
    rankOf,
    isPending,
  };
}

function codeOf(contest: Contest, op: ExplainableOperation): ExplanationCode {
  if (op === contest.winner) return winningCode(contest, op);
  if (op.outcome === 'rejected') return 'rejected';
  if (isWithdrawn(contest, op)) return 'lost_withdrawn';
  if (op.outcome === 'review') return isAnswered(contest, op) ? 'lost_settled' : 'pending_review';
  if (op.kind === 'withdraw') return 'withdrawal';
  if (op.phase === 'exit') return 'exit_noted';
  if (contest.isPending(op)) {
    return isAnswered(contest, op) ? 'lost_settled' : 'pending_approval';
  }
  return contest.winner ? losingCode(contest, op, contest.winner) : 'not_counted';
}

function isWithdrawn({ operations, standing }: Contest, op: ExplainableOperation): boolean {
  if (op.kind !== 'mark') return false;
  if (op.outcome === 'admitted') return !standing.has(op);
  // A waiting entry may be taken back, too: a refused self-entry is.
  return operations.some(
    (other) =>
      other.kind === 'withdraw' && other.outcome === 'admitted' && other.targetOpId === op.opId,
  );
}

/** A person has decided on a waiting entry: by naming it, or by a correction made after it came. */
function isAnswered({ standing }: Contest, op: ExplainableOperation): boolean {
  return [...standing].some(
    (other) =>
      isHumanRank(other.rank) &&
      ((other.rank === RANK.correction && other.receivedAtMs >= op.receivedAtMs) ||
        other.baseOpId === op.opId ||
        other.acks.includes(op.opId)),
  );
}

function winningCode(contest: Contest, winner: ExplainableOperation): ExplanationCode {
  if (winner.rank === RANK.autoAbsent) return 'won_automatic';
  const rank = contest.rankOf(winner);
  const others = contest.candidates.filter((op) => op !== winner);
  if (others.length === 0) return 'won_alone';
  if (rank === RANK.leave && others.some((op) => contest.rankOf(op) > rank)) {
    return 'won_leave_stands';
  }
  const equals = others.filter((op) => contest.rankOf(op) === rank);
  if (equals.length === 0) {
    const hasLeave = others.some((op) => op.rank === RANK.leave);
    return hasLeave && isHumanRank(rank) ? 'won_over_leave' : 'won_highest_rank';
  }
  if (isMachineRank(rank)) return 'won_earliest';
  const isSeenByNone = (op: ExplainableOperation): boolean => !isDominated(contest, op);
  return isHumanRank(rank) && !equals.some(isSeenByNone) ? 'won_after_seeing' : 'won_latest';
}

function losingCode(
  contest: Contest,
  op: ExplainableOperation,
  winner: ExplainableOperation,
): ExplanationCode {
  const rank = contest.rankOf(op);
  const winnerRank = contest.rankOf(winner);
  if (rank < winnerRank) {
    if (rank === op.rank || op.rank < winnerRank) return 'lost_lower_rank';
    return op.recheckMissed === true ? 'lost_recheck_missed' : 'lost_shared_device';
  }
  if (isHumanRank(rank) && isDominated(contest, op)) return 'lost_dominated';
  if (rank > winnerRank) return op.mark === 'absent' ? 'lost_to_leave' : 'lost_earlier';
  if (op.effAtMs === winner.effAtMs) return 'lost_tie';
  return op.effAtMs < winner.effAtMs ? 'lost_earlier' : 'lost_later';
}

/** R7: somebody of equal rank saw it and it saw nothing of them. */
function isDominated({ candidates, hasSeen, rankOf }: Contest, op: ExplainableOperation): boolean {
  return candidates.some(
    (other) =>
      other !== op &&
      rankOf(other) === rankOf(op) &&
      hasSeen(other.opId, op.opId) &&
      !hasSeen(op.opId, other.opId),
  );
}

const RANK_WORDS: ReadonlyMap<number, string> = new Map([
  [RANK.correction, 'approved correction'],
  [RANK.override, 'override by the department or an administrator'],
  [RANK.faculty, 'staff of the class'],
  [RANK.leave, 'approved leave'],
  [RANK.biometric, 'biometric match'],
  [RANK.biometricNoLiveness, 'biometric match without a check for a living person'],
  [RANK.qr, 'scanned code'],
  [RANK.card, 'card at a reader'],
  [RANK.weak, 'weak evidence'],
  [RANK.offlineQr, 'code scanned without a connection'],
  [RANK.selfEntry, "student's own entry"],
  [RANK.autoAbsent, 'automatic at the end of the class'],
]);

/** What a rank means in plain words. */
export function rankWord(rank: number): string {
  return RANK_WORDS.get(rank) ?? 'other evidence';
}
