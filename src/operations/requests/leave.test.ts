import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assignMentor, campusDay, makeLeaveType, minutesFromNow } from '../../../test/factories.ts';
import { codeOf, openRequestBench, type RequestBench } from '../../../test/request-bench.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { createSession } from '../sessions/create-session.ts';
import { expireCase } from './expire-case.ts';
import { fileLeave, type LeavePeriod } from './file-leave.ts';

const DAY = 24 * 60;

let bench: RequestBench;
let leaveType: Id;
beforeAll(async () => {
  bench = await openRequestBench({ studentCount: 12 });
  leaveType = await makeLeaveType(bench.em());
});
afterAll(() => bench.close());

const between = (startMinutes: number, endMinutes: number): LeavePeriod => ({
  startsAt: minutesFromNow(startMinutes).toISOString(),
  endsAt: minutesFromNow(endMinutes).toISOString(),
});

function studentAt(index: number) {
  const student = bench.world.students[index];
  if (!student) throw new Error(`the world has no student ${index}`);
  return student;
}

function file(
  student: { id: Id; userId: Id },
  period: LeavePeriod,
  change: { leaveTypeId?: Id; reason?: string } = {},
): Promise<Id> {
  const operation = bench.as(student.userId);
  return operation.em.transactional((em) =>
    fileLeave(operation, em, student.id, {
      leaveTypeId: leaveType,
      reason: 'Fever since Monday',
      period,
      ...change,
    }),
  );
}

const statusOf = (id: Id) =>
  firstRow<{ status: string; outcome_code: string | null; version: number }>(
    bench.em(),
    'select status, outcome_code, version from leave_application where id = ?::uuid',
    [id],
  );

const footprint = () =>
  firstRow(
    bench.em(),
    `select (select count(*)::int from leave_application) as leaves,
       (select count(*)::int from outbox) as promised,
       (select count(*)::int from audit_event) as events`,
  );

