/** Statistics and the exam-eligibility report over HTTP: numbers, scopes and refusals. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DateTime } from 'luxon';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type Json, type TestApi } from '../../../test/api.ts';
import {
  campusDay,
  enrol,
  makeSection,
  makeSession,
  makeWorld,
  type World,
} from '../../../test/factories.ts';
import * as entity from '../../db/entities/index.ts';
import { rows } from '../../db/orm.ts';
import type { Component, Id, Mark } from '../../domain/types.ts';
import { authRoutes } from '../auth/routes.ts';
import { statisticsRoutes } from './routes.ts';

const BASE = '/api/v1/attendance/';

let api: TestApi;
let world: World;
/** Tokens by the part a person plays. */
const tokens = new Map<string, string>();

beforeAll(async () => {
  api = await startTestApi({ routes: (deps) => [...authRoutes(deps), ...statisticsRoutes()] });
  world = await makeWorld(api.em());
  await writeRegister();
  const people = {
    student: world.student,
    classmate: world.students[1],
    faculty: world.faculty,
    otherFaculty: world.other.faculty,
    ...world.people,
  };
  for (const [name, person] of Object.entries(people)) {
    if (person) tokens.set(name, await api.signIn(person.email));
  }
});

afterAll(() => api.close());

/** Outcomes of the three students of the main section, class by class; a space is no record. */
const REGISTER: readonly {
  readonly marks: string;
  readonly component?: Component;
  readonly units?: number;
  readonly taken?: boolean;
}[] = [
  { marks: 'PPA' },
  { marks: 'LPA' },
  { marks: 'PAA' },
  { marks: 'EA ' },
  { marks: 'APE', component: 'P', units: 2 },
  { marks: '   ', taken: false },
];
const MARKS: Readonly<Record<string, Mark>> = {
  P: 'present',
  L: 'late',
  A: 'absent',
  E: 'excused',
};

async function writeRegister(): Promise<void> {
  for (const [index, { marks, component = 'L', units = 1, taken = true }] of REGISTER.entries()) {
    const day = campusDay(index - 20);
    const session = await makeSession(api.em(), {
      campus: world.campus,
      courseSection: world.section,
      faculty: world.faculty.id,
      room: world.room.id,
      startAt: DateTime.fromISO(`${day}T10:00`, { zone: 'Asia/Kolkata' }).toJSDate(),
      status: 'closed',
      component,
    });
    await rows(api.em(), 'update attendance_session set taken = ?, units = ? where id = ?::uuid', [
      taken,
      units,
      session,
    ]);
    for (const [place, letter] of marks.split('').entries()) {
      const mark = MARKS[letter];
      if (mark) await record(session, studentAt(place), mark);
    }
  }
}

async function record(session: Id, student: Id, mark: Mark): Promise<void> {
  const excuseCategory = mark === 'excused' ? ('medical' as const) : null;
  const values = { id: v7(), session, student, mark, excuseCategory };
  await api.em().insert(entity.AttendanceRecord, values);
}

function studentAt(place: number): Id {
  const student = world.students[place];
  if (!student) throw new Error(`the world has no student ${place}`);
  return student.id;
}

function get(path: string, who = 'examCell'): Promise<ApiReply> {
  const token = tokens.get(who);
  return api.request('GET', `${BASE}${path}`, token === undefined ? {} : { token });
}

const ofStudent = (id: Id = studentAt(0)): string => `statistics/student/${id}/`;
const ofSection = (id: Id = world.section): string => `statistics/course/${id}/`;
const REPORT = 'reports/exam-eligibility/';

const listed = (json: Json | undefined): Json[] => Object.values(json ?? {});
const refusal = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];

async function setThreshold(scopeKind: 'institution' | 'section', scopeId: string, value: unknown) {
  await rows(
    api.em(),
    `insert into setting (id, name, scope_kind, scope_id, value)
     values (?::uuid, 'ATTENDANCE_THRESHOLD_PERCENT', ?, ?, ?::jsonb)`,
    [v7(), scopeKind, scopeId, JSON.stringify(value)],
  );
}

