import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { makeStudent, moveDatabaseClock } from '../../../test/factories.ts';
import {
  codeOf,
  EVERYTHING,
  openRequestBench,
  type RequestBench,
} from '../../../test/request-bench.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { expireCase } from './expire-case.ts';
import { fileCorrection, type CorrectionScope, type NewCorrection } from './file-correction.ts';

const DAY = 24 * 60;
const NOTHING = { sql: 'false', parameters: [] } as const;

let bench: RequestBench;
beforeAll(async () => {
  bench = await openRequestBench({ studentCount: 10 });
});
afterAll(() => bench.close());

function studentAt(index: number) {
  const student = bench.world.students[index];
  if (!student) throw new Error(`the world has no student ${index}`);
  return student;
}

/** A class that is over, in which one student was present and the others absent. */
async function closedClass(startMinutes = -120): Promise<Id> {
  const session = await bench.classFrom(startMinutes, startMinutes + 60);
  await bench.mark(session, studentAt(9).id, 'present');
  await bench.take(session, 'close');
  return session;
}

function file(
  input: Partial<NewCorrection> & { sessionId: Id },
  { by = studentAt(0).userId, scope = {} }: { by?: Id; scope?: Partial<CorrectionScope> } = {},
): Promise<Id> {
  const operation = bench.as(by);
  return operation.em.transactional((em) =>
    fileCorrection(
      operation,
      em,
      { view: EVERYTHING, file: EVERYTHING, late: NOTHING, studentId: studentAt(0).id, ...scope },
      {
        studentId: undefined,
        toMark: 'present',
        excuseCategory: undefined,
        reason: 'I sat in the last row',
        ...input,
      },
    ),
  );
}

const stateOf = (id: Id) =>
  firstRow(
    bench.em(),
    `select status, outcome_code, from_mark, to_mark, excuse_category from correction_request
     where id = ?::uuid`,
    [id],
  );

