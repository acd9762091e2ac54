/** What counts for whom: hand-built registers against the statements that count them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DateTime } from 'luxon';
import { v7 } from 'uuid';
import {
  campusDay,
  enrol,
  makeSection,
  makeSession,
  makeStudent,
  makeWorld,
  moveDatabaseClock,
  unique,
  type World,
} from '../../../test/factories.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/servers.ts';
import type { Component, ExcuseCategory, Id, Mark, SessionStatus } from '../../domain/types.ts';
import * as entity from '../entities/index.ts';
import { openOrm, rows, type Em, type Orm } from '../orm.ts';
import {
  listStatistics,
  readSectionStatistics,
  readStudentStatistics,
  type StatisticsLine,
} from './statistics.ts';

const EVERYTHING = { sql: 'true', parameters: [] };
const NOTHING = { sql: 'false', parameters: [] };

let database: TestDatabase;
let orm: Orm;
let world: World;
let student: Id;
let section: Id;

const em = (): Em => orm.em.fork();

beforeAll(async () => {
  database = await createTestDatabase();
  orm = await openOrm({ url: database.url, poolMax: 4 });
  world = await makeWorld(em());
});

afterAll(async () => {
  await orm.close();
  await database.drop();
});

/** A section and a student of their own for every test. */
beforeEach(async () => {
  section = await anotherSection();
  student = await anotherStudent();
});

const anotherSection = (): Promise<Id> => makeSection(em(), world);

const anotherStudent = async (): Promise<Id> => {
  const { campus, department, programme, batch } = world;
  return (await makeStudent(em(), { campus, department, programme, batch })).id;
};

interface Held {
  readonly day: number;
  readonly mark?: Mark | null;
  readonly category?: ExcuseCategory;
  readonly status?: SessionStatus;
  readonly taken?: boolean;
  readonly component?: Component;
  readonly units?: number;
  readonly of?: Id;
}

/** A class some days from today at ten o'clock, with a record of the student unless left out. */
async function hold({
  day,
  status = 'closed',
  taken = true,
  units = 1,
  ...more
}: Held): Promise<Id> {
  const startAt = DateTime.fromISO(`${campusDay(day)}T10:00`, { zone: 'Asia/Kolkata' }).toJSDate();
  const id = await makeSession(em(), {
    campus: world.campus,
    courseSection: more.of ?? section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt,
    status,
    component: more.component ?? 'L',
  });
  await rows(em(), 'update attendance_session set taken = ?, units = ? where id = ?::uuid', [
    taken,
    units,
    id,
  ]);
  if (more.mark !== undefined) await record(id, more.mark, more.category ?? null);
  return id;
}

async function record(session: Id, mark: Mark | null, excuseCategory: ExcuseCategory | null) {
  await em().insert(entity.AttendanceRecord, { id: v7(), session, student, mark, excuseCategory });
}

/** The buckets of the one line, as `component outcome category: sessions/units`. */
const told = ({ buckets }: StatisticsLine): string[] =>
  buckets
    .map(
      ({ component, outcome, category, sessions, units }) =>
        `${component} ${outcome}${category ? ` ${category}` : ''}: ${sessions}/${units}`,
    )
    .sort((a, b) => a.localeCompare(b));

async function linesOf(filters = {}, who = student): Promise<readonly StatisticsLine[]> {
  const found = await readStudentStatistics(em(), EVERYTHING, EVERYTHING, who, filters);
  return found?.lines ?? [];
}

async function countedOf(filters = {}): Promise<string[][]> {
  return (await linesOf(filters)).map(told);
}

