/** Small factories of rows for tests: each makes one thing with sensible values and gives its id. */
import { DateTime } from 'luxon';
import { v7 } from 'uuid';
import * as entity from '../src/db/entities/index.ts';
import type { Em } from '../src/db/orm.ts';
import { rows } from '../src/db/orm.ts';
import type {
  Component,
  Id,
  LocalDate,
  Role,
  SessionPolicy,
  SessionStatus,
} from '../src/domain/types.ts';
import { createPasswords } from '../src/security/passwords.ts';

/** The password of every account made here. */
export const TEST_PASSWORD = 'demo-campus-2026';
/** The zone of the campuses made here. */
const TEST_ZONE = 'Asia/Kolkata';

let count = 0;
/** A short text no other call gives in this process. */
export const unique = (prefix: string): string => `${prefix}${(count += 1)}`;

/** Today in the campus zone, moved by whole days. */
export function campusDay(days = 0, now = new Date()): LocalDate {
  const day = DateTime.fromJSDate(now, { zone: TEST_ZONE }).plus({ days }).toISODate();
  if (!day) throw new Error('no date');
  return day;
}

let testHash: Promise<string> | undefined;
const passwordHash = (): Promise<string> => (testHash ??= createPasswords().hash(TEST_PASSWORD));

/** An institution. */
async function makeInstitution(em: Em): Promise<Id> {
  const id = v7();
  await em.insert(entity.Institution, { id, name: 'Test University', zone: TEST_ZONE });
  return id;
}

/** A campus in Asia/Kolkata. */
export async function makeCampus(em: Em, zone = TEST_ZONE): Promise<Id> {
  const id = v7();
  await em.insert(entity.Campus, { id, code: unique('CAMPUS'), name: 'Main campus', zone });
  return id;
}

/** A department of a campus. */
export async function makeDepartment(em: Em, campus: Id, name = 'Computer Science'): Promise<Id> {
  const id = v7();
  await em.insert(entity.Department, { id, campus, code: unique('DEP'), name });
  return id;
}

/** A programme of a department with one batch. */
export async function makeBatch(em: Em, department: Id): Promise<{ programme: Id; batch: Id }> {
  const [programme, batch] = [v7(), v7()];
  await em.insert(entity.Programme, {
    id: programme,
    department,
    code: unique('PRG'),
    name: 'B.Tech',
  });
  await em.insert(entity.Batch, { id: batch, programme, name: '2024', admissionYear: 2024 });
  return { programme, batch };
}

/** A semester from 60 days ago to 60 days ahead, in an academic year of its own. */
export async function makeSemester(
  em: Em,
  { startsOn = campusDay(-60), endsOn = campusDay(60) } = {},
): Promise<Id> {
  const [academicYear, id] = [v7(), v7()];
  await em.insert(entity.AcademicYear, {
    id: academicYear,
    name: unique('2026-27 '),
    startsOn,
    endsOn,
  });
  const code = unique('2026-odd-');
  await em.insert(entity.Semester, {
    id,
    academicYear,
    name: 'Odd semester',
    code,
    startsOn,
    endsOn,
  });
  return id;
}

/** A course of a department. */
export async function makeCourse(em: Em, department: Id, name = 'Programming'): Promise<Id> {
  const id = v7();
  await em.insert(entity.Course, {
    id,
    department,
    code: unique('CS'),
    name,
    credits: 4,
    lectureHours: 3,
  });
  return id;
}

/** A section of a course. */
export async function makeSection(
  em: Em,
  {
    course,
    semester,
    campus,
    sectionName = unique('S'),
  }: {
    course: Id;
    semester: Id;
    campus: Id;
    sectionName?: string;
  },
): Promise<Id> {
  const id = v7();
  await em.insert(entity.CourseSection, { id, course, semester, campus, sectionName });
  return id;
}

/** A room of a campus; its code is unique. */
export async function makeRoom(em: Em, campus: Id): Promise<{ id: Id; code: string }> {
  const [id, code] = [v7(), unique('R')];
  await em.insert(entity.Room, { id, campus, code, building: 'Block A', capacity: 60 });
  return { id, code };
}

/** A role inside a scope; the whole institution by default. */
export interface RoleIn {
  readonly role: Role;
  readonly scopeKind?: 'institution' | 'campus' | 'department';
  readonly scopeId?: Id;
}

