/** Writes the people and the structure of the demo university. */
import { auditEntry } from '../../audit/append-log.ts';
import type { Em } from '../../db/orm.ts';
import { BUILDINGS, CAMPUS_NETWORKS, STRICT_HALL, UNIVERSITY } from '../../db/seeders/catalogue.ts';
import type { SettingName } from '../../domain/settings.ts';
import type { Id, SettingScope } from '../../domain/types.ts';
import { bulkInsert } from './bulk-insert.ts';
import { idAt, SEED_ACTOR, type SeedContext } from './context.ts';
import { listHolidays } from './holidays.ts';
import type { SectionModel, University } from './university.ts';

/** Hours per week of every course: three lectures and one practical of two periods. */
const WEEKLY_HOURS = { lecture: 3, tutorial: 0, practical: 2 } as const;

/**
 * Writes institution, calendar, people, courses, sections and enrolments.
 * @param passwordHash  the one hash every demo account has
 */
export async function writeStructure(
  context: SeedContext,
  university: University,
  passwordHash: string,
): Promise<void> {
  const { em } = context;
  await writeInstitution(context, university);
  await writeCalendar(context, university);
  await writePeople(em, university, passwordHash);
  await writeCourses(em, university);
  await writeTeaching(context, university);
  context.trail.add(
    context.nowMs,
    auditEntry(SEED_ACTOR, {
      chain: 'area:admin',
      action: 'demo.seeded',
      entityType: 'Institution',
      entityId: university.institutionId,
      after: { students: university.students.length, sections: university.sections.length },
    }),
  );
}

async function writeInstitution(context: SeedContext, university: University): Promise<void> {
  const { em } = context;
  const { zone } = UNIVERSITY;
  await bulkInsert(
    em,
    'institution',
    [
      ['id', 'uuid', (row) => row.institutionId],
      ['name', 'text', () => UNIVERSITY.name],
      ['zone', 'text', () => zone],
    ],
    [university],
  );
  await bulkInsert(
    em,
    'campus',
    [
      ['id', 'uuid', (row) => row.campusId],
      ['code', 'text', () => UNIVERSITY.campusCode],
      ['name', 'text', () => UNIVERSITY.campusName],
      ['zone', 'text', () => zone],
    ],
    [university],
  );
  await bulkInsert(
    em,
    'room',
    [
      ['id', 'uuid', (room) => room.id],
      ['campus_id', 'uuid', () => university.campusId],
      ['code', 'text', (room) => room.seed.code],
      ['building', 'text', (room) => room.seed.building],
      ['capacity', 'int', (room) => room.seed.capacity],
      ['fence_lat', 'float8', (room) => BUILDINGS[room.seed.building]?.lat],
      ['fence_lng', 'float8', (room) => BUILDINGS[room.seed.building]?.lng],
      ['fence_radius_m', 'int', (room) => BUILDINGS[room.seed.building]?.radiusM],
    ],
    university.rooms,
  );
  await bulkInsert(
    em,
    'building_network',
    [
      ['id', 'uuid', () => idAt(context.random, context.nowMs)],
      ['campus_id', 'uuid', () => university.campusId],
      ['building', 'text', ({ building }) => building],
      ['network', 'cidr', ({ network }) => network],
    ],
    CAMPUS_NETWORKS,
  );
  await bulkInsert(
    em,
    'setting',
    [
      ['id', 'uuid', () => idAt(context.random, context.nowMs)],
      ['name', 'text', ({ name }) => name],
      ['scope_kind', 'text', ({ scopeKind }) => scopeKind],
      ['scope_id', 'text', ({ scopeId }) => scopeId],
      ['value', 'jsonb', ({ value }) => value],
    ],
    settingsOf(university),
  );
}

interface StoredSetting {
  readonly name: SettingName;
  readonly scopeKind: SettingScope;
  readonly scopeId: string;
  readonly value: boolean | string;
}

