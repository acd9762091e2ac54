/** Makes up what happened in the classes that are over, and writes it. */
import { createHash } from 'node:crypto';
import { rows } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Id, LocalDate } from '../../domain/types.ts';
import type { OperationDraft } from '../../operations/records/apply-operations.ts';
import type { GeneratedSession } from '../../operations/timetable/insert-sessions.ts';
import { canonicalJson } from '../../security/canonical-json.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import { CodeClasses } from './code-class.ts';
import {
  HOUR_MS,
  idAt,
  iso,
  MINUTE_MS,
  SEED_ACTOR,
  seededPerson,
  type SeedContext,
} from './context.ts';
import type { DemoDevices } from './devices.ts';
import type { LeaveModel } from './leaves.ts';
import { Register } from './register.ts';
import type { SectionModel, StudentModel, University } from './university.ts';
import { writeRegisters } from './write-registers.ts';

/** A class that is over, as it will be written. */
export interface PastClass {
  readonly register: Register;
  readonly section: SectionModel;
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  readonly lockDueAtMs: number;
  readonly lockedAtMs: number | null;
}

/** What the past is made from. */
export interface HistoryInput {
  readonly university: University;
  readonly sessions: readonly GeneratedSession[];
  readonly leaves: readonly LeaveModel[];
  readonly devices: DemoDevices;
}

/** What a class is played with. */
interface PlayInput extends HistoryInput {
  readonly codes: CodeClasses;
}

/** How a class's attendance was taken. */
type Style = 'roll_call' | 'terminal' | 'codes' | 'not_taken';

const NOT_TAKEN_SECTION = 'CS304-B';
const NOT_TAKEN_AGE_DAYS = 9;
/** Shares of classes and marks that make the past plausible. */
const TERMINAL_SHARE = 0.45;
const EXPLICIT_ABSENT_SHARE = 0.5;
const MISSED_PUNCH_SHARE = 0.03;
const CHANGED_MIND_SHARE = 0.02;

/**
 * Plays every class that is over through its register and writes the result.
 * @param onProgress  told the share done, from 0 to 1
 */