describe('GET statistics/student/{student_id}/', () => {
  it('gives the numbers of each course, the excused class outside held', async () => {
    const reply = await get(ofStudent(), 'student');

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      student: { id: studentAt(0) },
      threshold_percent: 75,
      overall: { held: 5, attended: 3, value_bp: 6000, shown: '60.00' },
    });
    expect(listed(reply.body['courses'])).toEqual([
      {
        course_section: expect.objectContaining({ id: world.section }),
        total_sessions: 6,
        held: 5,
        attended: 3,
        present_count: 2,
        late_count: 1,
        absent_count: 1,
        excused_count: 1,
        not_recorded: 0,
        not_taken: 1,
        attendance_percentage: '60.00',
        threshold_percent: 75,
        value_bp: 6000,
        verdict: 'not_eligible',
        is_eligible_for_exam: false,
        components: { L: { held: 3, attended: 3 }, P: { held: 2, attended: 0 } },
        projection: { consecutive_needed: 3, may_miss: 0 },
      },
    ]);
  });

  it('narrows to dates', async () => {
    const path = `${ofStudent()}?date_from=${campusDay(-20)}&date_to=${campusDay(-18)}`;

    const [course] = listed((await get(path, 'student')).body['courses']);

    expect(course).toMatchObject({ held: 3, attended: 3, verdict: 'eligible' });
  });

  it('has nulls and insufficient data for a course in which nothing was held', async () => {
    const section = await makeSection(api.em(), { ...world, sectionName: 'empty' });
    await enrol(api.em(), world.other.students[0]?.id ?? '', section);
    const path = `${ofStudent(world.other.students[0]?.id)}?course_section=${section}`;

    const reply = await get(path);

    expect(reply.body['overall']).toEqual({ held: 0, attended: 0, value_bp: null, shown: null });
    expect(listed(reply.body['courses'])).toEqual([
      expect.objectContaining({
        total_sessions: 0,
        held: 0,
        attendance_percentage: null,
        value_bp: null,
        verdict: 'insufficient_data',
        is_eligible_for_exam: null,
        components: {},
        projection: { consecutive_needed: 0, may_miss: 0 },
      }),
    ]);
  });

  it.each(['student', 'faculty', 'mentor', 'hod', 'examCell', 'admin'])(
    'lets the %s of the student see the course',
    async (who) => {
      const reply = await get(ofStudent(), who);

      expect(reply.status).toBe(200);
      expect(listed(reply.body['courses'])).toHaveLength(1);
    },
  );

  it.each([
    ['classmate', 404, 'not_found'],
    ['otherFaculty', 404, 'not_found'],
    ['otherHod', 404, 'not_found'],
    ['auditor', 404, 'not_found'],
    ['privacyOfficer', 403, 'forbidden'],
    ['nobody', 403, 'forbidden'],
    ['a stranger', 401, 'unauthenticated'],
  ])('refuses the %s with %i', async (who, status, code) => {
    expect(refusal(await get(ofStudent(), who))).toEqual([status, code]);
  });

  it('shows a teacher only the courses taught', async () => {
    const shared = studentAt(2);
    await enrol(api.em(), shared, world.other.section);

    const courses = async (who: string): Promise<unknown[]> =>
      listed((await get(ofStudent(shared), who)).body['courses']).map(
        (course) => course['course_section']?.['id'],
      );

    expect(await courses('faculty')).toEqual([world.section]);
    expect(await courses('otherFaculty')).toEqual([world.other.section]);
    expect(await courses('student')).toEqual([]);
  });

  it.each([
    ['an id that is no UUID', 'statistics/student/17/'],
    ['an unknown query field', `statistics/student/${v7()}/?semster=1`],
    ['a date that does not exist', `statistics/student/${v7()}/?date_from=2026-02-30`],
    ['a year that does not exist', `statistics/student/${v7()}/?date_from=0000-01-01`],
    [
      'dates the wrong way round',
      `statistics/student/${v7()}/?date_from=2026-03-02&date_to=2026-03-01`,
    ],
  ])('refuses %s with 400', async (_what, path) => {
    expect(refusal(await get(path))).toEqual([400, 'validation_failed']);
  });

  it('does not know a student who does not exist', async () => {
    expect(refusal(await get(ofStudent(v7())))).toEqual([404, 'not_found']);
  });
});

