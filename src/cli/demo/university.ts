/** The demo university in memory: what it consists of, with the ids its rows will have. */
import type { AcademicCalendar } from '../../db/seeders/academic-calendar.ts';
import {
  DEPARTMENTS,
  FIRST_NAMES,
  LAST_NAMES,
  ROOMS,
  sectionsOf,
  UNIVERSITY,
  type CourseSeed,
  type DepartmentSeed,
  type GroupSeed,
  type RoomSeed,
} from '../../db/seeders/catalogue.ts';
import { DEMO_ACCOUNTS, type DemoAccount } from '../../db/seeders/demo-accounts.ts';
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { Id, LocalDate, Role } from '../../domain/types.ts';
import { idAt, type SeedContext } from './context.ts';

/** An account with the roles it holds; `departmentId` scopes a head of department. */
export interface UserModel {
  readonly id: Id;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly roles: readonly { readonly role: Role; readonly departmentId: Id | null }[];
}

/** A member of the teaching staff. */
export interface FacultyModel {
  readonly id: Id;
  readonly user: UserModel;
  readonly departmentId: Id;
  readonly employeeCode: string;
}

/** A student; `diligence` is the chance of coming to a class, `punctuality` that of being in time. */
export interface StudentModel {
  readonly id: Id;
  readonly user: UserModel;
  readonly department: DepartmentModel;
  readonly group: GroupModel;
  readonly rollNumber: string;
  readonly diligence: number;
  readonly punctuality: number;
}

/** Students who take the same classes. */
export interface GroupModel {
  readonly seed: GroupSeed;
  readonly batchId: Id;
}

/** A department with its programme, courses and groups. */
export interface DepartmentModel {
  readonly id: Id;
  readonly programmeId: Id;
  readonly seed: DepartmentSeed;
  readonly courses: readonly { readonly id: Id; readonly seed: CourseSeed }[];
  readonly groups: readonly GroupModel[];
}

/** A dated place in a section; half-open, open-ended where `validTo` is null. */
export interface EnrolmentModel {
  readonly id: Id;
  readonly student: StudentModel;
  readonly validFrom: LocalDate;
  readonly validTo: LocalDate | null;
}

/** A section of a course with its staff and students. */
export interface SectionModel {
  readonly id: Id;
  readonly courseId: Id;
  readonly name: string;
  readonly sectionName: string;
  readonly department: DepartmentModel;
  readonly group: GroupModel;
  readonly owner: FacultyModel;
  readonly laboratoryTeacher: FacultyModel;
  readonly enrolments: readonly EnrolmentModel[];
}

/** A mentor's care for a student. */
export interface MentorModel {
  readonly mentor: UserModel;
  readonly student: StudentModel;
}

/** Everything but the sessions. */
export interface University {
  readonly institutionId: Id;
  readonly campusId: Id;
  readonly calendar: AcademicCalendar;
  readonly semesterId: Id;
  readonly academicYearId: Id;
  readonly rooms: readonly { readonly id: Id; readonly seed: RoomSeed }[];
  readonly departments: readonly DepartmentModel[];
  readonly users: readonly UserModel[];
  readonly faculty: readonly FacultyModel[];
  readonly students: readonly StudentModel[];
  readonly sections: readonly SectionModel[];
  readonly mentors: readonly MentorModel[];
  readonly heads: ReadonlyMap<string, UserModel>;
}

const MENTEES = 20;

/** Makes up the university; everything comes from the generator, so it is the same every time. */
export function makeUniversity(context: SeedContext, calendar: AcademicCalendar): University {
  const nextId = (): Id => idAt(context.random, Date.parse(calendar.semester.startsOn));
  const departments = DEPARTMENTS.map((seed) => makeDepartment(seed, nextId));
  const faculty = departments.flatMap((department) => makeFaculty(context, department, nextId));
  const students = departments.flatMap((department) =>
    makeStudents(context, department, calendar, nextId),
  );
  const sections = departments.flatMap((department) =>
    makeSections(context, { department, faculty, students, calendar }, nextId),
  );
  const office = DEMO_ACCOUNTS.filter(({ role }) => role !== 'student' && role !== 'faculty').map(
    (account) => officer(account, departments[0], nextId),
  );
  const heads = headsOf(departments, faculty, office);
  const mentors = makeMentors(students, faculty, office);
  return {
    institutionId: UNIVERSITY.institutionId,
    campusId: nextId(),
    academicYearId: nextId(),
    semesterId: nextId(),
    calendar,
    rooms: ROOMS.map((seed) => ({ id: nextId(), seed })),
    departments,
    faculty,
    students,
    sections,
    mentors,
    heads,
    users: withFurtherRoles([...office, ...faculty.map((f) => f.user)], {
      departments,
      heads,
      mentors,
    }).concat(students.map((student) => student.user)),
  };
}

