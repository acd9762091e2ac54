/**
 * The resolver: from the whole set of stored operations of one student in one session to the
 * record, whatever the order of arrival (marks.md sections 3 to 5). Pure: no clock, no database.
 */
import type {
  ExcuseCategory,
  Id,
  Mark,
  MarkSource,
  SessionPolicy,
  SessionStatus,
} from '../types.ts';
import { studentConflicts, type Conflict, type RankedOperation } from './conflicts.ts';
import {
  compareIds,
  isStudentCaptured,
  seenRelation,
  standingMarks,
  type HasSeen,
  type ResolvableOperation,
} from './operation.ts';
import { isHumanRank, isMachineRank, RANK } from './ranks.ts';

const SHARED_DEVICE = 'shared_device';
const RECHECK_MISSED = 'recheck_missed';

/** What the rules need of the session; `autoOpId` names the automatic absence of this student. */
export interface ResolutionContext {
  readonly status: SessionStatus;
  readonly taken: boolean;
  readonly policy: SessionPolicy;
  /** The late reference: the later of the scheduled start and the first display of a code. */
  readonly lateReferenceMs: number;
  readonly scheduledStartMs: number;
  readonly autoOpId: Id;
}

/** The record the operations give; null when nothing counts (the student reads as unmarked). */
export interface Resolution {
  readonly mark: Mark;
  readonly winnerOpId: Id;
  readonly rank: number;
  readonly source: MarkSource;
  readonly arrivalMs: number | null;
  readonly excuseCategory: ExcuseCategory | null;
  readonly flags: readonly string[];
}

/** The answer for one student: the record, and the contradictions behind it. */
export interface StudentAnswer {
  readonly resolution: Resolution | null;
  readonly conflicts: readonly Conflict[];
}

const NO_KEYS: ReadonlySet<Id> = new Set();

/** The record of one student with no shared device; see `resolveStudent`. */
export function resolve(
  context: ResolutionContext,
  operations: readonly ResolvableOperation[],
): Resolution | null {
  return resolveStudent(context, operations).resolution;
}

/**
 * Resolves one student's operations.
 * @param operations  every stored operation of the student in the session, in any order
 * @param shared  device keys that claims of several students of the session name (R11)
 * @see marks.md section 4
 */
export function resolveStudent(
  context: ResolutionContext,
  operations: readonly ResolvableOperation[],
  shared: ReadonlySet<Id> = NO_KEYS,
): StudentAnswer {
  const standing = standingMarks(operations);
  const doubts = [
    ...(standing.some((op) => isShared(op, shared)) ? [SHARED_DEVICE] : []),
    ...(standing.some((op) => op.recheckMissed === true) ? [RECHECK_MISSED] : []),
  ];
  const ranked = standing.map((op) => ({ op, rank: countedRank(op, shared) }));
  const claims = ranked.filter(({ op }) => op.phase === 'entry' && op.mark !== null);
  const candidates = claims.filter(({ rank }) => counts(rank, context.policy));
  const hasSeen = seenRelation(operations);
  const top = strongest(candidates);
  const undominated = isHumanRank(top[0]?.rank ?? 0) ? undominatedOf(top, hasSeen) : [];
  const word = latest(undominated);
  const winner = pickWinner(candidates, top, word);
  if (!winner) return { resolution: withDoubts(autoAbsence(context), doubts), conflicts: [] };
  const arrivalMs = isMachineRank(winner.rank) ? arrival(candidates, winner) : null;
  const derived = deriveMark(context, ranked, winner, arrivalMs);
  const resolution: Resolution = {
    mark: derived.mark,
    winnerOpId: winner.op.opId,
    rank: winner.rank,
    source: winner.op.source,
    arrivalMs,
    excuseCategory: derived.mark === 'excused' ? (winner.op.excuseCategory ?? 'other') : null,
    flags: [...new Set([...winner.op.flags, ...derived.flags])].sort(),
  };
  return {
    resolution: withDoubts(resolution, doubts),
    conflicts: studentConflicts({ winner, word, claims, undominated, hasSeen }),
  };
}

function withDoubts(resolution: Resolution | null, doubts: readonly string[]): Resolution | null {
  if (!resolution || doubts.length === 0) return resolution;
  return { ...resolution, flags: [...new Set([...resolution.flags, ...doubts])].sort() };
}

function isShared(op: ResolvableOperation, shared: ReadonlySet<Id>): boolean {
  return op.deviceKeyId !== null && isStudentCaptured(op) && shared.has(op.deviceKeyId);
}

/** A claim from a phone that several students used, or followed by a missed re-check, counts as the weakest kind. */
function countedRank(op: ResolvableOperation, shared: ReadonlySet<Id>): number {
  const isDoubted = op.recheckMissed === true || isShared(op, shared);
  return isDoubted && op.rank > RANK.weak && op.rank <= RANK.biometric ? RANK.weak : op.rank;
}