/** What the university uses beside what every institution starts with. */
function settingsOf({ rooms }: University): StoredSetting[] {
  const everywhere = { scopeKind: 'institution', scopeId: '' } as const;
  const hall = rooms.find(({ seed }) => seed.code === STRICT_HALL);
  if (!hall) throw new Error(`the catalogue has no room ${STRICT_HALL}`);
  const inHall = { scopeKind: 'room', scopeId: hall.id } as const;
  return [
    { name: 'BIOMETRIC_ENABLED', ...everywhere, value: true },
    { name: 'SELF_ENTRY_ENABLED', scopeKind: 'component', scopeId: 'L', value: true },
    { name: 'GEOFENCE_MODE', ...everywhere, value: 'off' },
    { name: 'GEOFENCE_MODE', ...inHall, value: 'level' },
    { name: 'PRESENCE_LEVEL', ...inHall, value: 'strict' },
  ];
}

async function writeCalendar(context: SeedContext, university: University): Promise<void> {
  const { em } = context;
  const { calendar } = university;
  await bulkInsert(
    em,
    'academic_year',
    [
      ['id', 'uuid', () => university.academicYearId],
      ['name', 'text', (year) => year.name],
      ['starts_on', 'date', (year) => year.startsOn],
      ['ends_on', 'date', (year) => year.endsOn],
    ],
    [calendar.year],
  );
  await bulkInsert(
    em,
    'semester',
    [
      ['id', 'uuid', () => university.semesterId],
      ['academic_year_id', 'uuid', () => university.academicYearId],
      ['name', 'text', (semester) => semester.name],
      ['code', 'text', (semester) => semester.code],
      ['starts_on', 'date', (semester) => semester.startsOn],
      ['ends_on', 'date', (semester) => semester.endsOn],
    ],
    [calendar.semester],
  );
  await bulkInsert(
    em,
    'holiday',
    [
      ['id', 'uuid', () => idAt(context.random, context.nowMs)],
      ['campus_id', 'uuid', () => university.campusId],
      ['held_on', 'date', (holiday) => holiday.heldOn],
      ['name', 'text', (holiday) => holiday.name],
      ['affects_attendance', 'boolean', (holiday) => holiday.affectsAttendance],
    ],
    listHolidays(calendar.year.startsOn, calendar.year.endsOn),
  );
}

async function writePeople(em: Em, university: University, passwordHash: string): Promise<void> {
  const { users, departments, faculty, students } = university;
  await bulkInsert(
    em,
    'app_user',
    [
      ['id', 'uuid', (user) => user.id],
      ['email', 'text', (user) => user.email],
      ['first_name', 'text', (user) => user.firstName],
      ['last_name', 'text', (user) => user.lastName],
      ['password_hash', 'text', () => passwordHash],
    ],
    users,
  );
  await bulkInsert(
    em,
    'department',
    [
      ['id', 'uuid', (department) => department.id],
      ['campus_id', 'uuid', () => university.campusId],
      ['code', 'text', (department) => department.seed.code],
      ['name', 'text', (department) => department.seed.name],
    ],
    departments,
  );
  await bulkInsert(
    em,
    'programme',
    [
      ['id', 'uuid', (department) => department.programmeId],
      ['department_id', 'uuid', (department) => department.id],
      ['code', 'text', (department) => `BTECH-${department.seed.code}`],
      ['name', 'text', (department) => `B.Tech. ${department.seed.name}`],
    ],
    departments,
  );
  const { admissionYear } = university.calendar;
  await bulkInsert(
    em,
    'batch',
    [
      ['id', 'uuid', (batch) => batch.group.batchId],
      ['programme_id', 'uuid', (batch) => batch.programmeId],
      ['name', 'text', (batch) => `${admissionYear}-${admissionYear + 4} ${batch.group.seed.name}`],
      ['admission_year', 'int', () => admissionYear],
    ],
    departments.flatMap(({ programmeId, groups }) =>
      groups.map((group) => ({ programmeId, group })),
    ),
  );
  await bulkInsert(
    em,
    'faculty',
    [
      ['id', 'uuid', (member) => member.id],
      ['user_id', 'uuid', (member) => member.user.id],
      ['employee_code', 'text', (member) => member.employeeCode],
      ['department_id', 'uuid', (member) => member.departmentId],
    ],
    faculty,
  );
  await bulkInsert(
    em,
    'student',
    [
      ['id', 'uuid', (student) => student.id],
      ['user_id', 'uuid', (student) => student.user.id],
      ['roll_number', 'text', (student) => student.rollNumber],
      ['programme_id', 'uuid', (student) => student.department.programmeId],
      ['batch_id', 'uuid', (student) => student.group.batchId],
      ['department_id', 'uuid', (student) => student.department.id],
      ['campus_id', 'uuid', () => university.campusId],
      ['admitted_on', 'date', () => `${admissionYear}-08-01`],
    ],
    students,
  );
}