describe('fileLeave', () => {
  it('stores the leave with a sealed reason, promises its workflow and writes one event', async () => {
    const student = studentAt(0);

    const id = await file(student, between(DAY, 2 * DAY));

    const stored = await firstRow<{ reason_sealed: string }>(
      bench.em(),
      'select status, level, reason_sealed, workflow_started_at from leave_application where id = ?::uuid',
      [id],
    );
    expect(stored).toMatchObject({ status: 'pending', level: 1, workflow_started_at: null });
    expect(stored?.reason_sealed).toMatch(/^v1\./);
    const promised = await rows(
      bench.em(),
      "select payload from outbox where kind = 'start_case' and payload->>'caseId' = ?",
      [id],
    );
    expect(promised).toEqual([{ payload: { kind: 'leave', caseId: id } }]);
    const events = await bench.auditOf(id);
    expect(events).toMatchObject([
      {
        action: 'leave.requested',
        actor: student.userId,
        chain: `person:${student.id}`,
        before: null,
        after: { status: 'pending' },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('Fever');
  });

  it('takes whole days in the zone of the campus, the last one included', async () => {
    const id = await file(studentAt(1), { startDate: campusDay(3), endDate: campusDay(4) });

    const stored = await firstRow(
      bench.em(),
      `select (starts_at at time zone 'Asia/Kolkata')::text as starts,
         (ends_at at time zone 'Asia/Kolkata')::text as ends
       from leave_application where id = ?::uuid`,
      [id],
    );
    expect(stored).toEqual({
      starts: `${campusDay(3)} 00:00:00`,
      ends: `${campusDay(5)} 00:00:00`,
    });
  });

  it('expires at the end of the semester, or earlier where the setting says so', async () => {
    const expiry = async (id: Id) =>
      firstRow<{ day: string }>(
        bench.em(),
        `select (expires_at at time zone 'Asia/Kolkata')::date as day from leave_application
         where id = ?::uuid`,
        [id],
      );
    const first = await file(studentAt(2), between(DAY, 2 * DAY));
    await rows(
      bench.em(),
      `insert into setting (id, name, scope_kind, scope_id, value)
       values (gen_random_uuid(), 'CASE_EXPIRY_DAYS', 'campus', ?, '10'::jsonb)`,
      [bench.world.campus],
    );
    const second = await file(studentAt(2), between(3 * DAY, 4 * DAY));
    await rows(bench.em(), "delete from setting where name = 'CASE_EXPIRY_DAYS'");

    expect(await expiry(first)).toEqual({ day: campusDay(61) });
    expect(await expiry(second)).toEqual({ day: campusDay(10) });
  });

  it.each([
    ['an end before the start', () => between(200, 100), {}, 'window_inverted'],
    ['an end equal to the start', () => between(200, 200), {}, 'window_inverted'],
    [
      'a last day before the first',
      () => ({ startDate: campusDay(5), endDate: campusDay(3) }),
      {},
      'window_inverted',
    ],
    ['more than half a year', () => between(0, 184 * DAY), {}, 'validation_failed'],
    ['a start years away', () => between(400 * DAY, 401 * DAY), {}, 'validation_failed'],
    [
      'a leave type that does not exist',
      () => between(300, 400),
      { leaveTypeId: '019365f0-0000-7000-8000-000000000000' },
      'validation_failed',
    ],
  ])('refuses %s and writes nothing', async (_name, period, change, expected) => {
    const before = await footprint();

    expect(await codeOf(file(studentAt(3), period(), change))).toBe(expected);

    expect(await footprint()).toEqual(before);
  });

  it('refuses a leave type that is no longer granted', async () => {
    const old = await makeLeaveType(bench.em());
    await rows(bench.em(), 'update leave_type set is_active = false where id = ?::uuid', [old]);

    const code = await codeOf(file(studentAt(3), between(300, 400), { leaveTypeId: old }));

    expect(code).toBe('validation_failed');
  });

  it('refuses someone who is no student', async () => {
    const operation = bench.as(bench.world.faculty.userId, 'faculty');

    const filed = operation.em.transactional((em) =>
      fileLeave(operation, em, null, {
        leaveTypeId: leaveType,
        reason: 'Conference',
        period: between(100, 200),
      }),
    );

    expect(await codeOf(filed)).toBe('student_not_accepted');
  });

  it('refuses a leave that overlaps a live one; touching ones and rejected ones do not overlap', async () => {
    const student = studentAt(4);
    const first = await file(student, between(DAY, 2 * DAY));
    const { startsAt, endsAt } = (await firstRow<{ startsAt: string; endsAt: string }>(
      bench.em(),
      'select starts_at as "startsAt", ends_at as "endsAt" from leave_application where id = ?::uuid',
      [first],
    )) ?? { startsAt: '', endsAt: '' };

    expect(await codeOf(file(student, between(DAY + 60, DAY + 120)))).toBe('leave_overlaps');
    const touching = {
      startsAt: new Date(endsAt).toISOString(),
      endsAt: minutesFromNow(3 * DAY).toISOString(),
    };
    expect(await codeOf(file(student, touching))).toBe('none');
    await bench.decide('leave', first, bench.world.people.hod.id, 'rejected');
    const again = {
      startsAt: new Date(startsAt).toISOString(),
      endsAt: new Date(endsAt).toISOString(),
    };
    expect(await codeOf(file(student, again))).toBe('none');
  });

  it('lets exactly one of eight overlapping leaves through that are filed at once', async () => {
    const student = studentAt(5);

    const codes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        codeOf(file(student, between(DAY + index, 2 * DAY + index))),
      ),
    );

    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(codes.filter((code) => code === 'leave_overlaps')).toHaveLength(7);
  });

  it('waits for another filing of the same student, so that the two never deadlock', async () => {
    const student = studentAt(5);
    let settled = false;

    const filed = await bench.em().transactional(async (em) => {
      await rows(em, 'select id from student where id = ?::uuid for no key update', [student.id]);
      const filing = codeOf(file(student, between(9 * DAY, 10 * DAY))).finally(() => {
        settled = true;
      });
      await until(async () => settled || (await countWaiting()) > 0);
      expect(settled).toBe(false);
      return { filing };
    });

    expect(await filed.filing).toBe('none');
  });
});

/** Statements of this database that wait for a lock. */
async function countWaiting(): Promise<number> {
  const row = await firstRow<{ count: number }>(
    bench.em(),
    `select count(*)::int as count from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return row?.count ?? 0;
}

async function until(ask: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((done) => setTimeout(done, 10));
  }
}

describe('an approved leave', () => {
  it('excuses sessions that are over, scheduled, or created later, and no others', async () => {
    const student = studentAt(6);
    const over = await bench.classFrom(-6 * 60, -5 * 60);
    await bench.mark(over, student.id, 'absent');
    await bench.take(over, 'close');
    const later = await bench.classFrom(6 * 60, 7 * 60, { status: 'scheduled' });
    const outside = await bench.classFrom(40 * 60, 41 * 60, { status: 'scheduled' });
    const id = await file(student, between(-8 * 60, 20 * 60));

    expect(await bench.record(over, student.id)).toMatchObject({ mark: 'absent' });
    expect(await bench.decide('leave', id, bench.world.people.hod.id)).toBeNull();

    const excused = { mark: 'excused', source: 'leave', excuse_category: 'medical' };
    expect(await bench.record(over, student.id)).toEqual(excused);
    expect(await bench.record(later, student.id)).toEqual(excused);
    expect(await bench.record(outside, student.id)).toBeUndefined();
    const created = await createMakeUp(10 * 60, 11 * 60);
    expect(await bench.record(created, student.id)).toEqual(excused);
    expect(await bench.record(created, studentAt(7).id)).toBeUndefined();
  });

  it('stays excused when the scheduled session opens and closes', async () => {
    const student = studentAt(8);
    const other = studentAt(9);
    const session = await bench.classFrom(-59, 1, { status: 'scheduled' });
    const id = await file(student, between(-120, 120));
    await bench.decide('leave', id, bench.world.people.hod.id);

    await bench.take(session, 'open');
    await bench.mark(session, other.id, 'present');
    await bench.deps.orm.em.fork().transactional(async (em) => {
      await rows(
        em,
        "update attendance_session set closes_at = app_clock() - interval '1 second' where id = ?::uuid",
        [session],
      );
    });
    await bench.take(session, 'close');

    expect(await bench.record(session, student.id)).toMatchObject({ mark: 'excused' });
    expect(await bench.record(session, other.id)).toMatchObject({ mark: 'present' });
    expect(await bench.record(session, studentAt(7).id)).toMatchObject({ mark: 'absent' });
  });

  it('says in the audit event who decided and how many sessions it excused', async () => {
    const student = studentAt(10);
    const id = await file(student, { startDate: campusDay(20), endDate: campusDay(20) });

    await bench.decide('leave', id, bench.world.people.hod.id);

    expect((await bench.auditOf(id)).at(-1)).toMatchObject({
      action: 'case.decided',
      actor: bench.world.people.hod.id,
      before: { status: 'pending' },
      after: { status: 'approved', sessions_excused: 0, sessions_locked: 0 },
    });
  });

  it('changes nothing when it is rejected', async () => {
    const student = studentAt(11);
    const session = await bench.classFrom(50 * 60, 51 * 60, { status: 'scheduled' });
    const id = await file(student, between(48 * 60, 60 * 60));

    expect(await bench.decide('leave', id, bench.world.people.hod.id, 'rejected')).toBeNull();

    expect(await statusOf(id)).toMatchObject({ status: 'rejected' });
    expect(await bench.record(session, student.id)).toBeUndefined();
  });
});

describe('deciding a leave', () => {
  it.each([
    ['the mentor', () => bench.world.people.mentor.id, null],
    ['the head of the department', () => bench.world.people.hod.id, null],
    ['the head of another department', () => bench.world.people.otherHod.id, 'forbidden'],
    ['an administrator', () => bench.world.people.admin.id, 'forbidden'],
    ['the exam cell', () => bench.world.people.examCell.id, 'forbidden'],
    ['a teacher of the student, who has a mentor', () => bench.world.faculty.userId, 'forbidden'],
    ['another student', () => studentAt(1).userId, 'forbidden'],
    ['the student', () => bench.world.student.userId, 'own_request'],
  ])('by %s', async (_name, decider, expected) => {
    const id = await file(bench.world.student, {
      startDate: campusDay(30),
      endDate: campusDay(30),
    });

    expect(await bench.decide('leave', id, decider())).toBe(expected);

    expect((await statusOf(id))?.status).toBe(expected === null ? 'approved' : 'pending');
    await rows(bench.em(), "update leave_application set status = 'withdrawn' where id = ?::uuid", [
      id,
    ]);
  });

  it('falls to a teacher while the student has no mentor', async () => {
    const student = studentAt(9);
    const id = await file(student, { startDate: campusDay(31), endDate: campusDay(31) });

    expect(await bench.decide('leave', id, bench.world.other.faculty.userId)).toBe('forbidden');
    expect(await bench.decide('leave', id, bench.world.faculty.userId)).toBeNull();
  });

  it('lets a mentor decide only within the dates of the assignment', async () => {
    const student = studentAt(9);
    await assignMentor(bench.em(), bench.world.people.mentor.id, student.id, {
      validFrom: campusDay(-20),
      validTo: campusDay(0),
    });
    const id = await file(student, { startDate: campusDay(32), endDate: campusDay(32) });

    expect(await bench.decide('leave', id, bench.world.people.mentor.id)).toBe('forbidden');
  });

  it('gives the first of two deciders the case and tells the other', async () => {
    const id = await file(bench.world.student, {
      startDate: campusDay(33),
      endDate: campusDay(33),
    });
    const { mentor, hod } = bench.world.people;

    const codes = await Promise.all([
      bench.decide('leave', id, mentor.id),
      bench.decide('leave', id, hod.id, 'rejected'),
    ]);

    expect(new Set(codes)).toEqual(new Set([null, 'already_decided']));
  });
});

describe('a leave nobody decides', () => {
  it('stays pending before its time and expires after it, without excusing anyone', async () => {
    const student = studentAt(3);
    const session = await bench.classFrom(70 * 60, 71 * 60, { status: 'scheduled' });
    const id = await file(student, between(69 * 60, 72 * 60));

    await expireCase(bench.as(student.userId), 'leave', id);
    expect(await statusOf(id)).toMatchObject({ status: 'pending' });
    await rows(
      bench.em(),
      'update leave_application set expires_at = app_clock() where id = ?::uuid',
      [id],
    );
    await expireCase(bench.as(student.userId), 'leave', id);

    expect(await statusOf(id)).toEqual({
      status: 'expired',
      outcome_code: 'not_decided',
      version: 2,
    });
    expect(await bench.record(session, student.id)).toBeUndefined();
    expect(await bench.decide('leave', id, bench.world.people.hod.id)).toBe('already_decided');
  });
});

async function createMakeUp(startMinutes: number, endMinutes: number): Promise<Id> {
  const operation = bench.as(bench.world.faculty.userId, 'faculty');
  const startAt = minutesFromNow(startMinutes);
  return operation.em.transactional((em) =>
    createSession(
      operation,
      em,
      { sections: { sql: 'true', parameters: [] }, facultyId: bench.world.faculty.id },
      {
        courseSectionId: bench.world.section,
        facultyId: undefined,
        scheduledDate: campusDay(0, startAt),
        startAt: startAt.toISOString(),
        endAt: minutesFromNow(endMinutes).toISOString(),
        roomCode: bench.world.room.code,
        notes: '',
        component: 'L',
        units: 1,
        kind: 'make_up',
        autoOpen: true,
        biometricEnabled: false,
      },
    ),
  );
}
