/**
 * The rules of marks.md sections 3 to 5 written a second time, as plainly as the text has them and
 * sharing no code with the product, so that a misreading in one shows as a difference.
 */
import type { ResolvableOperation as Op } from '../../src/domain/attendance/operation.ts';
import type { Id, Mark } from '../../src/domain/types.ts';
import type { OrderCase } from './generate.ts';

const MINUTE = 60_000;

const byTime = (a: Op, b: Op) => a.effAtMs - b.effAtMs || (a.opId < b.opId ? -1 : 1);
const firstOf = (ops: readonly Op[]): Op | undefined => ops.toSorted(byTime)[0];
const lastOf = (ops: readonly Op[]): Op | undefined => ops.toSorted(byTime).at(-1);
const isMachine = (rank: number) => rank >= 30 && rank <= 60;

/** Every student's answer and every contradiction, in the form `projectRegister` gives. */
export function referenceProjection(drawn: OrderCase): string {
  const { answers, shared } = readCase(drawn);
  const lines = answers.map(({ record }) => JSON.stringify(record));
  const contradictions = [...answers.flatMap((answer) => answer.conflicts), ...shared].map(
    (conflict) => JSON.stringify(conflict),
  );
  return [...lines.sort(), ...contradictions.sort()].join('\n');
}

/** The same as data: what each student's record says and which claim says it. */
export interface ReferenceAnswers {
  readonly records: ReadonlyMap<Id, { readonly mark: Mark; readonly winner: Id } | null>;
  readonly conflicts: readonly { readonly opIds: readonly Id[]; readonly state: string }[];
}

/** Every student's answer and the contradictions, for those who go on working with them. */
export function referenceAnswers(drawn: OrderCase): ReferenceAnswers {
  const { answers, shared } = readCase(drawn);
  const conflicts = [...answers.flatMap((answer) => answer.conflicts), ...shared];
  return {
    records: new Map(answers.map(({ student, said }) => [student, said])),
    conflicts: conflicts.map(([, , opIds, state]) => ({ opIds, state })),
  };
}

function readCase(drawn: OrderCase) {
  const facts = readFacts(drawn);
  const answers = drawn.roster.map((student) => {
    const { record, conflicts } = answerOf(drawn, facts, student);
    const [, found] = record;
    const said = found && { mark: found[0], winner: found[1] };
    return { student, record, said, conflicts };
  });
  return { answers, shared: sharedPhones(drawn, facts) };
}

type Facts = ReturnType<typeof readFacts>;

/** What holds for the whole class: which claims stand, their ranks, who saw what. */
function readFacts({ context, roster, operations }: OrderCase) {
  const { policy } = context;
  const isWithdrawn = (o: Op) =>
    o.rank < 80 &&
    operations.some(
      (w) =>
        w.kind === 'withdraw' &&
        w.outcome === 'admitted' &&
        w.studentId === o.studentId &&
        w.targetOpId === o.opId,
    );
  const admissible = operations.filter(
    (o) => o.kind === 'mark' && o.outcome === 'admitted' && !isWithdrawn(o),
  );
  // R11
  const captured = admissible.filter(
    (o) => o.deviceKeyId !== null && (o.source === 'qr' || o.source === 'self'),
  );
  const isShared = (o: Op) =>
    captured.includes(o) &&
    captured.some((p) => p.deviceKeyId === o.deviceKeyId && p.studentId !== o.studentId);
  const isDoubted = (o: Op) => isShared(o) || o.recheckMissed === true;
  const rankOf = (o: Op) => (o.rank > 40 && o.rank <= 60 && isDoubted(o) ? 40 : o.rank);
  const isCounting = (o: Op) =>
    rankOf(o) >= 40 || (rankOf(o) === 30 && policy.offlineQr === 'provisional');
  const scanned = admissible.filter(
    (o) => isMachine(o.rank) && o.rank >= 40 && roster.includes(o.studentId),
  );
  const share = new Set(scanned.map((o) => o.studentId)).size / roster.length;
  const isTaken =
    context.wasObserved ||
    admissible.some((o) => o.rank >= 80) ||
    (scanned.length > 0 && share >= policy.takenMinShareBp / 10_000);
  /** Walks the references of one student's claims from x, looking for y. */
  const hasSeen = (x: Op, y: Op): boolean => {
    const own = operations.filter((o) => o.studentId === x.studentId);
    const walked = new Set<Op>();
    let front = [x];
    while (front.length > 0) {
      const named = front.flatMap((o) => [o.baseOpId, ...o.acks]);
      front = own.filter((o) => named.includes(o.opId) && !walked.has(o));
      for (const o of front) walked.add(o);
    }
    return walked.has(y);
  };
  return { admissible, captured, isShared, rankOf, isCounting, isTaken, hasSeen };
}