function makeDepartment(seed: DepartmentSeed, nextId: () => Id): DepartmentModel {
  return {
    id: nextId(),
    programmeId: nextId(),
    seed,
    courses: seed.courses.map((course) => ({ id: nextId(), seed: course })),
    groups: seed.groups.map((group) => ({ seed: group, batchId: nextId() })),
  };
}

function person(
  context: SeedContext,
  email: string,
  named: DemoAccount | undefined,
): Omit<UserModel, 'id' | 'roles'> {
  return {
    email,
    firstName: named?.firstName ?? context.random.pick(FIRST_NAMES),
    lastName: named?.lastName ?? context.random.pick(LAST_NAMES),
  };
}

function namedAccount(email: string): DemoAccount | undefined {
  return DEMO_ACCOUNTS.find((account) => account.email === email);
}

const EVERYWHERE = { departmentId: null } as const;

function makeFaculty(
  context: SeedContext,
  department: DepartmentModel,
  nextId: () => Id,
): FacultyModel[] {
  const { theoryTeachers, laboratoryTeachers, rollPrefix, code } = department.seed;
  return Array.from({ length: theoryTeachers + laboratoryTeachers }, (_, index) => {
    const isNamed = code === 'CSE' && index < 2;
    const email = isNamed
      ? ['faculty@demo.campus', 'faculty2@demo.campus'][index]
      : `${rollPrefix.toLowerCase()}.staff${index + 1}@demo.campus`;
    if (email === undefined) throw new Error('a member of staff without an address');
    return {
      id: nextId(),
      departmentId: department.id,
      employeeCode: `${rollPrefix}-F${String(index + 1).padStart(2, '0')}`,
      user: {
        id: nextId(),
        ...person(context, email, namedAccount(email)),
        roles: [{ role: 'faculty', ...EVERYWHERE }],
      },
    };
  });
}

function makeStudents(
  context: SeedContext,
  department: DepartmentModel,
  calendar: AcademicCalendar,
  nextId: () => Id,
): StudentModel[] {
  let number = 0;
  return department.groups.flatMap((group) =>
    Array.from({ length: group.seed.size }, (_, index): StudentModel => {
      number += 1;
      const roll = `${String(calendar.admissionYear).slice(2)}${department.seed.rollPrefix}${String(number).padStart(3, '0')}`;
      const isNamed = department.seed.code === 'CSE' && group.seed.name === 'A' && index < 2;
      const email = isNamed
        ? `student${index === 0 ? '' : '2'}@demo.campus`
        : `${roll.toLowerCase()}@demo.campus`;
      return {
        id: nextId(),
        department,
        group,
        rollNumber: roll,
        ...habits(context, isNamed ? index : undefined),
        user: {
          id: nextId(),
          ...person(context, email, namedAccount(email)),
          roles: [{ role: 'student', ...EVERYWHERE }],
        },
      };
    }),
  );
}

/** Most students come nearly always, a few too seldom; the named ones are one of each. */
function habits(
  { random }: SeedContext,
  named: number | undefined,
): Pick<StudentModel, 'diligence' | 'punctuality'> {
  if (named === 0) return { diligence: 0.93, punctuality: 0.94 };
  if (named === 1) return { diligence: 0.6, punctuality: 0.8 };
  const isWeak = random.chance(0.06);
  return {
    diligence: isWeak ? 0.5 + random.next() * 0.18 : 0.83 + random.next() * 0.16,
    punctuality: 0.88 + random.next() * 0.11,
  };
}

interface Staffing {
  readonly department: DepartmentModel;
  readonly faculty: readonly FacultyModel[];
  readonly students: readonly StudentModel[];
  readonly calendar: AcademicCalendar;
}