async function writeCourses(em: Em, university: University): Promise<void> {
  await bulkInsert(
    em,
    'course',
    [
      ['id', 'uuid', (course) => course.id],
      ['department_id', 'uuid', (course) => course.departmentId],
      ['code', 'text', (course) => course.seed.code],
      ['name', 'text', (course) => course.seed.name],
      ['credits', 'int', (course) => course.seed.credits],
      ['lecture_hours', 'int', () => WEEKLY_HOURS.lecture],
      ['tutorial_hours', 'int', () => WEEKLY_HOURS.tutorial],
      ['practical_hours', 'int', () => WEEKLY_HOURS.practical],
    ],
    university.departments.flatMap((department) =>
      department.courses.map((course) => ({ ...course, departmentId: department.id })),
    ),
  );
  await bulkInsert(
    em,
    'course_section',
    [
      ['id', 'uuid', (section) => section.id],
      ['course_id', 'uuid', (section) => section.courseId],
      ['semester_id', 'uuid', () => university.semesterId],
      ['campus_id', 'uuid', () => university.campusId],
      ['section_name', 'text', (section) => section.sectionName],
    ],
    university.sections,
  );
}

interface AssignedRole {
  readonly userId: Id;
  readonly role: string;
  readonly departmentId: Id | null;
}

async function writeTeaching(context: SeedContext, university: University): Promise<void> {
  const { em } = context;
  const nextId = (): Id => idAt(context.random, context.nowMs);
  const { startsOn } = university.calendar.semester;
  const roles = university.users.flatMap(({ id, roles: held }) =>
    held.map((role): AssignedRole => ({ userId: id, ...role })),
  );
  await bulkInsert(
    em,
    'role_assignment',
    [
      ['id', 'uuid', nextId],
      ['user_id', 'uuid', (row) => row.userId],
      ['role', 'text', (row) => row.role],
      ['scope_kind', 'text', (row) => (row.departmentId === null ? 'institution' : 'department')],
      ['scope_id', 'uuid', (row) => row.departmentId],
    ],
    roles,
  );
  await bulkInsert(
    em,
    'mentor_assignment',
    [
      ['id', 'uuid', nextId],
      ['mentor_id', 'uuid', (row) => row.mentor.id],
      ['student_id', 'uuid', (row) => row.student.id],
      ['valid_from', 'date', () => startsOn],
    ],
    university.mentors,
  );
  await bulkInsert(
    em,
    'teaching_assignment',
    [
      ['id', 'uuid', nextId],
      ['faculty_id', 'uuid', (row) => row.facultyId],
      ['course_section_id', 'uuid', (row) => row.sectionId],
      ['role', 'text', (row) => row.role],
      ['valid_from', 'date', () => startsOn],
    ],
    university.sections.flatMap(staffOf),
  );
  await bulkInsert(
    em,
    'enrolment',
    [
      ['id', 'uuid', (row) => row.enrolment.id],
      ['student_id', 'uuid', (row) => row.enrolment.student.id],
      ['course_section_id', 'uuid', (row) => row.sectionId],
      ['valid_from', 'date', (row) => row.enrolment.validFrom],
      ['valid_to', 'date', (row) => row.enrolment.validTo],
    ],
    university.sections.flatMap((section) =>
      section.enrolments.map((enrolment) => ({ enrolment, sectionId: section.id })),
    ),
  );
}

function staffOf(section: SectionModel) {
  return [
    { facultyId: section.owner.id, sectionId: section.id, role: 'owner' },
    { facultyId: section.laboratoryTeacher.id, sectionId: section.id, role: 'assistant' },
  ];
}