describe('GET statistics/course/{course_section_id}/', () => {
  it('gives the totals, the average over all units and every student', async () => {
    const reply = await get(ofSection(), 'faculty');

    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      course_section: { id: world.section },
      threshold_percent: 75,
      total_sessions: 6,
      not_taken: 1,
      average_bp: 5000,
    });
    expect(
      listed(reply.body['students']).map((row) => [
        row['student']?.['id'],
        row['attended'],
        row['held'],
        row['not_recorded'],
        row['verdict'],
      ]),
    ).toEqual([
      [studentAt(0), 3, 5, 0, 'not_eligible'],
      [studentAt(1), 4, 6, 0, 'not_eligible'],
      [studentAt(2), 0, 3, 1, 'not_eligible'],
    ]);
  });

  it.each([
    ['student', 1],
    ['mentor', 1],
    ['hod', 3],
    ['examCell', 3],
  ])('shows the %s %i students', async (who, count) => {
    expect(listed((await get(ofSection(), who)).body['students'])).toHaveLength(count);
  });

  it.each([
    ['otherFaculty', 404, 'not_found'],
    ['auditor', 404, 'not_found'],
    ['nobody', 403, 'forbidden'],
    ['a stranger', 401, 'unauthenticated'],
  ])('refuses the %s with %i', async (who, status, code) => {
    expect(refusal(await get(ofSection(), who))).toEqual([status, code]);
  });

  it.each([
    ['an id that is no UUID', 'statistics/course/A/'],
    ['any query field', `statistics/course/${v7()}/?page=1`],
  ])('refuses %s with 400', async (_what, path) => {
    expect(refusal(await get(path))).toEqual([400, 'validation_failed']);
  });
});

describe('GET reports/exam-eligibility/', () => {
  it('lists students and courses in pages with counts by verdict over all of them', async () => {
    const first = await get(`${REPORT}?course_section=${world.section}&page_size=2`);
    const second = await get(`${REPORT}?course_section=${world.section}&page_size=2&page=2`);

    expect(first.body).toMatchObject({
      count: 3,
      previous: null,
      threshold_percent: 75,
      counts: {
        eligible: 0,
        provisional: 0,
        condonable: 0,
        insufficient_data: 0,
        not_eligible: 3,
      },
    });
    expect(textOf(first.body['next'])).toContain('page=2');
    expect(listed(first.body['results'])).toHaveLength(2);
    expect(listed(second.body['results'])).toEqual([
      {
        student: expect.objectContaining({ id: studentAt(2) }),
        course_section: expect.objectContaining({ id: world.section }),
        held: 3,
        attended: 0,
        attendance_percentage: '0.00',
        threshold_percent: 75,
        verdict: 'not_eligible',
        is_eligible_for_exam: false,
        consequence: 'advise',
      },
    ]);
  });

  it('narrows the list to a verdict, but not the counts', async () => {
    const reply = await get(`${REPORT}?course_section=${world.section}&verdict=eligible`);

    expect(reply.body).toMatchObject({ count: 0, results: [], counts: { not_eligible: 3 } });
  });

  it.each([
    ['student', 1],
    ['mentor', 1],
    ['faculty', 3],
    ['auditor', 0],
  ])('shows the %s %i rows', async (who, count) => {
    const reply = await get(REPORT, who);

    expect([reply.status, reply.body['count']]).toEqual([200, count]);
  });

  it('gives the head of a department the courses and the students of the department', async () => {
    const reply = await get(`${REPORT}?department=${world.other.department}`, 'hod');

    expect(reply.body['count']).toBe(1);
  });

  it.each([
    ['a verdict that does not exist', 'verdict=barred'],
    ['a page that is no number', 'page=one'],
    ['an unknown query field', 'colour=red'],
    ['a department that is no UUID', 'department=CS'],
  ])('refuses %s with 400', async (_what, query) => {
    expect(refusal(await get(`${REPORT}?${query}`))).toEqual([400, 'validation_failed']);
  });

  it.each([
    ['privacyOfficer', 403, 'forbidden'],
    ['a stranger', 401, 'unauthenticated'],
  ])('refuses the %s with %i', async (who, status, code) => {
    expect(refusal(await get(REPORT, who))).toEqual([status, code]);
  });
});

describe('ATTENDANCE_THRESHOLD_PERCENT', () => {
  it('is taken from the narrowest scope, exactly', async () => {
    await setThreshold('institution', '', 66.67);
    const verdictOf = async (place: number): Promise<unknown[]> => {
      const [course] = listed((await get(ofStudent(studentAt(place)))).body['courses']);
      return [course?.['threshold_percent'], course?.['verdict']];
    };

    // Four of six is two thirds, which lies below 66.67 percent though it prints as 66.66.
    expect(await verdictOf(1)).toEqual([66.67, 'not_eligible']);
    expect(await verdictOf(0)).toEqual([66.67, 'not_eligible']);

    await setThreshold('section', world.section, 60);

    expect(await verdictOf(1)).toEqual([60, 'eligible']);
    expect(await verdictOf(0)).toEqual([60, 'eligible']);
    expect((await get(ofStudent())).body['threshold_percent']).toBe(66.67);
    expect((await get(ofSection())).body['threshold_percent']).toBe(60);
  });
});