describe('what counts', () => {
  it('puts every mark, component and excuse category into a bucket of its own, in units', async () => {
    await enrol(em(), student, section);
    await hold({ day: -9, mark: 'present' });
    await hold({ day: -8, mark: 'present', status: 'locked' });
    await hold({ day: -7, mark: 'late' });
    await hold({ day: -6, mark: 'absent' });
    await hold({ day: -5, mark: 'excused', category: 'medical' });
    await hold({ day: -4, mark: 'excused', category: 'on_duty' });
    await hold({ day: -3, mark: 'excused' });
    await hold({ day: -2, mark: 'present', component: 'P', units: 3 });
    await hold({ day: -1, mark: 'absent', component: 'P', units: 3 });

    expect(await countedOf()).toEqual([
      [
        'L absent: 1/1',
        'L excused medical: 1/1',
        'L excused on_duty: 1/1',
        'L excused other: 1/1',
        'L late: 1/1',
        'L present: 2/2',
        'P absent: 1/3',
        'P present: 1/3',
      ],
    ]);
  });

  it('never counts scheduled, open and cancelled classes, whatever their records say', async () => {
    await enrol(em(), student, section);
    for (const status of ['scheduled', 'open', 'cancelled'] as const) {
      await hold({ day: -3, mark: 'present', status });
    }

    expect(await countedOf()).toEqual([[]]);
  });

  it('keeps a class nobody took apart, even where a record exists', async () => {
    await enrol(em(), student, section);
    await hold({ day: -3, taken: false });
    await hold({ day: -2, taken: false, mark: 'excused', category: 'medical' });

    expect(await countedOf()).toEqual([['L not_taken: 2/2']]);
  });

  it('names a taken class without a mark of the student not recorded', async () => {
    await enrol(em(), student, section);
    await hold({ day: -3 });
    await hold({ day: -2, mark: null });

    expect(await countedOf()).toEqual([['L not_recorded: 2/2']]);
  });

  it('starts with the day of a late enrolment', async () => {
    await enrol(em(), student, section, { validFrom: campusDay(-5) });
    await hold({ day: -6, mark: 'absent' });
    await hold({ day: -5, mark: 'present' });

    expect(await countedOf()).toEqual([['L present: 1/1']]);
  });

  it('ends before the first day of a drop', async () => {
    await enrol(em(), student, section, { validTo: campusDay(-5) });
    await hold({ day: -6, mark: 'present' });
    await hold({ day: -5, mark: 'absent' });

    expect(await countedOf()).toEqual([['L present: 1/1']]);
  });

  it('has a gap between a drop and a return', async () => {
    await enrol(em(), student, section, { validTo: campusDay(-10) });
    await enrol(em(), student, section, { validFrom: campusDay(-5) });
    await hold({ day: -11, mark: 'present' });
    await hold({ day: -7, mark: 'absent' });
    await hold({ day: -5, mark: 'late' });

    expect(await countedOf()).toEqual([['L late: 1/1', 'L present: 1/1']]);
  });

  it('knows nothing of an enrolment that was undone or lasted no day', async () => {
    const undone = await enrol(em(), student, section);
    await rows(em(), "update enrolment set status = 'dropped' where id = ?::uuid", [undone]);
    await enrol(em(), student, await anotherSection(), { validTo: campusDay(-60) });
    await hold({ day: -6, mark: 'present' });

    expect(await linesOf()).toEqual([]);
  });

  it('adds both sections of a course up when a student moves, under the newer one', async () => {
    const before = section;
    const after = await anotherSection();
    await enrol(em(), student, before, { validTo: campusDay(-5) });
    await enrol(em(), student, after, { validFrom: campusDay(-5) });
    await hold({ day: -6, mark: 'present', of: before });
    await hold({ day: -6, mark: 'present', of: after });
    await hold({ day: -4, mark: 'absent', of: before });
    await hold({ day: -4, mark: 'absent', of: after });

    const lines = await linesOf();

    expect(lines.map((line) => [line.section.sectionId, told(line)])).toEqual([
      [after, ['L absent: 1/1', 'L present: 1/1']],
    ]);
  });

  it('counts a class that serves two sections of the student once', async () => {
    const practical = await anotherSection();
    await enrol(em(), student, section);
    await enrol(em(), student, practical);
    const session = await hold({ day: -3, mark: 'present' });
    await em().insert(entity.SessionSection, { session, courseSection: practical });

    expect(await countedOf()).toEqual([['L present: 1/1']]);
  });

  it('gives an enrolled student without classes a line without buckets', async () => {
    await enrol(em(), student, section);

    expect(await countedOf()).toEqual([[]]);
  });

  it('is not changed by the marks of others', async () => {
    await enrol(em(), student, section);
    const own = student;
    await hold({ day: -3, mark: 'present' });
    student = await anotherStudent();
    await enrol(em(), student, section);
    await hold({ day: -2, mark: 'present' });

    expect((await linesOf({}, own)).map(told)).toEqual([['L not_recorded: 1/1', 'L present: 1/1']]);
  });
});