/** What a record says: mark, winning claim, arrival, category of an excuse, flags. */
type Said = readonly [Mark, Id, number | null, string | null, readonly string[]];

interface Answer {
  readonly record: readonly [student: Id, said: Said | null];
  readonly conflicts: readonly Conflict[];
}

/** The pseudocode of section 4 for one student. */
function answerOf(drawn: OrderCase, facts: Facts, student: string): Answer {
  const { admissible, isShared, rankOf, isCounting, hasSeen } = facts;
  const standing = admissible.filter((o) => o.studentId === student);
  const E = standing.filter((o) => o.phase === 'entry');
  const C = E.filter(isCounting);
  const sharing = [
    ...(standing.some((o) => o.recheckMissed === true) ? ['recheck_missed'] : []),
    ...(standing.some(isShared) ? ['shared_device'] : []),
  ];
  const highest = Math.max(...C.map(rankOf), 0);
  const T = C.filter((o) => rankOf(o) === highest);
  const free = T.filter((x) => !T.some((y) => y !== x && hasSeen(y, x) && !hasSeen(x, y)));
  const spoken = highest >= 80 ? lastOf(free) : undefined;
  let winner = highest >= 80 ? spoken : highest === 70 ? lastOf(T) : firstOf(T);
  if (winner?.rank === 80 && winner.mark === 'absent') {
    winner = lastOf(C.filter((o) => o.rank === 70)) ?? winner;
  }
  if (!winner)
    return { record: [student, automatic(drawn, facts, student, sharing)], conflicts: [] };
  const { mark, arrival, flags } = derive(drawn, facts, winner, { standing, C });
  const category = mark === 'excused' ? (winner.excuseCategory ?? 'other') : null;
  const allFlags = [...new Set([...winner.flags, ...sharing, ...flags])].sort();
  const rivals = spoken ? free.filter((o) => o.mark !== spoken.mark) : [];
  return {
    record: [student, [mark, winner.opId, arrival, category, allFlags]],
    conflicts: contradictionsOf(facts, winner, { E, spoken, rivals }),
  };
}

function automatic(
  { context }: OrderCase,
  { isTaken }: Facts,
  student: string,
  flags: readonly string[],
): Said | null {
  const isOver = context.status === 'closed' || context.status === 'locked';
  if (!isOver || !context.policy.autoAbsent || !isTaken) return null;
  return ['absent', context.autoOpIdOf(student), null, null, flags];
}