/** An account with roles, `TEST_PASSWORD` as its password, and its email. */
export async function makeUser(
  em: Em,
  {
    roles = [],
    email = `${unique('user')}@test.campus`,
    firstName = 'Asha',
    lastName = unique('Rao'),
    status = 'active',
  }: {
    roles?: readonly (Role | RoleIn)[];
    email?: string;
    firstName?: string;
    lastName?: string;
    status?: 'active' | 'suspended' | 'disabled';
  } = {},
): Promise<{ id: Id; email: string }> {
  const id = v7();
  await em.insert(entity.AppUser, {
    id,
    email,
    firstName,
    lastName,
    status,
    passwordHash: await passwordHash(),
  });
  for (const given of roles) {
    const {
      role,
      scopeKind = 'institution',
      scopeId = null,
    } = typeof given === 'string' ? { role: given } : given;
    await em.insert(entity.RoleAssignment, { id: v7(), user: id, role, scopeKind, scopeId });
  }
  return { id, email };
}

/** A faculty member with an account. */
export async function makeFaculty(
  em: Em,
  department: Id,
  options: Parameters<typeof makeUser>[1] = {},
): Promise<{ id: Id; userId: Id; email: string }> {
  const user = await makeUser(em, { roles: ['faculty'], ...options });
  const id = v7();
  await em.insert(entity.Faculty, { id, user: user.id, employeeCode: unique('EMP'), department });
  return { id, userId: user.id, email: user.email };
}

/** A student with an account. */
export async function makeStudent(
  em: Em,
  home: { campus: Id; department: Id; programme: Id; batch: Id },
  options: Parameters<typeof makeUser>[1] = {},
): Promise<{ id: Id; userId: Id; email: string; rollNumber: string }> {
  const user = await makeUser(em, { roles: ['student'], ...options });
  const [id, rollNumber] = [v7(), unique('24CS')];
  await em.insert(entity.Student, {
    id,
    user: user.id,
    rollNumber,
    ...home,
    admittedOn: campusDay(-500),
  });
  return { id, userId: user.id, email: user.email, rollNumber };
}

/** A dated enrolment, half-open; by default from 60 days ago without an end. */
export async function enrol(
  em: Em,
  student: Id,
  courseSection: Id,
  { validFrom = campusDay(-60), validTo = null as LocalDate | null } = {},
): Promise<Id> {
  const id = v7();
  await em.insert(entity.Enrolment, { id, student, courseSection, validFrom, validTo });
  return id;
}

/** A dated authority to teach a section or one session, half-open. */
export async function assignTeaching(
  em: Em,
  faculty: Id,
  target: { courseSection: Id } | { session: Id },
  {
    validFrom = campusDay(-60),
    validTo = null,
    role = 'owner',
  }: { validFrom?: LocalDate; validTo?: LocalDate | null; role?: 'owner' | 'substitute' } = {},
): Promise<Id> {
  const id = v7();
  await em.insert(entity.TeachingAssignment, { id, faculty, ...target, role, validFrom, validTo });
  return id;
}

/** A mentor's dated care for a student. */
export async function assignMentor(
  em: Em,
  mentor: Id,
  student: Id,
  { validFrom = campusDay(-60), validTo = null as LocalDate | null } = {},
): Promise<Id> {
  const id = v7();
  await em.insert(entity.MentorAssignment, { id, mentor, student, validFrom, validTo });
  return id;
}

/** The default policy of sessions (marks.md section 5). */
export const TEST_POLICY: SessionPolicy = {
  earlyOpenMinutes: 10,
  lateAfterMinutes: 10,
  absentAfterMinutes: null,
  lateCaptureMinutes: 10,
  stayMode: 'single',
  minStayMinutes: 0,
  autoAbsent: true,
  lateFrom: 'scheduled_start',
  lockAfterHours: 48,
  takenMinShareBp: 2_500,
  offlineQr: 'off',
  selfEntryEnabled: false,
  selfEntryMinutes: 15,
  qrStepSeconds: 10,
  qrPreviousSteps: 1,
  presenceLevel: 'standard',
  geofenceMode: 'level',
  recheckEnabled: false,
  recheckPercent: 10,
};

