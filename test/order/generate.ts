/** Random classes for the order proof: claims of all kinds, and a random way they arrive (marks.md section 14). */
import type { ResolvableOperation } from '../../src/domain/attendance/operation.ts';
import type { SessionContext } from '../../src/domain/attendance/resolve-session.ts';
import { DEFAULT_SESSION_POLICY } from '../../src/domain/settings.ts';
import type { Id, Mark, MarkSource, SessionPolicy } from '../../src/domain/types.ts';
import { isLucky, pick, shuffle, type Dice } from './dice.ts';

/** One case: the claims, each once, and the batches in which they and their repeats arrive. */
export interface OrderCase {
  readonly context: SessionContext;
  readonly roster: readonly Id[];
  readonly operations: readonly ResolvableOperation[];
  readonly batches: readonly (readonly ResolvableOperation[])[];
}

const START = Date.UTC(2026, 7, 14, 4, 30);
const MINUTE = 60_000;

/** Instants around every bound of the policies below, few enough that claims tie. */
const GRID: readonly [number, ...number[]] = [
  START - 2 * MINUTE,
  START,
  START + 5 * MINUTE,
  START + 5 * MINUTE + 1,
  START + 15 * MINUTE,
  START + 20 * MINUTE,
  START + 20 * MINUTE + 1,
  START + 50 * MINUTE,
];

const RANKS = [10, 20, 30, 40, 45, 50, 55, 60, 70, 80, 90, 100] as const;
const NO_IDS: readonly Id[] = [];

/** Ids that claims refer to though no such claim is in the case. */
export const ABSENT_IDS: readonly [Id, Id] = ['absent-1', 'absent-2'];

/** The id of the automatic absence of a student. */
const autoOpIdOf = (studentId: Id): Id => `auto-${studentId}`;

/** Draws a whole case: who, what was claimed, and how it arrives. */
export function drawCase(dice: Dice): OrderCase {
  const operations = drawOperations(dice);
  const students = [...new Set(operations.map((op) => op.studentId))];
  return {
    context: drawContext(dice),
    roster: drawRoster(dice, students),
    operations,
    batches: drawArrival(dice, operations),
  };
}

/** Some rosters hold a student without claims, some lack one who made some. */
function drawRoster(dice: Dice, students: readonly Id[]): Id[] {
  const silent = isLucky(dice, 20) ? ['student-silent'] : [];
  const members = students.length > 1 && isLucky(dice, 10) ? students.slice(1) : students;
  return [...members, ...silent];
}

function drawContext(dice: Dice): SessionContext {
  return {
    status: isLucky(dice, 70) ? 'closed' : 'open',
    policy: drawPolicy(dice),
    lateReferenceMs: START + pick(dice, [0, 0, 10]) * MINUTE,
    scheduledStartMs: START,
    autoOpIdOf,
    wasObserved: isLucky(dice, 50),
  };
}

function drawPolicy(dice: Dice): SessionPolicy {
  return {
    ...DEFAULT_SESSION_POLICY,
    offlineQr: pick(dice, ['off', 'confirm_first', 'provisional']),
    stayMode: pick(dice, ['single', 'first_last']),
    minStayMinutes: pick(dice, [10, 45]),
    absentAfterMinutes: pick(dice, [null, null, 20]),
    takenMinShareBp: pick(dice, [0, 1_000, 5_000, 10_000]),
    autoAbsent: isLucky(dice, 75),
    lateFrom: pick(dice, ['reference', 'scheduled_start']),
  };
}

/** What a claim may refer to and name. */
interface Surroundings {
  readonly studentId: Id;
  /** Ids of the same student's claims. */
  readonly own: readonly Id[];
  /** Ids of every claim of the case. */
  readonly all: readonly Id[];
  readonly deviceKeys: readonly [Id, ...Id[]];
}

function drawOperations(dice: Dice): ResolvableOperation[] {
  const deviceKeys = pick(dice, [['key-1'], ['key-1', 'key-2'], ['key-1', 'key-2', 'key-3']]);
  const claims: { readonly opId: Id; readonly studentId: Id }[] = [];
  const studentCount = 1 + dice.below(6);
  // Ids in random order, so that ties by id fall on any rank, student and instant.
  const numbers = shuffle(dice, ID_NUMBERS);
  for (let student = 1; student <= studentCount; student += 1) {
    const studentId = `student-${student}`;
    const count = 1 + dice.below(12);
    if (isLucky(dice, 10)) claims.push({ opId: autoOpIdOf(studentId), studentId });
    while (claims.filter((claim) => claim.studentId === studentId).length < count) {
      claims.push({ opId: `op-${numbers.pop() ?? 'last'}`, studentId });
    }
  }
  const all = claims.map(({ opId }) => opId);
  const drawn = claims.map(({ opId, studentId }) => {
    const own = claims.filter((claim) => claim.studentId === studentId).map(({ opId }) => opId);
    if (opId === autoOpIdOf(studentId)) return autoAbsence(studentId);
    return drawOperation(dice, opId, {
      studentId,
      own,
      all,
      deviceKeys: deviceKeys as [Id, ...Id[]],
    });
  });
  const missed = new Set(claims.map(({ studentId }) => studentId).filter(() => isLucky(dice, 4)));
  return drawn.map((op) => ({ ...op, recheckMissed: missed.has(op.studentId) && isScan(op) }));
}

/** A missed re-check tells against scans alone. */
const isScan = ({ source }: ResolvableOperation): boolean => source === 'qr';

const ID_NUMBERS = Array.from({ length: 6 * 12 }, (_, index) => String(index).padStart(2, '0'));