function autoAbsence(context: ResolutionContext): Resolution | null {
  const isOver = context.status === 'closed' || context.status === 'locked';
  if (!isOver || !context.taken || !context.policy.autoAbsent) return null;
  return {
    mark: 'absent',
    winnerOpId: context.autoOpId,
    rank: RANK.autoAbsent,
    source: 'system',
    arrivalMs: null,
    excuseCategory: null,
    flags: [],
  };
}

/** Pending ranks never win; a materialised automatic absence is recomputed, not counted. */
function counts(rank: number, policy: SessionPolicy): boolean {
  return rank === RANK.offlineQr ? policy.offlineQr === 'provisional' : rank >= RANK.weak;
}

function strongest(candidates: readonly RankedOperation[]): RankedOperation[] {
  const highest = Math.max(...candidates.map(({ rank }) => rank), 0);
  return candidates.filter(({ rank }) => rank === highest);
}

function pickWinner(
  candidates: readonly RankedOperation[],
  top: readonly RankedOperation[],
  word: RankedOperation | undefined,
): RankedOperation | undefined {
  if (!word) return top[0]?.rank === RANK.leave ? latest(top) : earliest(top);
  if (word.rank === RANK.faculty && word.op.mark === 'absent') {
    // R9: an empty seat is what leave predicts, so the leave stands.
    return latest(candidates.filter((claim) => claim.rank === RANK.leave)) ?? word;
  }
  return word;
}

/**
 * R7: an operation whose author saw another, unseen by it, outranks that other one. Seeing is
 * transitive, so this is a partial order and someone is always left.
 */
function undominatedOf(ops: readonly RankedOperation[], hasSeen: HasSeen): RankedOperation[] {
  const dominates = (y: RankedOperation, x: RankedOperation): boolean =>
    hasSeen(y.op.opId, x.op.opId) && !hasSeen(x.op.opId, y.op.opId);
  return ops.filter((x) => !ops.some((y) => y !== x && dominates(y, x)));
}

function latest(ops: readonly RankedOperation[]): RankedOperation | undefined {
  return [...ops].sort(
    (a, b) => b.op.effAtMs - a.op.effAtMs || compareIds(b.op.opId, a.op.opId),
  )[0];
}

function earliest(ops: readonly RankedOperation[]): RankedOperation | undefined {
  return [...ops].sort(
    (a, b) => a.op.effAtMs - b.op.effAtMs || compareIds(a.op.opId, b.op.opId),
  )[0];
}

/** R8: the earliest machine claim of rank 50 or more fixes the arrival, else the winner. */
function arrival(candidates: readonly RankedOperation[], winner: RankedOperation): number {
  const strong = candidates.filter(({ rank }) => isMachineRank(rank) && rank >= RANK.qr);
  const instants = strong.map(({ op }) => op.effAtMs);
  return instants.length > 0 ? Math.min(...instants) : winner.op.effAtMs;
}

function deriveMark(
  context: ResolutionContext,
  standing: readonly RankedOperation[],
  winner: RankedOperation,
  arrivalMs: number | null,
): { mark: Mark; flags: string[] } {
  if (winner.rank === RANK.leave) return { mark: 'excused', flags: [] };
  if (arrivalMs === null) return { mark: winner.op.mark ?? 'present', flags: [] };
  const punctual = punctuality(context, arrivalMs);
  if (punctual === 'absent') return { mark: 'absent', flags: ['too_late'] };
  const stay = stayVerdict(context.policy, standing);
  if (stay === 'short_stay') return { mark: 'absent', flags: ['short_stay'] };
  return { mark: punctual, flags: stay === 'exit_missing' ? ['exit_missing'] : [] };
}

/**
 * Present, late or too late from an arrival (marks.md section 5); both bounds are inclusive.
 * @param arrivalMs  Unix milliseconds
 */
export function punctuality(
  context: Pick<ResolutionContext, 'policy' | 'lateReferenceMs' | 'scheduledStartMs'>,
  arrivalMs: number,
): 'present' | 'late' | 'absent' {
  const { policy } = context;
  const reference =
    policy.lateFrom === 'scheduled_start' ? context.scheduledStartMs : context.lateReferenceMs;
  if (arrivalMs <= reference + policy.lateAfterMinutes * 60_000) return 'present';
  const isTooLate =
    policy.absentAfterMinutes !== null &&
    arrivalMs > reference + policy.absentAfterMinutes * 60_000;
  return isTooLate ? 'absent' : 'late';
}

/** The stay rule (marks.md section 5): a double tap never costs a mark, an early exit does. */
function stayVerdict(
  policy: SessionPolicy,
  standing: readonly RankedOperation[],
): 'kept' | 'exit_missing' | 'short_stay' {
  if (policy.stayMode !== 'first_last') return 'kept';
  const machine = standing
    .filter(({ rank }) => isMachineRank(rank) && counts(rank, policy))
    .map(({ op }) => op)
    .sort((a, b) => a.effAtMs - b.effAtMs || compareIds(a.opId, b.opId));
  const first = machine[0];
  const last = machine.at(-1);
  if (!first || !last) return 'exit_missing';
  if (last.effAtMs - first.effAtMs >= policy.minStayMinutes * 60_000) return 'kept';
  return last.phase === 'exit' ? 'short_stay' : 'exit_missing';
}