/** A class session; open since five minutes for an hour by default, with its section. */
export async function makeSession(
  em: Em,
  {
    campus,
    courseSection,
    faculty,
    room,
    startAt = minutesFromNow(-5),
    endAt,
    status = 'open',
    component = 'L',
    kind = 'regular',
    policy = {},
    epoch = 1,
    autoOpen = true,
  }: {
    campus: Id;
    courseSection: Id;
    faculty: Id;
    room: Id;
    startAt?: Date;
    endAt?: Date;
    status?: SessionStatus;
    component?: Component;
    kind?: 'regular' | 'make_up' | 'merged';
    policy?: Partial<SessionPolicy>;
    epoch?: number;
    autoOpen?: boolean;
  },
): Promise<Id> {
  const id = v7();
  const wholePolicy = { ...TEST_POLICY, ...policy };
  const end = endAt ?? new Date(startAt.getTime() + 60 * 60_000);
  await em.insert(entity.AttendanceSession, {
    id,
    campus,
    courseSection,
    faculty,
    room,
    scheduledDate: campusDay(0, startAt),
    startAt,
    endAt: end,
    opensAt: new Date(startAt.getTime() - wholePolicy.earlyOpenMinutes * 60_000),
    closesAt: new Date(end.getTime() + wholePolicy.lateCaptureMinutes * 60_000),
    openedAt: status === 'scheduled' ? null : startAt,
    status,
    component,
    kind,
    epoch,
    autoOpen,
    policy: wholePolicy,
  });
  await em.insert(entity.SessionSection, { session: id, courseSection });
  return id;
}

/** An instant some minutes away from now. */
export const minutesFromNow = (minutes: number): Date => new Date(Date.now() + minutes * 60_000);

/** A kind of leave. */
export async function makeLeaveType(em: Em): Promise<Id> {
  const id = v7();
  await em.insert(entity.LeaveType, {
    id,
    code: unique('ML'),
    name: 'Medical leave',
    excuseCategory: 'medical',
  });
  return id;
}

/** A small university: two departments, a class in each, and one account per role. */
export type World = Awaited<ReturnType<typeof makeWorld>>;

/**
 * Makes the small university. The main section is taught by `faculty` to `students` and has one
 * open session; the other section belongs to another department with its own staff and student.
 */
export async function makeWorld(em: Em, { studentCount = 3 } = {}) {
  const institution = await makeInstitution(em);
  const campus = await makeCampus(em);
  const semester = await makeSemester(em);
  const main = await makeClass(em, campus, semester, studentCount);
  const other = await makeClass(em, campus, semester, 1);
  const people = await makeStaff(em, main.department, other.department);
  const student = main.students[0];
  if (!student) throw new Error('a world needs a student');
  await assignMentor(em, people.mentor.id, student.id);
  return { institution, campus, semester, ...main, student, other, people };
}

async function makeClass(em: Em, campus: Id, semester: Id, studentCount: number) {
  const department = await makeDepartment(em, campus, unique('Department '));
  const { programme, batch } = await makeBatch(em, department);
  const course = await makeCourse(em, department);
  const section = await makeSection(em, { course, semester, campus });
  const room = await makeRoom(em, campus);
  const faculty = await makeFaculty(em, department);
  await assignTeaching(em, faculty.id, { courseSection: section });
  const students = [];
  for (let made = 0; made < studentCount; made += 1) {
    const student = await makeStudent(em, { campus, department, programme, batch });
    await enrol(em, student.id, section);
    students.push(student);
  }
  const session = await makeSession(em, {
    campus,
    courseSection: section,
    faculty: faculty.id,
    room: room.id,
  });
  return { department, programme, batch, course, section, room, faculty, students, session };
}

async function makeStaff(em: Em, department: Id, otherDepartment: Id) {
  const inDepartment = (scopeId: Id): RoleIn => ({ role: 'hod', scopeKind: 'department', scopeId });
  return {
    mentor: await makeUser(em, { roles: ['mentor'] }),
    hod: await makeUser(em, { roles: [inDepartment(department)] }),
    otherHod: await makeUser(em, { roles: [inDepartment(otherDepartment)] }),
    examCell: await makeUser(em, { roles: ['exam_cell'] }),
    admin: await makeUser(em, { roles: ['admin'] }),
    privacyOfficer: await makeUser(em, { roles: ['privacy_officer'] }),
    auditor: await makeUser(em, { roles: ['auditor'] }),
    nobody: await makeUser(em, { roles: [] }),
  };
}

/** Moves `app_clock()` of a test database by milliseconds from real time. */
export async function moveDatabaseClock(em: Em, offsetMs: number): Promise<void> {
  await rows(em, 'update test_clock set offset_ms = ?', [offsetMs]);
}
