/** Writes leave types, the decided leaves of the past, and a few requests that wait for someone. */
import { auditEntry, personChain, type AuditEntry } from '../../audit/append-log.ts';
import { UNIVERSITY } from '../../db/seeders/catalogue.ts';
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { CaseKind, Id, Mark } from '../../domain/types.ts';
import { instantAt } from '../../operations/timetable/local-time.ts';
import { bulkInsert } from './bulk-insert.ts';
import {
  DAY_MS,
  HOUR_MS,
  idAt,
  iso,
  MINUTE_MS,
  seededPerson,
  type SeedContext,
} from './context.ts';
import type { PastClass } from './history.ts';
import { categoryOf, LEAVE_TYPES, mentorOf, type LeaveModel } from './leaves.ts';
import type { StudentModel, University, UserModel } from './university.ts';

/** A case undecided for so long expires, unless the semester ends before. */
const EXPIRY_DAYS = 120;

/** Writes the kinds of leave. */
export async function writeLeaveTypes(context: SeedContext): Promise<ReadonlyMap<string, Id>> {
  const types = LEAVE_TYPES.map((type) => ({
    ...type,
    id: idAt(context.random, context.nowMs),
  }));
  await bulkInsert(
    context.em,
    'leave_type',
    [
      ['id', 'uuid', (type) => type.id],
      ['code', 'text', (type) => type.code],
      ['name', 'text', (type) => type.name],
      ['excuse_category', 'text', (type) => type.excuseCategory],
    ],
    types,
  );
  return new Map(types.map((type) => [type.code, type.id]));
}

/** Writes leaves with their decisions, and the outbox rows that start the pending ones. */
export async function writeLeaves(
  context: SeedContext,
  university: University,
  leaves: readonly LeaveModel[],
): Promise<void> {
  const types = await writeLeaveTypes(context);
  const { em } = context;
  const sealed = await sealReasons(context, 'leave_application', leaves);
  await bulkInsert(
    em,
    'leave_application',
    [
      ['id', 'uuid', (leave) => leave.id],
      ['created_at', 'timestamptz', (leave) => iso(leave.submittedAtMs)],
      ['updated_at', 'timestamptz', (leave) => iso(leave.decidedAtMs ?? leave.submittedAtMs)],
      ['version', 'int', (leave) => (leave.decidedAtMs === null ? 1 : 2)],
      ['status', 'text', (leave) => leave.status],
      ['submitted_at', 'timestamptz', (leave) => iso(leave.submittedAtMs)],
      ['expires_at', 'timestamptz', (leave) => expiryOf(university, leave.submittedAtMs)],
      [
        'decided_at',
        'timestamptz',
        (leave) => (leave.decidedAtMs === null ? null : iso(leave.decidedAtMs)),
      ],
      ['decided_by_id', 'uuid', (leave) => (leave.decidedAtMs === null ? null : leave.decider.id)],
      ['workflow_started_at', 'timestamptz', (leave) => iso(leave.submittedAtMs)],
      ['student_id', 'uuid', (leave) => leave.student.id],
      ['leave_type_id', 'uuid', (leave) => types.get(leave.typeCode)],
      ['starts_at', 'timestamptz', (leave) => iso(leave.startsAtMs)],
      ['ends_at', 'timestamptz', (leave) => iso(leave.endsAtMs)],
      ['reason_sealed', 'text', (leave) => sealed.get(leave.id)],
    ],
    leaves,
  );
  await writeDecisions(
    context,
    leaves.filter(({ decidedAtMs }) => decidedAtMs !== null),
  );
  for (const leave of leaves) context.trail.add(leave.submittedAtMs, leaveRequested(leave));
  await promiseStart(
    context,
    'leave',
    leaves.filter(({ status }) => status === 'pending').map(({ id }) => id),
  );
}

async function writeDecisions(context: SeedContext, decided: readonly LeaveModel[]): Promise<void> {
  const atMs = (leave: LeaveModel): number => leave.decidedAtMs ?? leave.submittedAtMs;
  await bulkInsert(
    context.em,
    'decision',
    [
      ['id', 'uuid', (leave) => idAt(context.random, atMs(leave))],
      ['created_at', 'timestamptz', (leave) => iso(atMs(leave))],
      ['case_kind', 'text', () => 'leave'],
      ['case_id', 'uuid', (leave) => leave.id],
      ['verdict', 'text', (leave) => leave.status],
      ['decider_id', 'uuid', (leave) => leave.decider.id],
      ['channel', 'text', () => 'api'],
      ['level', 'int', () => 1],
    ],
    decided,
  );
  for (const leave of decided) {
    context.trail.add(
      atMs(leave),
      auditEntry(seededPerson(leave.decider.id, 'mentor'), {
        chain: personChain(leave.student.id),
        action: 'leave.decided',
        entityType: 'LeaveApplication',
        entityId: leave.id,
        studentId: leave.student.id,
        before: { status: 'pending' },
        after: { status: leave.status },
      }),
    );
  }
}