describe('readStudentStatistics', () => {
  it('narrows to dates, both days included, and to a section', async () => {
    await enrol(em(), student, section);
    await enrol(em(), student, world.other.section);
    for (const day of [-6, -5, -4, -3]) await hold({ day, mark: 'present' });

    const range = { dateFrom: campusDay(-5), dateTo: campusDay(-4) };

    expect(await countedOf({ ...range, courseSection: section })).toEqual([['L present: 2/2']]);
    expect(await linesOf(range)).toHaveLength(2);
  });

  it('takes the semester of the day asked for, and before any the first one', async () => {
    const past = await pastSemesterSection();
    await enrol(em(), student, section);
    await enrol(em(), student, past.section, { validFrom: past.startsOn });
    const semesterOf = async (filters: object) =>
      (await readStudentStatistics(em(), EVERYTHING, EVERYTHING, student, filters))?.semester;

    expect(await semesterOf({ dateTo: past.startsOn })).toBe(past.code);
    expect(await semesterOf({ courseSection: past.section })).toBe(past.code);
    expect(await semesterOf({})).not.toBe(past.code);
    expect(await semesterOf({ dateTo: campusDay(4_000) })).not.toBe(past.code);
    expect(await semesterOf({ dateTo: '2000-01-01' })).toBe(past.code);
  });

  it('gives a student who was never enrolled no semester and no lines', async () => {
    const found = await readStudentStatistics(em(), EVERYTHING, EVERYTHING, student, {});

    expect(found).toMatchObject({ academicYear: null, semester: null, lines: [] });
  });

  it('is undefined out of scope, and found where a line is in scope', async () => {
    await enrol(em(), student, section);
    const read = (ofStudent: typeof NOTHING, ofLines: typeof NOTHING) =>
      readStudentStatistics(em(), ofStudent, ofLines, student, {});

    expect(await read(NOTHING, NOTHING)).toBeUndefined();
    expect((await read(EVERYTHING, NOTHING))?.lines).toEqual([]);
    expect((await read(NOTHING, EVERYTHING))?.lines).toHaveLength(1);
  });
});

describe('readSectionStatistics', () => {
  it('gives the totals of the section and a line for each student in it, by roll number', async () => {
    await enrol(em(), student, section);
    const gone = await anotherStudent();
    await enrol(em(), gone, section, { validTo: campusDay(-5) });
    await hold({ day: -6, mark: 'present' });
    await hold({ day: -3, mark: 'late', status: 'locked' });
    await hold({ day: -2, taken: false });
    await hold({ day: -1, status: 'cancelled' });

    const found = await readSectionStatistics(em(), EVERYTHING, EVERYTHING, section);

    expect(found).toMatchObject({ totalSessions: 3, notTaken: 1, section: { sectionId: section } });
    expect(found?.lines.map((line) => [line.student.id, told(line)])).toEqual([
      [student, ['L late: 1/1', 'L not_taken: 1/1', 'L present: 1/1']],
      [gone, ['L not_recorded: 1/1']],
    ]);
  });

  it('is undefined out of scope and empty for a section without students', async () => {
    expect(await readSectionStatistics(em(), NOTHING, EVERYTHING, section)).toBeUndefined();
    expect(await readSectionStatistics(em(), EVERYTHING, EVERYTHING, section)).toMatchObject({
      totalSessions: 0,
      notTaken: 0,
      lines: [],
    });
  });
});

describe('listStatistics', () => {
  it('narrows to a section, a department of students and a semester', async () => {
    const past = await pastSemesterSection();
    await enrol(em(), student, section);
    await enrol(em(), student, past.section, { validFrom: past.startsOn });
    const own = { sql: 'st.id = ?::uuid', parameters: [student] };
    const sections = async (filters: object) =>
      (await listStatistics(em(), own, filters)).map((line) => line.section.sectionId);

    expect(await sections({})).toEqual([section]);
    expect(await sections({ courseSection: past.section })).toEqual([past.section]);
    expect(await sections({ semester: past.code })).toEqual([past.section]);
    expect(await sections({ department: world.department })).toEqual([section]);
    expect(await sections({ department: world.other.department })).toEqual([]);
  });

  it('shows the semester that ended last while none is running', async () => {
    const past = await pastSemesterSection();
    await enrol(em(), student, section);
    await enrol(em(), student, past.section, { validFrom: past.startsOn });
    const own = { sql: 'st.id = ?::uuid', parameters: [student] };

    await moveDatabaseClock(em(), 300 * 86_400_000);
    const lines = await listStatistics(em(), own, {});
    await moveDatabaseClock(em(), 0);

    expect(lines.map((line) => line.section.sectionId)).toEqual([section]);
  });
});

/** A section of the world's course in a semester that ended long ago. */
async function pastSemesterSection() {
  const [academicYear, semester, code] = [v7(), v7(), unique('2020-even-')];
  const [startsOn, endsOn] = [campusDay(-400), campusDay(-300)];
  await em().insert(entity.AcademicYear, {
    id: academicYear,
    name: unique('2019-20 '),
    startsOn,
    endsOn,
  });
  await em().insert(entity.Semester, {
    id: semester,
    academicYear,
    name: 'Even semester',
    code,
    startsOn,
    endsOn,
  });
  return { section: await makeSection(em(), { ...world, semester }), code, startsOn };
}