/** Section 5, for machine winners; people and leaves say what they say. */
function derive(
  { context }: OrderCase,
  { rankOf, isCounting }: Facts,
  winner: Op,
  { standing, C }: { readonly standing: readonly Op[]; readonly C: readonly Op[] },
): { mark: Mark; arrival: number | null; flags: string[] } {
  const { policy } = context;
  if (winner.rank === 70) return { mark: 'excused', arrival: null, flags: [] };
  if (winner.rank >= 80) {
    return { mark: winner.mark ?? 'present', arrival: null, flags: [] };
  }
  const strong = C.filter((o) => isMachine(rankOf(o)) && rankOf(o) >= 50);
  const arrival = (firstOf(strong) ?? winner).effAtMs;
  const reference =
    policy.lateFrom === 'reference' ? context.lateReferenceMs : context.scheduledStartMs;
  const isLate = arrival > reference + policy.lateAfterMinutes * MINUTE;
  const limit = policy.absentAfterMinutes;
  if (isLate && limit !== null && arrival > reference + limit * MINUTE) {
    return { mark: 'absent', arrival, flags: ['too_late'] };
  }
  const mark = isLate ? 'late' : 'present';
  if (policy.stayMode === 'single') return { mark, arrival, flags: [] };
  const seen = standing.filter((o) => isMachine(rankOf(o)) && isCounting(o));
  const last = lastOf(seen);
  const stayed = (last?.effAtMs ?? 0) - (firstOf(seen)?.effAtMs ?? 0);
  if (stayed >= policy.minStayMinutes * MINUTE) return { mark, arrival, flags: [] };
  if (last?.phase === 'exit') return { mark: 'absent', arrival, flags: ['short_stay'] };
  return { mark, arrival, flags: ['exit_missing'] };
}

type Conflict = readonly [kind: string, about: string | null, ids: string[], state: string];

/** R6, R7 and R9. */
function contradictionsOf(
  { rankOf, hasSeen }: Facts,
  winner: Op,
  {
    E,
    spoken,
    rivals,
  }: { readonly E: readonly Op[]; readonly spoken: Op | undefined; readonly rivals: readonly Op[] },
): Conflict[] {
  const isExpected = (o: Op) => winner.rank === 70 && o.rank === 80 && o.mark === 'absent';
  const against = E.filter(
    (o) => rankOf(o) >= 40 && classOf(o) !== classOf(winner) && !isExpected(o),
  );
  const conflict = (kind: string, first: Op | undefined, others: readonly Op[]): Conflict[] => {
    if (!first || others.length === 0) return [];
    const sawAll = (o: Op) => others.every((other) => hasSeen(o, other));
    const isSettled =
      sawAll(first) || E.some((o) => o.rank >= 80 && hasSeen(o, first) && sawAll(o));
    const ids = [...new Set([first, ...others])].map((o) => o.opId).sort();
    return [[kind, winner.studentId, ids, isSettled ? 'settled' : 'open']];
  };
  const people = against.filter((o) => o.rank >= 80);
  const leaves = against.filter((o) => o.rank === 70);
  const machines = against.filter((o) => o.rank < 70);
  if (winner.rank === 70) {
    return [
      ...conflict('human_vs_leave', winner, people),
      ...conflict('leave_vs_machine', winner, machines),
      ...conflict('human_vs_human', spoken, rivals),
    ];
  }
  return [
    ...conflict('human_vs_human', winner, [...people, ...rivals]),
    ...conflict('human_vs_leave', winner, leaves),
    ...conflict('human_vs_machine', winner, machines),
  ];
}

const classOf = (o: Op) => (o.mark === 'excused' ? 'excused' : o.mark === 'absent' ? 'out' : 'in');

/** R11: one contradiction per key, settled when a person saw each colliding claim. */
function sharedPhones({ operations, roster }: OrderCase, facts: Facts): Conflict[] {
  const { admissible, captured, isShared, hasSeen } = facts;
  const keys = new Set(captured.filter(isShared).map((o) => o.deviceKeyId));
  return [...keys].map((key) => {
    const colliding = captured.filter((o) => o.deviceKeyId === key);
    // Nothing waits for a word on somebody who left the class.
    const isSettled = colliding.every(
      (o) =>
        !roster.includes(o.studentId) ||
        operations.some(
          (p) =>
            p.studentId === o.studentId && p.rank >= 80 && admissible.includes(p) && hasSeen(p, o),
        ),
    );
    const ids = colliding.map((o) => o.opId).sort();
    return ['shared_device', key, ids, isSettled ? 'settled' : 'open'];
  });
}