function leaveRequested(leave: LeaveModel): AuditEntry {
  return auditEntry(seededPerson(leave.student.user.id, 'student'), {
    chain: personChain(leave.student.id),
    action: 'leave.requested',
    entityType: 'LeaveApplication',
    entityId: leave.id,
    studentId: leave.student.id,
    after: {
      status: 'pending',
      starts_at: iso(leave.startsAtMs),
      ends_at: iso(leave.endsAtMs),
    },
  });
}

/** Leaves that wait for the demo's mentor and head of department. */
export function makePendingLeaves(context: SeedContext, university: University): LeaveModel[] {
  const [first, ...others] = university.students.filter(
    ({ department, group }) => department.seed.code === 'CSE' && group.seed.name === 'A',
  );
  const wanted: readonly (readonly [
    student: StudentModel | undefined,
    typeCode: string,
    inDays: number,
    days: number,
    reason: string,
  ])[] = [
    [first, 'SPORT', 3, 2, 'Selected for the inter-university chess tournament.'],
    [others[3], 'MED', 1, 1, 'Dental surgery; the appointment letter is attached to the mail.'],
    [others[6], 'PERS', 5, 1, 'Passport appointment at the regional office.'],
    [others[30], 'DUTY', 4, 2, 'Volunteers at the department symposium.'],
  ];
  return wanted.flatMap(([student, typeCode, inDays, days, reason]) => {
    if (!student) return [];
    const from = addDays(context.today, inDays);
    const startsAtMs = Date.parse(instantAt(UNIVERSITY.zone, from, '00:00'));
    const submittedAtMs = context.nowMs - context.random.between(1, 9) * HOUR_MS;
    return [
      {
        id: idAt(context.random, submittedAtMs),
        student,
        typeCode,
        excuseCategory: categoryOf(typeCode),
        reason,
        startsAtMs,
        endsAtMs: startsAtMs + days * DAY_MS,
        submittedAtMs,
        status: 'pending',
        decidedAtMs: null,
        decider: mentorOf(university, student),
      },
    ];
  });
}

interface CorrectionModel {
  readonly id: Id;
  readonly student: StudentModel;
  readonly sessionId: Id;
  readonly requestedBy: UserModel;
  readonly requesterRole: string;
  readonly fromMark: Mark;
  readonly toMark: Mark;
  readonly reason: string;
  readonly submittedAtMs: number;
}

/**
 * Writes corrections that wait: two asked for by students, which their teacher decides, and one
 * asked for by a teacher, which the head of department decides.
 */
export async function writeCorrections(
  context: SeedContext,
  university: University,
  past: readonly PastClass[],
): Promise<void> {
  const absences = recentAbsences(context, university, past);
  const taughtBy = (email: string): Absence[] =>
    absences.filter(({ owner }) => owner.email === email);
  const corrections = [
    ...oneEach(taughtBy('faculty@demo.campus'), 2).map((absence) =>
      correction(context, absence, absence.student.user, 'student'),
    ),
    ...oneEach(taughtBy('faculty2@demo.campus'), 1).map((absence) =>
      correction(context, absence, absence.owner, 'faculty'),
    ),
  ];
  await insertCorrections(context, university, corrections);
  await promiseStart(
    context,
    'correction',
    corrections.map(({ id }) => id),
  );
}

interface Absence {
  readonly student: StudentModel;
  readonly sessionId: Id;
  readonly owner: UserModel;
}

/** Absences in lectures of the last six days, the newest first: inside the correction window. */
function recentAbsences(
  context: SeedContext,
  university: University,
  past: readonly PastClass[],
): Absence[] {
  const students = new Map(university.students.map((student) => [student.id, student]));
  return past
    .filter(
      ({ closedAtMs, register }) =>
        closedAtMs > context.nowMs - 6 * DAY_MS &&
        closedAtMs < context.nowMs - HOUR_MS &&
        register.session.slot.component === 'L',
    )
    .sort((a, b) => b.closedAtMs - a.closedAtMs)
    .flatMap(({ register, section }) =>
      register.records().flatMap(({ studentId, mark }): Absence[] => {
        const student = students.get(studentId);
        if (!student || mark !== 'absent') return [];
        return [{ student, sessionId: register.session.id, owner: section.owner.user }];
      }),
    );
}