function makeSections(
  context: SeedContext,
  { department, faculty, students, calendar }: Staffing,
  nextId: () => Id,
): SectionModel[] {
  const own = faculty.filter((member) => member.departmentId === department.id);
  return sectionsOf(department.seed).map((seed): SectionModel => {
    const course = department.courses[seed.course];
    const group = department.groups[seed.group];
    const owner = own[seed.teacher];
    const laboratoryTeacher = own[seed.laboratoryTeacher];
    if (!course || !group || !owner || !laboratoryTeacher) throw new Error('an incomplete section');
    return {
      id: nextId(),
      courseId: course.id,
      name: `${course.seed.code}-${seed.sectionName}`,
      sectionName: seed.sectionName,
      department,
      group,
      owner,
      laboratoryTeacher,
      enrolments: students
        .filter((student) => student.group === group)
        .map((student) => ({ id: nextId(), student, ...term(context, calendar, student) })),
    };
  });
}

/** Nearly everyone attends from the first day; some came late, one in a hundred has left. */
function term(
  { random, today }: SeedContext,
  calendar: AcademicCalendar,
  student: StudentModel,
): Pick<EnrolmentModel, 'validFrom' | 'validTo'> {
  const draw = random.next();
  const isNamed = namedAccount(student.user.email) !== undefined;
  const isFull = student.group.seed.size === 72;
  if (!isNamed && draw < 0.01) {
    return { validFrom: addDays(today, -random.between(15, 30)), validTo: null };
  }
  if (!isNamed && !isFull && draw > 0.99) {
    return {
      validFrom: calendar.semester.startsOn,
      validTo: addDays(today, -random.between(5, 20)),
    };
  }
  return { validFrom: calendar.semester.startsOn, validTo: null };
}

function officer(
  account: DemoAccount,
  department: DepartmentModel | undefined,
  nextId: () => Id,
): UserModel {
  const { email, firstName, lastName, role } = account;
  const departmentId = role === 'hod' ? (department?.id ?? null) : null;
  return { id: nextId(), email, firstName, lastName, roles: [{ role, departmentId }] };
}

/** Head of each department by its code: the demo account for the first, a teacher for the others. */
function headsOf(
  departments: readonly DepartmentModel[],
  faculty: readonly FacultyModel[],
  office: readonly UserModel[],
): Map<string, UserModel> {
  return new Map(
    departments.map((department, index) => {
      const head =
        index === 0
          ? office.find((user) => user.roles[0]?.role === 'hod')
          : faculty.find((member) => member.departmentId === department.id)?.user;
      if (!head) throw new Error(`no head for ${department.seed.code}`);
      return [department.seed.code, head];
    }),
  );
}

/** The demo's mentor cares for twenty students of each CSE group; teachers share the others. */
function makeMentors(
  students: readonly StudentModel[],
  faculty: readonly FacultyModel[],
  office: readonly UserModel[],
): MentorModel[] {
  const demoMentor = office.find((user) => user.roles[0]?.role === 'mentor');
  if (!demoMentor) throw new Error('no mentor among the demo accounts');
  const seen = new Map<GroupModel, number>();
  let next = 0;
  return students.map((student) => {
    const place = seen.get(student.group) ?? 0;
    seen.set(student.group, place + 1);
    if (student.department.seed.code === 'CSE' && place < MENTEES) {
      return { mentor: demoMentor, student };
    }
    const own = faculty.filter(
      ({ departmentId, user }) =>
        departmentId === student.department.id && namedAccount(user.email) === undefined,
    );
    next += 1;
    const mentor = own[Math.floor(next / MENTEES) % own.length];
    if (!mentor) throw new Error('a department without staff');
    return { mentor: mentor.user, student };
  });
}

/** Heads and mentors hold those roles beside their own; a head's scope is the department. */
function withFurtherRoles(
  users: readonly UserModel[],
  { departments, heads, mentors }: Pick<University, 'departments' | 'heads' | 'mentors'>,
): UserModel[] {
  const mentoring = new Set(mentors.map(({ mentor }) => mentor.id));
  return users.map((user) => {
    const roles = [...user.roles];
    const has = (role: Role): boolean => roles.some((held) => held.role === role);
    if (mentoring.has(user.id) && !has('mentor')) roles.push({ role: 'mentor', ...EVERYWHERE });
    const headed = departments.find(({ seed }) => heads.get(seed.code)?.id === user.id);
    if (headed && !has('hod')) roles.push({ role: 'hod', departmentId: headed.id });
    return { ...user, roles };
  });
}