export async function writeHistory(
  context: SeedContext,
  input: HistoryInput,
  onProgress: (share: number) => void,
): Promise<PastClass[]> {
  const over = input.sessions
    .filter(({ closesAt }) => Date.parse(closesAt) < context.nowMs)
    .sort((a, b) => Date.parse(a.startAt) - Date.parse(b.startAt));
  const codes = new CodeClasses(context);
  const notTaken = chooseNotTaken(context, input.university, over);
  const past: PastClass[] = [];
  for (const [index, session] of over.entries()) {
    past.push(playClass(context, { ...input, codes }, session, session === notTaken));
    onProgress((index / over.length) * 0.4);
    // Lets the progress bar draw; the work itself never waits.
    if (index % 40 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await codes.writePhones(context.em);
  await writeRegisters(context.em, past, (share) => onProgress(0.4 + share * 0.6));
  await codes.write(context.em);
  await markTerminalsSeen(context, input.devices);
  return past;
}

function chooseNotTaken(
  context: SeedContext,
  university: University,
  over: readonly GeneratedSession[],
): GeneratedSession | undefined {
  const section = university.sections.find(({ name }) => name === NOT_TAKEN_SECTION);
  const before = context.nowMs - NOT_TAKEN_AGE_DAYS * 24 * HOUR_MS;
  return over
    .filter(({ slot, endAt }) => slot.courseSectionId === section?.id && Date.parse(endAt) < before)
    .at(-1);
}

function playClass(
  context: SeedContext,
  input: PlayInput,
  session: GeneratedSession,
  isNotTaken: boolean,
): PastClass {
  const section = input.university.sections.find(({ id }) => id === session.slot.courseSectionId);
  if (!section) throw new Error(`session ${session.id} of an unknown section`);
  const roster = rosterOn(section, session.date);
  const register = new Register(
    context,
    session,
    roster.map(({ id }) => id),
  );
  const openedAtMs = Date.parse(session.opensAt) + context.random.between(150, 900);
  const closedAtMs = Date.parse(session.closesAt) + context.random.between(150, 900);
  const lockDueAtMs = closedAtMs + session.policy.lockAfterHours * HOUR_MS;
  const excused = excuses(input.leaves, session, new Set(roster));
  const early = excused.filter(({ decidedAtMs }) => (decidedAtMs ?? 0) < openedAtMs);
  for (const leave of early) applyLeave(register, leave, leave.decidedAtMs ?? openedAtMs);
  register.open(openedAtMs);
  const style = styleOf(context, input, { session, section, isNotTaken });
  const onLeave = new Set(excused.map(({ student }) => student));
  takeAttendance(context, input, { register, section, roster, onLeave, style });
  register.close(closedAtMs);
  for (const leave of excused.filter((item) => !early.includes(item))) {
    applyLeave(register, leave, Math.max(leave.decidedAtMs ?? 0, closedAtMs + MINUTE_MS));
  }
  const isLocked = lockDueAtMs < context.nowMs;
  const lockedAtMs = isLocked ? lockDueAtMs + context.random.between(150, 900) : null;
  if (lockedAtMs !== null) register.lock(lockedAtMs, digestOf(register));
  return { register, section, openedAtMs, closedAtMs, lockDueAtMs, lockedAtMs };
}

function rosterOn(section: SectionModel, date: LocalDate): StudentModel[] {
  return section.enrolments
    .filter(({ validFrom, validTo }) => validFrom <= date && (validTo === null || validTo > date))
    .map(({ student }) => student);
}

/** Approved leaves that cover at least half of the class (marks.md section 10). */
function excuses(
  leaves: readonly LeaveModel[],
  session: GeneratedSession,
  roster: ReadonlySet<StudentModel>,
): LeaveModel[] {
  const [start, end] = [Date.parse(session.startAt), Date.parse(session.endAt)];
  return leaves.filter((leave) => {
    const overlap = Math.min(end, leave.endsAtMs) - Math.max(start, leave.startsAtMs);
    return leave.status === 'approved' && roster.has(leave.student) && overlap * 2 >= end - start;
  });
}

function applyLeave(register: Register, leave: LeaveModel, atMs: number): void {
  const sessionId = register.session.id;
  register.mark(atMs, seededPerson(leave.decider.id, 'mentor'), [
    {
      opId: uuidV5(sessionId, `${sessionId}|${leave.student.id}|leave|${leave.id}|1`),
      studentId: leave.student.id,
      mark: 'excused',
      rank: RANK.leave,
      source: 'leave',
      excuseCategory: leave.excuseCategory,
      leaveApplicationId: leave.id,
    },
  ]);
}

function styleOf(
  { random }: SeedContext,
  { devices, codes }: PlayInput,
  {
    session,
    section,
    isNotTaken,
  }: { session: GeneratedSession; section: SectionModel; isNotTaken: boolean },
): Style {
  if (isNotTaken) return 'not_taken';
  const hasTerminal = devices.byRoom.has(session.slot.roomId);
  if (hasTerminal && random.chance(TERMINAL_SHARE)) return 'terminal';
  return codes.shows(session, section) ? 'codes' : 'roll_call';
}

interface ClassRoom {
  readonly register: Register;
  readonly section: SectionModel;
  readonly roster: readonly StudentModel[];
  readonly onLeave: ReadonlySet<StudentModel>;
  readonly style: Style;
}

function takeAttendance(context: SeedContext, input: PlayInput, room: ClassRoom): void {
  if (room.style === 'not_taken') return;
  const { random } = context;
  const came = room.roster.filter(
    (student) => !room.onLeave.has(student) && random.chance(student.diligence),
  );
  if (room.style === 'terminal') punchIn(context, input, room, came);
  else if (room.style === 'codes') input.codes.play(room.register, room.section, came);
  else callRoll(context, room, came);
}

function teacherOf({ register, section }: ClassRoom) {
  const isPractical = register.session.slot.component === 'P';
  return seededPerson((isPractical ? section.laboratoryTeacher : section.owner).user.id, 'faculty');
}

/** The teacher calls the roll some minutes into the class; about half call out the absent too. */
function callRoll(context: SeedContext, room: ClassRoom, came: readonly StudentModel[]): void {
  const { random } = context;
  const { register } = room;
  const atMs = Date.parse(register.session.startAt) + random.between(6 * MINUTE_MS, 14 * MINUTE_MS);
  const present = new Set(came);
  const namesAbsent = random.chance(EXPLICIT_ABSENT_SHARE);
  const drafts = room.roster
    .filter((student) => !room.onLeave.has(student) && (namesAbsent || present.has(student)))
    .map((student): OperationDraft => {
      const mark = !present.has(student)
        ? 'absent'
        : random.chance(student.punctuality)
          ? 'present'
          : 'late';
      return manual(context, student.id, mark, atMs);
    });
  register.mark(atMs, teacherOf(room), drafts);
  const changed = drafts.filter(
    ({ mark }) => mark === 'absent' && random.chance(CHANGED_MIND_SHARE),
  );
  const laterMs = atMs + random.between(5 * MINUTE_MS, 15 * MINUTE_MS);
  for (const draft of changed) {
    register.mark(laterMs, teacherOf(room), [
      { ...manual(context, draft.studentId, 'late', laterMs), baseOpId: draft.opId },
    ]);
  }
}

function manual(
  { random }: SeedContext,
  studentId: Id,
  mark: 'present' | 'late' | 'absent',
  atMs: number,
): OperationDraft {
  return { opId: idAt(random, atMs), studentId, mark, rank: RANK.faculty, source: 'manual' };
}

/** Students match at the room's terminal; the teacher adds those it did not recognise. */
function punchIn(
  context: SeedContext,
  { devices }: HistoryInput,
  room: ClassRoom,
  came: readonly StudentModel[],
): void {
  const { random } = context;
  const { session } = room.register;
  const device = devices.byRoom.get(session.slot.roomId);
  if (!device) throw new Error('a terminal class in a room without a terminal');
  const startMs = Date.parse(session.startAt);
  const isMatched = (student: StudentModel): boolean =>
    devices.enrolled.has(student.id) && !random.chance(MISSED_PUNCH_SHARE);
  const matched = came.filter(isMatched);
  const punches = matched
    .map((student) => {
      const isInTime = random.chance(student.punctuality);
      const offset = isInTime ? random.between(-280, 280) : random.between(310, 1_500);
      return { student, effMs: startMs + offset * 1_000 };
    })
    .sort((a, b) => a.effMs - b.effMs);
  for (const { student, effMs } of punches) {
    room.register.mark(effMs + random.between(200, 1_800), { ...SEED_ACTOR, role: 'gateway' }, [
      {
        opId: idAt(random, effMs),
        studentId: student.id,
        mark: 'present',
        rank: RANK.biometric,
        source: 'biometric',
        effAt: iso(effMs),
        deviceRef: device.deviceId,
        evidence: { device_id: device.deviceId, modality: 'face', liveness: 'pass' },
      },
    ]);
  }
  const atMs = startMs + 30 * MINUTE_MS + random.between(0, 5 * MINUTE_MS);
  const unmatched = came.filter((student) => !matched.includes(student));
  room.register.mark(
    atMs,
    teacherOf(room),
    unmatched.map((student) => manual(context, student.id, 'present', atMs)),
  );
  doubtLast(context, room, matched.at(-1));
}

/** In classes that are not final yet, a teacher who counted on paper does not believe one punch. */
function doubtLast(
  { nowMs }: SeedContext,
  room: ClassRoom,
  student: StudentModel | undefined,
): void {
  const { session } = room.register;
  const endMs = Date.parse(session.endAt);
  if (!student || endMs + session.policy.lockAfterHours * HOUR_MS < nowMs) return;
  room.register.mark(endMs - MINUTE_MS, teacherOf(room), [
    {
      opId: uuidV5(session.id, `${session.id}|${student.id}|paper`),
      studentId: student.id,
      mark: 'absent',
      rank: RANK.faculty,
      source: 'manual',
    },
  ]);
}

/** SHA-256 over the canonical JSON of the records sorted by student id (R12). */
function digestOf(register: Register): string {
  const records = register
    .records()
    .sort((a, b) => (a.studentId < b.studentId ? -1 : 1))
    .map(({ studentId, mark, winnerOpId }) => ({
      student: studentId,
      mark,
      winner_op_id: winnerOpId,
    }));
  return createHash('sha256').update(canonicalJson(records)).digest('hex');
}

async function markTerminalsSeen({ em, nowMs }: SeedContext, devices: DemoDevices): Promise<void> {
  await rows(
    em,
    'update biometric_device set last_seen_at = ?::timestamptz where device_id = any(?::text[])',
    [iso(nowMs - MINUTE_MS), [...devices.byRoom.values()].map(({ deviceId }) => deviceId)],
  );
}