/** One absence of each student, the demo's own students first, at most `count`. */
function oneEach(absences: readonly Absence[], count: number): Absence[] {
  const rank = ({ student }: Absence): number => (student.user.email.startsWith('student') ? 0 : 1);
  const newest = absences.toReversed().map((absence) => [absence.student, absence] as const);
  return [...new Map(newest).values()].sort((a, b) => rank(a) - rank(b)).slice(0, count);
}

function correction(
  context: SeedContext,
  { student, sessionId }: Absence,
  requestedBy: UserModel,
  requesterRole: string,
): CorrectionModel {
  const submittedAtMs = context.nowMs - context.random.between(5, 50) * MINUTE_MS;
  return {
    id: idAt(context.random, submittedAtMs),
    student,
    sessionId,
    requestedBy,
    requesterRole,
    fromMark: 'absent',
    toMark: 'present',
    reason:
      requesterRole === 'student'
        ? 'I sat in the last row and answered the roll call; please check the sheet.'
        : 'I skipped the last row of the sheet by mistake; the student was there.',
    submittedAtMs,
  };
}

async function insertCorrections(
  context: SeedContext,
  university: University,
  corrections: readonly CorrectionModel[],
): Promise<void> {
  const sealed = await sealReasons(context, 'correction_request', corrections);
  await bulkInsert(
    context.em,
    'correction_request',
    [
      ['id', 'uuid', (row) => row.id],
      ['created_at', 'timestamptz', (row) => iso(row.submittedAtMs)],
      ['updated_at', 'timestamptz', (row) => iso(row.submittedAtMs)],
      ['submitted_at', 'timestamptz', (row) => iso(row.submittedAtMs)],
      ['expires_at', 'timestamptz', (row) => expiryOf(university, row.submittedAtMs)],
      ['workflow_started_at', 'timestamptz', (row) => iso(row.submittedAtMs)],
      ['session_id', 'uuid', (row) => row.sessionId],
      ['student_id', 'uuid', (row) => row.student.id],
      ['requested_by_id', 'uuid', (row) => row.requestedBy.id],
      ['from_mark', 'text', (row) => row.fromMark],
      ['to_mark', 'text', (row) => row.toMark],
      ['reason_sealed', 'text', (row) => sealed.get(row.id)],
    ],
    corrections,
  );
  for (const row of corrections) {
    context.trail.add(
      row.submittedAtMs,
      auditEntry(seededPerson(row.requestedBy.id, row.requesterRole), {
        chain: personChain(row.student.id),
        action: 'correction.requested',
        entityType: 'CorrectionRequest',
        entityId: row.id,
        sessionId: row.sessionId,
        studentId: row.student.id,
        after: { status: 'pending', from_mark: row.fromMark, to_mark: row.toMark },
      }),
    );
  }
}

interface Reasoned {
  readonly id: Id;
  readonly student: StudentModel;
  readonly reason: string;
}

async function sealReasons(
  { operation }: SeedContext,
  table: 'leave_application' | 'correction_request',
  requests: readonly Reasoned[],
): Promise<Map<Id, string>> {
  const sealed = new Map<Id, string>();
  for (const { id, student, reason } of requests) {
    const place = { table, column: 'reason_sealed', rowId: id };
    sealed.set(id, await operation.sealer.seal(`student:${student.id}`, place, reason));
  }
  return sealed;
}

function expiryOf(university: University, submittedAtMs: number): string {
  const { endsOn } = university.calendar.semester;
  const semesterEndMs = Date.parse(instantAt(UNIVERSITY.zone, addDays(endsOn, 1), '00:00'));
  return iso(Math.min(submittedAtMs + EXPIRY_DAYS * DAY_MS, semesterEndMs));
}

/** Outbox rows: the relay starts the workflow of every waiting request. */
async function promiseStart(
  context: SeedContext,
  kind: CaseKind,
  caseIds: readonly Id[],
): Promise<void> {
  await bulkInsert(
    context.em,
    'outbox',
    [
      ['id', 'uuid', () => idAt(context.random, context.nowMs)],
      ['kind', 'text', () => 'start_case'],
      ['payload', 'jsonb', (caseId) => ({ kind, caseId })],
    ],
    caseIds,
  );
}
