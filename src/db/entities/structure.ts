/** The structure of a university: campuses, rooms, departments, courses, sections, calendar. */
import { defineEntity, p } from '@mikro-orm/core';
import { created, edited, localDate, localTime, versioned } from './base.ts';

const InstitutionSchema = defineEntity({
  name: 'Institution',
  properties: { ...edited, name: p.text(), zone: p.text() },
});
/** The one institution of a deployment. */
export class Institution extends InstitutionSchema.class {}
InstitutionSchema.setClass(Institution);

const CampusSchema = defineEntity({
  name: 'Campus',
  properties: { ...versioned, code: p.text().unique(), name: p.text(), zone: p.text() },
});
/**
 * A campus; wall-clock times of its timetable are meant in `zone` (IANA). `version` counts the
 * changes of its networks.
 */
export class Campus extends CampusSchema.class {}
CampusSchema.setClass(Campus);

const RoomSchema = defineEntity({
  name: 'Room',
  uniques: [{ properties: ['campus', 'code'] }],
  properties: {
    ...versioned,
    campus: () => p.manyToOne(Campus).ref(),
    code: p.text(),
    building: p.text(),
    capacity: p.integer(),
    fenceLat: p.double().nullable(),
    fenceLng: p.double().nullable(),
    fenceRadiusM: p.integer().nullable(),
    fencePolygon: p.json<{ lat: number; lng: number }[]>().nullable(),
  },
});
/** A room, named on the wire by its code; its place is a circle or a polygon, null where unknown. */
export class Room extends RoomSchema.class {}
RoomSchema.setClass(Room);

const BuildingNetworkSchema = defineEntity({
  name: 'BuildingNetwork',
  uniques: [{ properties: ['campus', 'building', 'network'] }],
  properties: {
    ...created,
    campus: () => p.manyToOne(Campus).ref(),
    building: p.text(),
    network: p.string().columnType('cidr'),
  },
});
/** A network of a building; a phone that scans from it is on campus. */
export class BuildingNetwork extends BuildingNetworkSchema.class {}
BuildingNetworkSchema.setClass(BuildingNetwork);

const DepartmentSchema = defineEntity({
  name: 'Department',
  properties: {
    ...edited,
    campus: () => p.manyToOne(Campus).ref(),
    code: p.text().unique(),
    name: p.text(),
  },
});
/** A department; the scope of a head of department. */
export class Department extends DepartmentSchema.class {}
DepartmentSchema.setClass(Department);

const ProgrammeSchema = defineEntity({
  name: 'Programme',
  properties: {
    ...edited,
    department: () => p.manyToOne(Department).ref(),
    code: p.text().unique(),
    name: p.text(),
    kind: p.text().default('general'),
  },
});
/** A programme of study. */
export class Programme extends ProgrammeSchema.class {}
ProgrammeSchema.setClass(Programme);

const BatchSchema = defineEntity({
  name: 'Batch',
  uniques: [{ properties: ['programme', 'name'] }],
  properties: {
    ...edited,
    programme: () => p.manyToOne(Programme).ref(),
    name: p.text(),
    admissionYear: p.integer(),
  },
});
/** Students of one programme admitted together. */
export class Batch extends BatchSchema.class {}
BatchSchema.setClass(Batch);

const AcademicYearSchema = defineEntity({
  name: 'AcademicYear',
  properties: {
    ...edited,
    name: p.text().unique(),
    startsOn: localDate(),
    endsOn: localDate(),
  },
});
/** An academic year, for example `2026-27`; `endsOn` is its last day. */
export class AcademicYear extends AcademicYearSchema.class {}
AcademicYearSchema.setClass(AcademicYear);

const SemesterSchema = defineEntity({
  name: 'Semester',
  uniques: [{ properties: ['academicYear', 'name'] }],
  properties: {
    ...edited,
    academicYear: () => p.manyToOne(AcademicYear).ref(),
    name: p.text(),
    code: p.text().unique(),
    startsOn: localDate(),
    endsOn: localDate(),
  },
});
/** A teaching term; sessions are generated only inside it. `endsOn` is its last day. */
export class Semester extends SemesterSchema.class {}
SemesterSchema.setClass(Semester);

const CourseSchema = defineEntity({
  name: 'Course',
  properties: {
    ...edited,
    department: () => p.manyToOne(Department).ref(),
    code: p.text().unique(),
    name: p.text(),
    kind: p.text().default('theory'),
    credits: p.integer(),
    lectureHours: p.integer().default(0),
    tutorialHours: p.integer().default(0),
    practicalHours: p.integer().default(0),
  },
});
/** A course; the hours per week are its L, T and P components. */
export class Course extends CourseSchema.class {}
CourseSchema.setClass(Course);

const CourseSectionSchema = defineEntity({
  name: 'CourseSection',
  uniques: [{ properties: ['course', 'semester', 'sectionName'] }],
  properties: {
    ...edited,
    course: () => p.manyToOne(Course).ref(),
    semester: () => p.manyToOne(Semester).ref(),
    campus: () => p.manyToOne(Campus).ref(),
    sectionName: p.text(),
  },
});
/** One section of a course in a semester; students enrol in it. */
export class CourseSection extends CourseSectionSchema.class {}
CourseSectionSchema.setClass(CourseSection);

const HolidaySchema = defineEntity({
  name: 'Holiday',
  uniques: [{ properties: ['campus', 'heldOn', 'name'] }],
  properties: {
    ...edited,
    campus: () => p.manyToOne(Campus).ref(),
    heldOn: localDate(),
    name: p.text(),
    fromTime: localTime().nullable(),
    toTime: localTime().nullable(),
    affectsAttendance: p.boolean().default(true),
  },
});
/** A full-day holiday, or a part of a day when both times are set; no class is generated in it. */
export class Holiday extends HolidaySchema.class {}
HolidaySchema.setClass(Holiday);
