/** The scopes of every role over sessions, sections, students and their pairs. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  assignMentor,
  assignTeaching,
  campusDay,
  enrol,
  makeCampus,
  makeFaculty,
  makeSession,
  makeStudent,
  makeUser,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../test/factories.ts';
import { createTestDatabase, type TestDatabase } from '../../test/servers.ts';
import { openOrm, rows, type Em, type Orm } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import { findAccountById, principalOf } from './accounts.ts';
import type { Permission } from './policies.ts';
import type { Principal } from './principal.ts';
import {
  actingRole,
  holds,
  permissionsOf,
  recordScope,
  sectionScope,
  sectionStudentScope,
  sessionScope,
  studentScope,
  type SqlScope,
} from './scope.ts';

let database: TestDatabase;
let orm: Orm;
let em: Em;
let world: World;
beforeAll(async () => {
  database = await createTestDatabase();
  orm = await openOrm({ url: database.url, poolMax: 3 });
  em = orm.em.fork();
  world = await makeWorld(em);
});
afterAll(async () => {
  await orm.close();
  await database.drop();
});

async function principal(userId: Id): Promise<Principal> {
  const account = await findAccountById(em, userId);
  if (!account) throw new Error('no account');
  return principalOf(account, { sid: userId, amr: ['pwd'], authTime: 0 });
}

async function ids(table: string, alias: string, scope: SqlScope): Promise<Id[]> {
  const found = await rows<{ id: Id }>(
    em,
    `select ${alias}.id from ${table} ${alias} where ${scope.sql}`,
    scope.parameters,
  );
  return found.map((row) => row.id);
}

const sessions = (who: Principal, permission: Permission = 'view_attendance') =>
  ids('attendance_session', 's', sessionScope(who, permission, 's'));
const sections = (who: Principal, permission: Permission = 'view_attendance') =>
  ids('course_section', 'cs', sectionScope(who, permission, 'cs'));
const students = (who: Principal, permission: Permission = 'view_attendance') =>
  ids('student', 'st', studentScope(who, permission, 'st'));

async function pairs(who: Principal, permission: Permission = 'view_attendance'): Promise<number> {
  const scope = recordScope(who, permission, 's', 'st');
  const found = await rows(
    em,
    `select 1 from attendance_session s join enrolment en on en.course_section_id = s.course_section_id
     join student st on st.id = en.student_id where s.id = ? and ${scope.sql}`,
    [world.session, ...scope.parameters],
  );
  return found.length;
}

describe('sessionScope and sectionScope', () => {
  it('give faculty what they teach and nothing of others', async () => {
    const who = await principal(world.faculty.userId);

    expect(await sessions(who)).toEqual([world.session]);
    expect(await sessions(who, 'mark_attendance')).toEqual([world.session]);
    expect(await sections(who)).toEqual([world.section]);
    expect(await sessions(who, 'operate')).toEqual([]);
  });

  it('end with the teaching assignment, by its dates', async () => {
    const former = await makeFaculty(em, world.department);
    await assignTeaching(
      em,
      former.id,
      { courseSection: world.section },
      { validFrom: campusDay(-50), validTo: campusDay(0) },
    );
    const past = await makeSession(em, {
      campus: world.campus,
      courseSection: world.section,
      faculty: former.id,
      room: world.room.id,
      startAt: minutesFromNow(-3 * 24 * 60),
      status: 'closed',
    });
    const who = await principal(former.userId);

    expect(await sessions(who)).toEqual([past]);
    expect(await sections(who)).toEqual([]);
    await rows(em, 'delete from session_section where session_id = ?', [past]);
    await rows(em, 'delete from attendance_session where id = ?', [past]);
  });

  it('give a substitute that one session only', async () => {
    const substitute = await makeFaculty(em, world.department);
    await assignTeaching(em, substitute.id, { session: world.session }, { role: 'substitute' });
    const who = await principal(substitute.userId);

    expect(await sessions(who)).toEqual([world.session]);
    expect(await sections(who)).toEqual([]);
  });

  it('give students the sessions of their sections on the day they were enrolled', async () => {
    const { campus, department, programme, batch } = world;
    const late = await makeStudent(em, { campus, department, programme, batch });
    await enrol(em, late.id, world.section, { validFrom: campusDay(1) });

    expect(await sessions(await principal(world.student.userId))).toEqual([world.session]);
    expect(await sessions(await principal(late.userId))).toEqual([]);
    expect(await sections(await principal(late.userId))).toEqual([world.section]);
    expect(await sessions(await principal(world.student.userId), 'manage_sessions')).toEqual([]);
    await rows(em, 'delete from enrolment where student_id = ?', [late.id]);
  });

  it('give a head of department their department, the exam cell and admin everything', async () => {
    const both = [world.session, world.other.session].sort((a, b) => a.localeCompare(b));
    const sorted = async (userId: Id): Promise<Id[]> =>
      (await sessions(await principal(userId))).sort((a, b) => a.localeCompare(b));

    expect(await sorted(world.people.hod.id)).toEqual([world.session]);
    expect(await sorted(world.people.otherHod.id)).toEqual([world.other.session]);
    expect(await sorted(world.people.examCell.id)).toEqual(both);
    expect(await sorted(world.people.admin.id)).toEqual(both);
    expect(await sessions(await principal(world.people.admin.id), 'approve_leave')).toEqual([]);
  });

  it('keep an administrator of another campus out', async () => {
    const elsewhere = await makeCampus(em);
    const here = await makeUser(em, {
      roles: [{ role: 'admin', scopeKind: 'campus', scopeId: world.campus }],
    });
    const there = await makeUser(em, {
      roles: [{ role: 'admin', scopeKind: 'campus', scopeId: elsewhere }],
    });

    expect(await sessions(await principal(here.id))).toHaveLength(2);
    expect(await sessions(await principal(there.id))).toEqual([]);
    expect(await sections(await principal(there.id))).toEqual([]);
    expect(await students(await principal(there.id))).toEqual([]);
  });

  it('give a mentor the sessions of mentees, and only while the care lasts', async () => {
    const former = await makeUser(em, { roles: ['mentor'] });
    await assignMentor(em, former.id, world.student.id, {
      validFrom: campusDay(-50),
      validTo: campusDay(0),
    });

    expect(await sessions(await principal(world.people.mentor.id))).toEqual([world.session]);
    expect(await sessions(await principal(former.id))).toEqual([]);
    expect(await students(await principal(former.id))).toEqual([]);
  });

  it('give nothing to an auditor until pseudonyms exist, a privacy officer or nobody', async () => {
    for (const person of ['auditor', 'privacyOfficer', 'nobody'] as const) {
      const who = await principal(world.people[person].id);
      expect(await sessions(who)).toEqual([]);
      expect(await sections(who)).toEqual([]);
      expect(await students(who)).toEqual([]);
    }
  });

  it('unite the scopes of several roles', async () => {
    const faculty = await principal(world.faculty.userId);
    const who = {
      ...faculty,
      roles: [
        ...faculty.roles,
        { role: 'hod' as const, scopeKind: 'department' as const, scopeId: world.other.department },
      ],
    };

    expect(await sessions(who)).toHaveLength(2);
  });
});

describe('studentScope', () => {
  it('gives a student themselves, a mentor the mentee, faculty those they teach', async () => {
    const [student] = world.students;

    expect(await students(await principal(world.student.userId))).toEqual([student?.id]);
    expect(await students(await principal(world.people.mentor.id))).toEqual([student?.id]);
    expect(await students(await principal(world.faculty.userId))).toHaveLength(3);
    expect(await students(await principal(world.other.faculty.userId))).toHaveLength(1);
    expect(await students(await principal(world.people.otherHod.id))).toHaveLength(1);
  });
});

describe('recordScope and sectionStudentScope', () => {
  it('show staff the whole class, students and mentors one row of it', async () => {
    expect(await pairs(await principal(world.faculty.userId))).toBe(3);
    expect(await pairs(await principal(world.people.hod.id))).toBe(3);
    expect(await pairs(await principal(world.student.userId))).toBe(1);
    expect(await pairs(await principal(world.people.mentor.id))).toBe(1);
    expect(await pairs(await principal(world.other.faculty.userId))).toBe(0);
  });

  it('let the department of the student read, and only that of the course change', async () => {
    const foreign = world.other.students[0];
    if (!foreign) throw new Error('no student');
    await enrol(em, foreign.id, world.section);
    const otherHod = await principal(world.people.otherHod.id);

    expect(await pairs(otherHod, 'view_attendance')).toBe(1);
    expect(await pairs(otherHod, 'mark_attendance')).toBe(0);
    await rows(em, 'delete from enrolment where student_id = ? and course_section_id = ?', [
      foreign.id,
      world.section,
    ]);
  });

  it('work the same over sections', async () => {
    const count = async (who: Principal): Promise<number> => {
      const scope = sectionStudentScope(who, 'view_statistics', 'cs', 'st');
      const found = await rows(
        em,
        `select 1 from course_section cs join enrolment en on en.course_section_id = cs.id
         join student st on st.id = en.student_id where cs.id = ? and ${scope.sql}`,
        [world.section, ...scope.parameters],
      );
      return found.length;
    };

    expect(await count(await principal(world.faculty.userId))).toBe(3);
    expect(await count(await principal(world.student.userId))).toBe(1);
    expect(await count(await principal(world.people.mentor.id))).toBe(1);
  });
});

describe('holds, permissionsOf and actingRole', () => {
  it('read the policy table', async () => {
    const hod = await principal(world.people.hod.id);

    expect(holds(hod, 'approve_leave')).toBe(true);
    expect(holds(hod, 'operate')).toBe(false);
    expect(permissionsOf(hod)).toContain('condone_shortage');
    expect(actingRole(hod, 'approve_leave')).toBe('hod');
    expect(actingRole(await principal(world.people.nobody.id))).toBe('none');
  });
});

describe('aliases', () => {
  it('are refused when the predicate uses them itself or they are no name', async () => {
    const who = await principal(world.faculty.userId);

    expect(() => sessionScope(who, 'view_attendance', 'ta')).toThrow(/alias/);
    expect(() => sessionScope(who, 'view_attendance', 's; drop table x')).toThrow(/alias/);
  });
});