/** One claim of any kind with a given id. */
function drawOperation(dice: Dice, opId: Id, around: Surroundings): ResolvableOperation {
  return isLucky(dice, 12) ? drawWithdrawal(dice, opId, around) : drawMark(dice, opId, around);
}

function drawWithdrawal(dice: Dice, opId: Id, around: Surroundings): ResolvableOperation {
  return {
    ...blank(opId, around.studentId),
    kind: 'withdraw',
    rank: pick(dice, [70, 90]),
    source: pick(dice, ['system', 'manual']),
    effAtMs: pick(dice, GRID),
    targetOpId: drawReference(dice, around),
    outcome: drawOutcome(dice),
  };
}

function drawMark(dice: Dice, opId: Id, around: Surroundings): ResolvableOperation {
  const rank = pick(dice, RANKS.slice(1) as [number, ...number[]]);
  const source = drawSource(dice, rank);
  return {
    ...blank(opId, around.studentId),
    mark: drawMarkOf(dice, rank),
    rank,
    source,
    effAtMs: pick(dice, GRID),
    baseOpId: isLucky(dice, 55) ? drawReference(dice, around) : null,
    acks: drawAcks(dice, around),
    excuseCategory: rank >= 70 ? pick(dice, [null, 'medical', 'sport']) : null,
    phase: rank < 70 && isLucky(dice, 15) ? 'exit' : 'entry',
    flags: isLucky(dice, 15) ? ['clock_flagged'] : [],
    outcome: drawOutcome(dice),
    deviceKeyId: drawDeviceKey(dice, rank, source, around),
  };
}

/** A teacher's phone holds a whole class; it names a key without being a shared device. */
function drawDeviceKey(
  dice: Dice,
  rank: number,
  source: MarkSource,
  around: Surroundings,
): Id | null {
  const percent = source === 'qr' || source === 'self' ? 60 : rank === 80 ? 10 : 0;
  return isLucky(dice, percent) ? pick(dice, around.deviceKeys) : null;
}

const drawOutcome = (dice: Dice): ResolvableOperation['outcome'] =>
  isLucky(dice, 88) ? 'admitted' : pick(dice, ['review', 'rejected']);

function drawSource(dice: Dice, rank: number): MarkSource {
  if (rank === 100) return 'correction';
  if (rank >= 80) return 'manual';
  if (rank === 70) return 'leave';
  if (rank >= 55) return 'biometric';
  if (rank === 45) return 'card';
  if (rank === 40) return pick(dice, ['qr', 'biometric']);
  return rank === 20 ? 'self' : 'qr';
}

function drawMarkOf(dice: Dice, rank: number): Mark {
  if (rank < 70) return 'present';
  if (rank === 70) return 'excused';
  if (rank === 80) return pick(dice, ['present', 'late', 'absent', 'absent']);
  return pick(dice, ['present', 'late', 'absent', 'excused']);
}

/** Mostly a claim of the same student, itself and later ones included, so that cycles occur. */
function drawReference(dice: Dice, { own, all }: Surroundings): Id {
  const roll = dice.below(100);
  if (roll < 8) return pick(dice, ABSENT_IDS);
  const among = roll < 18 ? all : own;
  return among[dice.below(among.length)] ?? ABSENT_IDS[0];
}

function drawAcks(dice: Dice, around: Surroundings): readonly Id[] {
  const count = Math.max(0, dice.below(6) - 2);
  if (count === 0) return NO_IDS;
  return Array.from({ length: count }, () => drawReference(dice, around));
}

function autoAbsence(studentId: Id): ResolvableOperation {
  return {
    ...blank(autoOpIdOf(studentId), studentId),
    mark: 'absent',
    rank: 10,
    source: 'system',
    effAtMs: START + 60 * MINUTE,
  };
}

function blank(opId: Id, studentId: Id): ResolvableOperation {
  return {
    opId,
    studentId,
    kind: 'mark',
    mark: null,
    rank: 80,
    source: 'manual',
    effAtMs: START,
    baseOpId: null,
    acks: NO_IDS,
    targetOpId: null,
    excuseCategory: null,
    phase: 'entry',
    flags: [],
    outcome: 'admitted',
    deviceKeyId: null,
  };
}

/** Any order, any repeats, any cut into batches; a repeat is a copy, as it is on the wire. */
function drawArrival(
  dice: Dice,
  operations: readonly ResolvableOperation[],
): ResolvableOperation[][] {
  const repeats = operations.filter(() => isLucky(dice, 25)).map((op) => ({ ...op }));
  const arriving = shuffle(dice, [...operations, ...repeats]);
  const cutPercent = pick(dice, [0, 15, 40, 100]);
  const batches: ResolvableOperation[][] = [];
  let batch: ResolvableOperation[] = [];
  for (const op of arriving) {
    if (batch.length > 0 && isLucky(dice, cutPercent)) {
      batches.push(batch);
      batch = [];
    }
    batch.push(op);
  }
  return [...batches, batch];
}

/** One more admitted claim of a student, its id new or one that other claims refer to in vain. */
export function drawLateMark(dice: Dice, { operations }: OrderCase): ResolvableOperation {
  const all = operations.map((op) => op.opId);
  const studentId = operations[dice.below(operations.length)]?.studentId ?? 'student-1';
  const own = operations.filter((op) => op.studentId === studentId).map((op) => op.opId);
  const opId = pick(dice, ['op-new', ...ABSENT_IDS]);
  const deviceKeys: [Id, ...Id[]] = ['key-1', 'key-2', 'key-3'];
  const mark = drawMark(dice, opId, { studentId, own, all, deviceKeys });
  const missed = operations.some((op) => op.studentId === studentId && op.recheckMissed === true);
  return { ...mark, outcome: 'admitted', recheckMissed: missed && isScan(mark) };
}
