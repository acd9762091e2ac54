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
import { isHumanRank, isMachineRank, RANK } from './ranks.ts';

/** A stored operation as the rules see it; `effAtMs` is Unix milliseconds on the server's clock. */
export interface ResolvableOperation {
  readonly opId: Id;
  readonly kind: 'mark' | 'withdraw';
  readonly mark: Mark | null;
  readonly rank: number;
  readonly source: MarkSource;
  readonly effAtMs: number;
  readonly baseOpId: Id | null;
  readonly acks: readonly Id[];
  readonly targetOpId: Id | null;
  readonly excuseCategory: ExcuseCategory | null;
  readonly phase: 'entry' | 'exit';
  readonly flags: readonly string[];
}

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

/**
 * Resolves one student's operations.
 * @param operations  every stored operation of the student in the session, in any order
 * @see marks.md section 4
 */
export function resolve(
  context: ResolutionContext,
  operations: readonly ResolvableOperation[],
): Resolution | null {
  const admitted = withoutWithdrawn(operations);
  const candidates = admitted.filter((op) => op.phase === 'entry' && counts(op, context.policy));
  const winner = pickWinner(candidates, operations);
  if (!winner) return autoAbsence(context);
  const arrivalMs = isMachineRank(winner.rank) ? arrival(candidates, winner) : null;
  const derived = deriveMark(context, admitted, winner, arrivalMs);
  return {
    mark: derived.mark,
    winnerOpId: winner.opId,
    rank: winner.rank,
    source: winner.source,
    arrivalMs,
    excuseCategory: derived.mark === 'excused' ? (winner.excuseCategory ?? 'other') : null,
    flags: [...new Set([...winner.flags, ...derived.flags])].sort(),
  };
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

/** The marks that still stand: withdrawals and what they took back are gone (marks.md section 3). */
export function withoutWithdrawn<O extends ResolvableOperation>(operations: readonly O[]): O[] {
  const withdrawn = new Set(
    operations.filter((op) => op.kind === 'withdraw').map((op) => op.targetOpId),
  );
  return operations.filter(
    (op) => op.kind === 'mark' && (!withdrawn.has(op.opId) || isHumanRank(op.rank)),
  );
}

/** Pending ranks never win; a materialised automatic absence is recomputed, not counted. */
function counts(op: ResolvableOperation, policy: SessionPolicy): boolean {
  if (op.rank === RANK.offlineQr) return policy.offlineQr === 'provisional';
  return op.rank >= RANK.weak && op.mark !== null;
}

function pickWinner(
  candidates: readonly ResolvableOperation[],
  all: readonly ResolvableOperation[],
): ResolvableOperation | undefined {
  const highest = Math.max(...candidates.map((op) => op.rank), 0);
  const top = candidates.filter((op) => op.rank === highest);
  const winner = pickAmongEqual(top, highest, all);
  if (winner?.rank === RANK.faculty && winner.mark === 'absent') {
    // R9: an empty seat is what leave predicts, so the leave stands.
    const leaves = candidates.filter((op) => op.rank === RANK.leave);
    return latest(leaves) ?? winner;
  }
  return winner;
}

function pickAmongEqual(
  top: readonly ResolvableOperation[],
  rank: number,
  all: readonly ResolvableOperation[],
): ResolvableOperation | undefined {
  if (isHumanRank(rank)) return latest(undominated(top, all));
  return rank === RANK.leave ? latest(top) : earliest(top);
}

/** R7: an operation whose author saw another, unseen by it, outranks that other one. */
function undominated(
  ops: readonly ResolvableOperation[],
  all: readonly ResolvableOperation[],
): ResolvableOperation[] {
  const byId = new Map(all.map((op) => [op.opId, op]));
  const seen = new Map(ops.map((op) => [op.opId, seenBy(op, byId)]));
  const hasSeen = (a: Id, b: Id): boolean => seen.get(a)?.has(b) ?? false;
  const left = ops.filter(
    (x) => !ops.some((y) => y !== x && hasSeen(y.opId, x.opId) && !hasSeen(x.opId, y.opId)),
  );
  return left.length > 0 ? left : [...ops];
}

function seenBy(op: ResolvableOperation, byId: ReadonlyMap<Id, ResolvableOperation>): Set<Id> {
  const seen = new Set<Id>();
  const queue = references(op);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const other = byId.get(next);
    if (other) queue.push(...references(other));
  }
  return seen;
}

function references(op: ResolvableOperation): Id[] {
  return op.baseOpId === null ? [...op.acks] : [op.baseOpId, ...op.acks];
}

function latest(ops: readonly ResolvableOperation[]): ResolvableOperation | undefined {
  return [...ops].sort((a, b) => b.effAtMs - a.effAtMs || compareIds(b.opId, a.opId))[0];
}

function earliest(ops: readonly ResolvableOperation[]): ResolvableOperation | undefined {
  return [...ops].sort((a, b) => a.effAtMs - b.effAtMs || compareIds(a.opId, b.opId))[0];
}

function compareIds(a: Id, b: Id): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** R8: the earliest machine claim of rank 50 or more fixes the arrival, else the winner. */
function arrival(candidates: readonly ResolvableOperation[], winner: ResolvableOperation): number {
  const strong = candidates.filter((op) => isMachineRank(op.rank) && op.rank >= RANK.qr);
  return Math.min(...strong.map((op) => op.effAtMs), strong.length > 0 ? Infinity : winner.effAtMs);
}

function deriveMark(
  context: ResolutionContext,
  admitted: readonly ResolvableOperation[],
  winner: ResolvableOperation,
  arrivalMs: number | null,
): { mark: Mark; flags: string[] } {
  if (winner.rank === RANK.leave) return { mark: 'excused', flags: [] };
  if (arrivalMs === null) return { mark: winner.mark ?? 'present', flags: [] };
  const punctual = punctuality(context, arrivalMs);
  if (punctual === 'absent') return { mark: 'absent', flags: ['too_late'] };
  const stay = stayVerdict(context.policy, admitted);
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
  admitted: readonly ResolvableOperation[],
): 'kept' | 'exit_missing' | 'short_stay' {
  if (policy.stayMode !== 'first_last') return 'kept';
  const machine = admitted
    .filter((op) => isMachineRank(op.rank) && op.rank >= RANK.weak)
    .sort((a, b) => a.effAtMs - b.effAtMs || compareIds(a.opId, b.opId));
  const first = machine[0];
  const last = machine.at(-1);
  if (!first || !last) return 'exit_missing';
  if (last.effAtMs - first.effAtMs >= policy.minStayMinutes * 60_000) return 'kept';
  return last.phase === 'exit' ? 'short_stay' : 'exit_missing';
}

/** Facts that decide whether a class was really taken (marks.md section 4). */
export interface TakenFacts {
  readonly humanOperations: number;
  readonly headCounts: number;
  readonly wasCodeDisplayed: boolean;
  readonly machineStudents: number;
  readonly rosterSize: number;
}

/** Says whether attendance was taken; a class nobody took makes nobody absent. */
export function wasTaken(facts: TakenFacts, policy: SessionPolicy): boolean {
  if (facts.humanOperations > 0 || facts.headCounts > 0 || facts.wasCodeDisplayed) return true;
  return (
    facts.machineStudents > 0 &&
    facts.machineStudents * 10_000 >= facts.rosterSize * policy.takenMinShareBp
  );
}
