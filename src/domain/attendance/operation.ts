/** A stored claim as the rules see it, and the simple questions every rule asks of it. */
import type { ExcuseCategory, Id, Mark, MarkSource, OperationOutcome } from '../types.ts';
import { isHumanRank } from './ranks.ts';

/** A stored operation; `effAtMs` is Unix milliseconds on the server's clock. */
export interface ResolvableOperation {
  readonly opId: Id;
  readonly studentId: Id;
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
  readonly outcome: OperationOutcome;
  /** The key of the phone or browser it was captured with, or null. */
  readonly deviceKeyId: Id | null;
  /** A scan of a student who was drawn for a re-check and missed it (presence.md section 8). */
  readonly recheckMissed?: boolean;
}

/**
 * The marks that stand: admitted at receipt and not withdrawn, in any order of arrival. A withdrawal
 * names a claim of its own student; one that names another's would change records nobody resolves
 * again. A person's word cannot be withdrawn, only outranked or followed (marks.md section 3).
 */
export function standingMarks<O extends ResolvableOperation>(operations: readonly O[]): O[] {
  const targets = new Map<Id | null, Id[]>();
  for (const op of operations) {
    if (op.kind !== 'withdraw' || op.outcome !== 'admitted') continue;
    targets.set(op.targetOpId, [...(targets.get(op.targetOpId) ?? []), op.studentId]);
  }
  const isWithdrawn = (op: O): boolean =>
    !isHumanRank(op.rank) && (targets.get(op.opId)?.includes(op.studentId) ?? false);
  return operations.filter(
    (op) => op.kind === 'mark' && op.outcome === 'admitted' && !isWithdrawn(op),
  );
}

/** A student captured it on a phone of their own; a teacher's phone may hold a whole class. */
export function isStudentCaptured({ source }: Pick<ResolvableOperation, 'source'>): boolean {
  return source === 'qr' || source === 'self';
}

/** Text order of ids, the last resort of every tie. */
export function compareIds(a: Id, b: Id): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Answers which claims a claim has seen, directly or through others (marks.md section 1). */
export type HasSeen = (viewer: Id, viewed: Id) => boolean;

/**
 * Builds the relation "has seen" over one student's stored operations. References to operations of
 * other students or sessions lead nowhere.
 */
export function seenRelation(operations: readonly ResolvableOperation[]): HasSeen {
  const byId = new Map(operations.map((op) => [op.opId, op]));
  const known = new Map<Id, Set<Id>>();
  return (viewer, viewed) => {
    const op = byId.get(viewer);
    if (!op) return false;
    const seen = known.get(viewer) ?? reachable(op, byId);
    known.set(viewer, seen);
    return seen.has(viewed);
  };
}

function reachable(
  start: ResolvableOperation,
  byId: ReadonlyMap<Id, ResolvableOperation>,
): Set<Id> {
  const seen = new Set<Id>();
  const queue = references(start);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const op = byId.get(next);
    if (!op || seen.has(next)) continue;
    seen.add(next);
    queue.push(...references(op));
  }
  return seen;
}

function references(op: ResolvableOperation): Id[] {
  return op.baseOpId === null ? [...op.acks] : [op.baseOpId, ...op.acks];
}
