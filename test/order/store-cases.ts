/** Random classes written straight into a database, past the mark path, many in a few statements. */
import * as entity from '../../src/db/entities/index.ts';
import type { Em } from '../../src/db/orm.ts';
import type { ResolvableOperation } from '../../src/domain/attendance/operation.ts';
import type { SessionContext } from '../../src/domain/attendance/resolve-session.ts';
import type { Id, SessionStatus } from '../../src/domain/types.ts';
import { autoAbsentOpId } from '../../src/operations/records/settle-records.ts';
import { uuidV5 } from '../../src/security/uuid-v5.ts';
import { campusDay, type World } from '../factories.ts';
import { seededDice } from './dice.ts';
import { ABSENT_IDS, drawCase, type OrderCase } from './generate.ts';

/** A case as it lies in the database, under ids of the database. */
export interface StoredCase {
  readonly seed: number;
  readonly caseNumber: number;
  readonly sessionId: Id;
  readonly context: SessionContext;
  readonly roster: readonly Id[];
  readonly operations: readonly ResolvableOperation[];
}

const EPOCH = 1;
const HOUR = 3_600_000;
const CHUNK = 500;

/**
 * Draws the cases of a seed and stores each as a session of its own.
 * @param world  with seven students or more
 */
export async function storeCases(
  em: Em,
  world: World,
  { seed, count }: { seed: number; count: number },
): Promise<StoredCase[]> {
  const deviceKeys = await storeDeviceKeys(em, seed);
  const cases: StoredCase[] = [];
  for (let caseNumber = 1; caseNumber <= count; caseNumber += 1) {
    const drawn = drawCase(seededDice(seed, caseNumber));
    cases.push(translate(drawn, { seed, caseNumber, world, deviceKeys }));
  }
  await storeSessions(em, world, cases);
  const operations = cases.flatMap(({ sessionId, operations }) =>
    operations.map((op) => operationRow(sessionId, op)),
  );
  for (let from = 0; from < operations.length; from += CHUNK) {
    await em.insertMany(entity.AttendanceOperation, operations.slice(from, from + CHUNK));
  }
  await storeRechecks(em, cases);
  return cases;
}

/** The re-check of each case in which somebody missed one. */
async function storeRechecks(em: Em, cases: readonly StoredCase[]): Promise<void> {
  const missed = cases.flatMap(({ sessionId, context, operations }) => {
    const students = operations
      .filter((op) => op.recheckMissed === true)
      .map(({ studentId }) => studentId);
    const at = new Date(context.scheduledStartMs);
    const id = uuidV5(NAMESPACE, `${sessionId}|recheck`);
    return students.length === 0 ? [] : [{ id, sessionId, at, students: new Set(students) }];
  });
  await em.insertMany(
    entity.Recheck,
    missed.map(({ id, sessionId, at }) => ({
      id,
      session: sessionId,
      status: 'settled' as const,
      percent: 10,
      dueAt: at,
    })),
  );
  await em.insertMany(
    entity.RecheckPick,
    missed.flatMap(({ id, students }) =>
      [...students].map((student) => ({ recheck: id, student, missed: true })),
    ),
  );
}

async function storeDeviceKeys(em: Em, seed: number): Promise<ReadonlyMap<Id, Id>> {
  const names = ['key-1', 'key-2', 'key-3'];
  const ids = new Map(names.map((name) => [name, uuidV5(NAMESPACE, `${seed}|${name}`)]));
  await em.insertMany(
    entity.DeviceKey,
    [...ids.values()].map((id) => ({ id, jkt: id, publicKey: {} })),
  );
  return ids;
}

const NAMESPACE = '6f1c1f0e-0a53-4b57-9a36-52d5a2d0d9b1';

interface Place {
  readonly seed: number;
  readonly caseNumber: number;
  readonly world: World;
  readonly deviceKeys: ReadonlyMap<Id, Id>;
}