describe('fileCorrection', () => {
  it('stores what the record says and what it should say, promises the workflow, writes one event', async () => {
    const session = await closedClass();

    const id = await file({ sessionId: session });

    expect(await stateOf(id)).toMatchObject({
      status: 'pending',
      from_mark: 'absent',
      to_mark: 'present',
    });
    const promised = await rows(
      bench.em(),
      "select payload from outbox where kind = 'start_case' and payload->>'caseId' = ?",
      [id],
    );
    expect(promised).toEqual([{ payload: { kind: 'correction', caseId: id } }]);
    const events = await bench.auditOf(id);
    expect(events).toMatchObject([
      {
        action: 'correction.requested',
        chain: `session:${session}`,
        after: { status: 'pending', from_mark: 'absent', to_mark: 'present' },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('last row');
  });

  it('gives an excuse without a category the category other', async () => {
    const id = await file({ sessionId: await closedClass(), toMark: 'excused' });

    expect(await stateOf(id)).toMatchObject({ to_mark: 'excused', excuse_category: 'other' });
  });

  it.each([
    ['the mark the record has', { toMark: 'absent' as const }, {}, 'no_change'],
    [
      'a category with another mark',
      { excuseCategory: 'medical' as const },
      {},
      'validation_failed',
    ],
    ['a student who is not named', {}, { scope: { studentId: null } }, 'validation_failed'],
    ['a class outside the asker’s sight', {}, { scope: { view: NOTHING } }, 'not_found'],
    ['the record of a fellow student', {}, { scope: { file: NOTHING } }, 'student_not_accepted'],
    [
      'a record by someone who does not teach the class',
      () => ({ studentId: studentAt(0).id }),
      { scope: { file: NOTHING, studentId: null } },
      'not_staff',
    ],
    [
      'a student who is not on the roster',
      () => ({ studentId: bench.world.other.students[0]?.id }),
      {},
      'not_on_roster',
    ],
    ['a student who does not exist', () => ({ studentId: v7() }), {}, 'not_on_roster'],
  ])('refuses %s', async (_name, given, options, expected) => {
    const session = await closedClass();
    const change = typeof given === 'function' ? given() : given;
    const input = Object.fromEntries(
      Object.entries(change).filter(([, value]) => value !== undefined),
    );

    expect(await codeOf(file({ sessionId: session, ...input }, options))).toBe(expected);

    const left = await firstRow(
      bench.em(),
      'select id from correction_request where session_id = ?::uuid',
      [session],
    );
    expect(left).toBeUndefined();
  });

  it.each([
    ['scheduled', 600, 660, 'session_not_open'],
    ['open', -5, 55, 'state_conflict'],
    ['cancelled', -300, -240, 'session_cancelled'],
  ] as const)('refuses a %s class', async (status, start, end, expected) => {
    const session = await bench.classFrom(start, end, { status });

    expect(await codeOf(file({ sessionId: session }))).toBe(expected);
  });

  it('refuses a class whose close has not run, since its absents are still to be written', async () => {
    const session = await bench.classFrom(-300, -240, { status: 'open' });

    expect(await codeOf(file({ sessionId: session }))).toBe('state_conflict');
  });

  it('takes the day of a student’s enrolment into account', async () => {
    const newcomer = await makeStudent(bench.em(), {
      campus: bench.world.campus,
      department: bench.world.department,
      programme: bench.world.programme,
      batch: bench.world.batch,
    });
    const session = await closedClass();

    const code = await codeOf(file({ sessionId: session, studentId: newcomer.id }));

    expect(code).toBe('not_on_roster');
  });

  it('is open to the end of the seventh day and closed after it, but for an administrator', async () => {
    const inside = await bench.classFrom(-7 * DAY, -7 * DAY + 60, { status: 'closed' });
    const outside = await bench.classFrom(-9 * DAY, -9 * DAY + 60, { status: 'closed' });

    expect(await codeOf(file({ sessionId: inside }))).toBe('none');
    expect(await codeOf(file({ sessionId: outside }))).toBe('correction_window_closed');
    expect(await codeOf(file({ sessionId: outside }, { scope: { late: EVERYTHING } }))).toBe(
      'none',
    );
  });

  it('follows the setting of the campus for the window', async () => {
    const session = await bench.classFrom(-3 * DAY, -3 * DAY + 60, { status: 'closed' });
    await rows(
      bench.em(),
      `insert into setting (id, name, scope_kind, scope_id, value)
       values (gen_random_uuid(), 'ATTENDANCE_MAX_CORRECTION_DAYS', 'campus', ?, '1'::jsonb)`,
      [bench.world.campus],
    );

    const code = await codeOf(file({ sessionId: session }));
    await rows(bench.em(), "delete from setting where name = 'ATTENDANCE_MAX_CORRECTION_DAYS'");

    expect(code).toBe('correction_window_closed');
    expect(await codeOf(file({ sessionId: session }))).toBe('none');
  });

  it('lets exactly one of eight requests for one record through that are filed at once', async () => {
    const session = await closedClass();

    const codes = await Promise.all(
      Array.from({ length: 8 }, () => codeOf(file({ sessionId: session }))),
    );

    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(codes.filter((code) => code === 'duplicate_request')).toHaveLength(7);
  });
});

describe('an approved correction', () => {
  it('changes the record, with before and after in the audit trail', async () => {
    const session = await closedClass();
    const student = studentAt(0);
    const id = await file({ sessionId: session });

    expect(await bench.decide('correction', id, bench.world.faculty.userId)).toBeNull();

    expect(await bench.record(session, student.id)).toMatchObject({
      mark: 'present',
      source: 'correction',
    });
    const record = await firstRow<{ id: Id }>(
      bench.em(),
      'select id from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
      [session, student.id],
    );
    expect((await bench.auditOf(record?.id ?? '')).at(-1)).toMatchObject({
      action: 'record.changed',
      actor: bench.world.faculty.userId,
      before: { mark: 'absent' },
      after: { mark: 'present', rank: 100 },
    });
    expect((await bench.auditOf(id)).at(-1)).toMatchObject({
      action: 'case.decided',
      before: { status: 'pending' },
      after: { status: 'approved', records_changed: 1 },
    });
  });

  it('changes a locked class too and appends an amended digest', async () => {
    const session = await closedClass();
    await rows(
      bench.em(),
      'update attendance_session set lock_due_at = app_clock() where id = ?::uuid',
      [session],
    );
    await bench.take(session, 'lock');
    const id = await file({ sessionId: session, toMark: 'excused', excuseCategory: 'sport' });

    expect(await bench.decide('correction', id, bench.world.people.examCell.id)).toBeNull();

    expect(await bench.record(session, studentAt(0).id)).toEqual({
      mark: 'excused',
      source: 'correction',
      excuse_category: 'sport',
    });
    const amended = (await bench.auditOf(session)).filter(
      (event) => event.action === 'register.amended',
    );
    expect(amended).toHaveLength(1);
  });

  it('goes back to review when the record changed meanwhile', async () => {
    const session = await closedClass();
    const id = await file({ sessionId: session });
    await bench.mark(session, studentAt(0).id, 'late');

    expect(await bench.decide('correction', id, bench.world.faculty.userId)).toBe('record_changed');

    expect(await stateOf(id)).toMatchObject({ status: 'pending' });
    expect(await bench.record(session, studentAt(0).id)).toMatchObject({ mark: 'late' });
  });

  it('changes nothing when it is rejected', async () => {
    const session = await closedClass();
    const id = await file({ sessionId: session });

    await bench.decide('correction', id, bench.world.faculty.userId, 'rejected');

    expect(await stateOf(id)).toMatchObject({ status: 'rejected' });
    expect(await bench.record(session, studentAt(0).id)).toMatchObject({ mark: 'absent' });
  });
});

describe('deciding a correction', () => {
  it.each([
    ['a teacher of the class', () => bench.world.faculty.userId, null],
    ['the head of the department', () => bench.world.people.hod.id, null],
    ['the head of another department', () => bench.world.people.otherHod.id, 'forbidden'],
    ['a teacher of another class', () => bench.world.other.faculty.userId, 'forbidden'],
    ['the exam cell before the lock', () => bench.world.people.examCell.id, 'forbidden'],
    ['an administrator', () => bench.world.people.admin.id, 'forbidden'],
    ['the student', () => studentAt(0).userId, 'own_request'],
  ])('by %s', async (_name, decider, expected) => {
    const id = await file({ sessionId: await closedClass() });

    expect(await bench.decide('correction', id, decider())).toBe(expected);

    expect(await stateOf(id)).toMatchObject({ status: expected ? 'pending' : 'approved' });
  });

  it('is not for the teacher who asked, but for the head of the department', async () => {
    const { faculty, people } = bench.world;
    const session = await closedClass();
    const id = await file(
      { sessionId: session, studentId: studentAt(3).id },
      { by: faculty.userId },
    );

    expect(await bench.decide('correction', id, faculty.userId)).toBe('own_request');
    expect(await bench.decide('correction', id, people.hod.id)).toBeNull();
  });
});

describe('a correction nobody decides', () => {
  it('expires when its time has come and leaves the record alone', async () => {
    const session = await closedClass();
    const id = await file({ sessionId: session });
    const dayMs = DAY * 60_000;
    try {
      await moveDatabaseClock(bench.em(), 130 * dayMs);
      await expireCase(bench.as(studentAt(0).userId), 'correction', id);
    } finally {
      await moveDatabaseClock(bench.em(), 0);
    }

    expect(await stateOf(id)).toMatchObject({ status: 'expired', outcome_code: 'not_decided' });
    expect(await bench.record(session, studentAt(0).id)).toMatchObject({ mark: 'absent' });
  });
});
