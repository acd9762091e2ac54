/** Approved leaves of the past six weeks, made up before the registers they excuse. */
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { ExcuseCategory, Id } from '../../domain/types.ts';
import { instantAt } from '../../operations/timetable/local-time.ts';
import { UNIVERSITY } from '../../db/seeders/catalogue.ts';
import { DAY_MS, HOUR_MS, idAt, type SeedContext } from './context.ts';
import type { StudentModel, University, UserModel } from './university.ts';

/** Kinds of leave the demo institution grants. */
export const LEAVE_TYPES: readonly {
  code: string;
  name: string;
  excuseCategory: ExcuseCategory;
}[] = [
  { code: 'MED', name: 'Medical leave', excuseCategory: 'medical' },
  { code: 'DUTY', name: 'On duty for the university', excuseCategory: 'on_duty' },
  { code: 'SPORT', name: 'Sports meet', excuseCategory: 'sport' },
  { code: 'NCC', name: 'National Cadet Corps camp', excuseCategory: 'ncc' },
  { code: 'NSS', name: 'National Service Scheme camp', excuseCategory: 'nss' },
  { code: 'MAT', name: 'Maternity leave', excuseCategory: 'maternity' },
  { code: 'PERS', name: 'Personal leave', excuseCategory: 'personal' },
  { code: 'EXAM', name: 'External examination', excuseCategory: 'exam' },
];

/** A leave in the making; the times are instants in milliseconds. */
export interface LeaveModel {
  readonly id: Id;
  readonly student: StudentModel;
  readonly typeCode: string;
  readonly excuseCategory: ExcuseCategory;
  readonly reason: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly submittedAtMs: number;
  readonly status: 'approved' | 'rejected' | 'pending';
  readonly decidedAtMs: number | null;
  readonly decider: UserModel;
}

const PAST_LEAVES = 24;
const REASONS = {
  MED: 'Fever, advised to rest; the certificate is with the health centre.',
  DUTY: 'Represents the department at the technical symposium.',
  SPORT: 'Inter-university athletics meet.',
  PERS: 'Wedding in the family.',
} as const;

/** Makes up decided leaves of the past; a student has at most one, the named accounts none. */
export function makePastLeaves(context: SeedContext, university: University): LeaveModel[] {
  const { random } = context;
  const named = new Set(['student@demo.campus', 'student2@demo.campus']);
  const candidates = university.students.filter((student) => !named.has(student.user.email));
  return random
    .shuffled(candidates)
    .slice(0, PAST_LEAVES)
    .map((student, index) => pastLeave(context, university, student, index));
}

function pastLeave(
  context: SeedContext,
  university: University,
  student: StudentModel,
  index: number,
): LeaveModel {
  const { random, today, nowMs } = context;
  const from = addDays(today, -random.between(7, 40));
  const days = random.between(1, 3);
  const startsAtMs = Date.parse(instantAt(UNIVERSITY.zone, from, '00:00'));
  const submittedAtMs = startsAtMs - random.between(-10, 20) * HOUR_MS;
  const decidedAtMs = Math.min(submittedAtMs + random.between(3, 20) * HOUR_MS, nowMs - DAY_MS);
  const typeCode = random.pick(['MED', 'MED', 'DUTY', 'SPORT', 'PERS'] as const);
  return {
    id: idAt(random, submittedAtMs),
    student,
    typeCode,
    excuseCategory: categoryOf(typeCode),
    reason: REASONS[typeCode],
    startsAtMs,
    endsAtMs: startsAtMs + days * DAY_MS,
    submittedAtMs,
    status: index % 8 === 7 ? 'rejected' : 'approved',
    decidedAtMs,
    decider: mentorOf(university, student),
  };
}

/** The excuse category of a kind of leave. */
export function categoryOf(typeCode: string): ExcuseCategory {
  const type = LEAVE_TYPES.find(({ code }) => code === typeCode);
  if (!type) throw new Error(`no leave type ${typeCode}`);
  return type.excuseCategory;
}

/** The mentor of a student. */
export function mentorOf(university: University, student: StudentModel): UserModel {
  const found = university.mentors.find((row) => row.student === student);
  if (!found) throw new Error(`no mentor of ${student.rollNumber}`);
  return found.mentor;
}