/** The case under ids of the database; the first absent id is a claim of the session before. */
function translate(drawn: OrderCase, { seed, caseNumber, world, deviceKeys }: Place): StoredCase {
  const idIn = (number: number, name: Id) => uuidV5(NAMESPACE, `${seed}|${number}|${name}`);
  const sessionId = idIn(caseNumber, 'session');
  const studentOf = (name: Id): Id => {
    const student = world.students[name === 'student-silent' ? 6 : Number(name.slice(-1)) - 1];
    if (!student) throw new Error(`no student for ${name}`);
    return student.id;
  };
  const autoOpIdOf = (studentId: Id): Id =>
    autoAbsentOpId({ id: sessionId, epoch: EPOCH }, studentId);
  const before = drawCase(seededDice(seed, Math.max(1, caseNumber - 1))).operations[0];
  const opIdOf = (name: Id): Id => {
    if (name.startsWith('auto-')) return autoOpIdOf(studentOf(name.slice('auto-'.length)));
    if (name === ABSENT_IDS[0] && caseNumber > 1) return idIn(caseNumber - 1, before?.opId ?? name);
    return idIn(caseNumber, name);
  };
  const { context } = drawn;
  return {
    seed,
    caseNumber,
    sessionId,
    context: {
      ...context,
      status: statusOf(context.status, caseNumber),
      lateReferenceMs: context.wasObserved ? context.lateReferenceMs : context.scheduledStartMs,
      autoOpIdOf,
    },
    roster: drawn.roster.map(studentOf),
    operations: drawn.operations.map((op) => ({
      ...op,
      opId: opIdOf(op.opId),
      studentId: studentOf(op.studentId),
      baseOpId: op.baseOpId === null ? null : opIdOf(op.baseOpId),
      acks: op.acks.map(opIdOf),
      targetOpId: op.targetOpId === null ? null : opIdOf(op.targetOpId),
      deviceKeyId: op.deviceKeyId === null ? null : (deviceKeys.get(op.deviceKeyId) ?? null),
    })),
  };
}

/** The generator draws open and closed ones; the others answer alike and are checked too. */
function statusOf(drawn: SessionStatus, caseNumber: number): SessionStatus {
  if (caseNumber % 5 !== 0) return drawn;
  if (drawn === 'closed') return 'locked';
  return caseNumber % 2 === 0 ? 'scheduled' : 'cancelled';
}

async function storeSessions(em: Em, world: World, cases: readonly StoredCase[]): Promise<void> {
  const sectionOf = (sessionId: Id) => uuidV5(NAMESPACE, `${sessionId}|section`);
  const day = campusDay(0, new Date(cases[0]?.context.scheduledStartMs ?? 0));
  await em.insertMany(
    entity.CourseSection,
    cases.map(({ sessionId }) => ({
      id: sectionOf(sessionId),
      course: world.course,
      semester: world.semester,
      campus: world.campus,
      sectionName: sessionId,
    })),
  );
  await em.insertMany(
    entity.Enrolment,
    cases.flatMap(({ sessionId, roster }) =>
      roster.map((student) => ({
        id: uuidV5(NAMESPACE, `${sessionId}|${student}`),
        student,
        courseSection: sectionOf(sessionId),
        validFrom: day,
        validTo: null,
      })),
    ),
  );
  await em.insertMany(
    entity.AttendanceSession,
    cases.map(({ sessionId, context }) =>
      sessionRow(world, sectionOf(sessionId), sessionId, context),
    ),
  );
  await em.insertMany(
    entity.SessionSection,
    cases.map(({ sessionId }) => ({ session: sessionId, courseSection: sectionOf(sessionId) })),
  );
}

function sessionRow(world: World, courseSection: Id, id: Id, context: SessionContext) {
  const startAt = new Date(context.scheduledStartMs);
  const endAt = new Date(context.scheduledStartMs + HOUR);
  return {
    id,
    campus: world.campus,
    courseSection,
    faculty: world.faculty.id,
    room: world.room.id,
    scheduledDate: campusDay(0, startAt),
    startAt,
    endAt,
    opensAt: startAt,
    closesAt: endAt,
    lateReferenceAt: context.wasObserved ? new Date(context.lateReferenceMs) : null,
    status: context.status,
    component: 'L' as const,
    kind: 'regular' as const,
    epoch: EPOCH,
    autoOpen: true,
    policy: context.policy,
  };
}

function operationRow(session: Id, op: ResolvableOperation) {
  return {
    opId: op.opId,
    session,
    student: op.studentId,
    kind: op.kind,
    mark: op.mark,
    rank: op.rank,
    source: op.source,
    effAt: new Date(op.effAtMs),
    receivedAt: new Date(op.effAtMs),
    outcome: op.outcome,
    deviceKey: op.deviceKeyId,
    epoch: EPOCH,
    baseOpId: op.baseOpId,
    acks: [...op.acks],
    targetOpId: op.targetOpId,
    excuseCategory: op.excuseCategory,
    phase: op.phase,
    flags: [...op.flags],
    payloadHash: '',
    result: {},
  };
}
