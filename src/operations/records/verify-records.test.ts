/** Whether a check of stored records finds what the claims do not say, and nothing else. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { enrol, makeStudent, moveDatabaseClock } from '../../../test/factories.ts';
import { openRequestBench, type RequestBench } from '../../../test/request-bench.ts';
import { rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { verifyRecords, type Difference } from './verify-records.ts';

let bench: RequestBench;
let closed: Id;
let locked: Id;

beforeAll(async () => {
  bench = await openRequestBench({ studentCount: 4 });
  closed = await heldClass();
  locked = await heldClass();
  await moveDatabaseClock(bench.em(), 3 * 24 * 3_600_000);
  await bench.take(locked, 'lock');
  await moveDatabaseClock(bench.em(), 0);
  await bench.classFrom(24 * 60, 25 * 60, { status: 'scheduled' });
  await bench.classFrom(48 * 60, 49 * 60, { status: 'cancelled' });
});
afterAll(() => bench.close());

const student = (index: number): Id => bench.world.students[index]?.id ?? '';

/** A class with one present, one late, one absent and one whom the close makes absent. */
async function heldClass(): Promise<Id> {
  const session = await bench.classFrom(-30, 30);
  await bench.mark(session, student(0), 'present');
  await bench.mark(session, student(1), 'late');
  await bench.mark(session, student(2), 'absent');
  await bench.take(session, 'close');
  return session;
}

async function differences(): Promise<Difference[]> {
  const found: Difference[] = [];
  await verifyRecords(bench.em(), {}, (difference) => found.push(difference));
  return found;
}

/** Changes rows past the mark path, looks, and puts them back. */
async function tampered(
  change: string,
  undo: string,
  parameters: unknown[],
): Promise<Difference[]> {
  await rows(bench.em(), change, parameters);
  try {
    return await differences();
  } finally {
    await rows(bench.em(), undo, parameters);
  }
}

const setRecord = (column: string, value: string): string =>
  `update attendance_record set ${column} = ${value} where session_id = ?::uuid and student_id = ?::uuid`;

async function runCommand(...options: string[]) {
  const url = bench.deps.environment.databaseUrl;
  const run = promisify(execFile)(process.execPath, ['src/cli/verify-records.ts', ...options], {
    env: { ...process.env, DATABASE_URL: url },
  });
  return run.then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  );
}

describe('a check of the records', () => {
  it('finds nothing where records came about by claims', async () => {
    expect(await differences()).toEqual([]);
  });

  it.each([
    ['mark', `'present'`, `'absent'`],
    ['arrival_at', `'2026-08-14T04:30:00Z'`, 'null'],
    ['excuse_category', `'medical'`, 'null'],
    ['flags', `'{too_late}'`, `'{}'`],
    ['rank', '90', '80'],
    ['source', `'qr'`, `'manual'`],
    [
      'winner_op_id',
      'null',
      '(select o.op_id from attendance_operation o where o.session_id = attendance_record.session_id and o.student_id = attendance_record.student_id)',
    ],
  ])('finds a record whose %s was changed past the ledger', async (column, value, former) => {
    for (const session of [closed, locked]) {
      const found = await tampered(setRecord(column, value), setRecord(column, former), [
        session,
        student(2),
      ]);
      expect(found).toEqual([
        expect.objectContaining({ sessionId: session, subject: 'record', of: student(2) }),
      ]);
    }
    expect(await differences()).toEqual([]);
  });

  it('finds an automatic absence that was taken away, also on a locked class', async () => {
    for (const session of [closed, locked]) {
      const found = await tampered(setRecord('mark', 'null'), setRecord('mark', `'absent'`), [
        session,
        student(3),
      ]);
      expect(found).toEqual([
        expect.objectContaining({ sessionId: session, of: student(3), stored: 'unmarked' }),
      ]);
    }
  });

  it('finds a class that says it was not taken', async () => {
    const found = await tampered(
      'update attendance_session set taken = false where id = ?::uuid',
      'update attendance_session set taken = true where id = ?::uuid',
      [closed],
    );
    expect(found).toEqual([
      expect.objectContaining({ subject: 'taken', stored: 'false', expected: 'true' }),
    ]);
  });

  it('finds a contradiction that no claims give, unless it is void', async () => {
    const add = (state: string) =>
      `insert into attendance_conflict (id, session_id, student_id, kind, op_ids, state, opened_at)
       values ('${v7()}', ?::uuid, ?::uuid, 'human_vs_machine', '{}', '${state}', app_clock())`;
    const remove =
      'delete from attendance_conflict where session_id = ?::uuid and student_id = ?::uuid';
    const place = [closed, student(0)];
    expect(await tampered(add('open'), remove, place)).toEqual([
      expect.objectContaining({ subject: 'conflict', of: student(0), expected: 'none' }),
    ]);
    expect(await tampered(add('void'), remove, place)).toEqual([]);
  });

  it('asks no record of a locked class for who joined it afterwards', async () => {
    const { campus, department, programme, batch, section } = bench.world;
    const later = await makeStudent(bench.em(), { campus, department, programme, batch });
    await enrol(bench.em(), later.id, section);
    const found = await differences();
    expect(found.filter(({ sessionId }) => sessionId === locked)).toEqual([]);
    // The same past the enrolment path on a closed class is a difference: it owes an absence.
    expect(found).toEqual([expect.objectContaining({ sessionId: closed, of: later.id })]);
    await rows(bench.em(), 'delete from enrolment where student_id = ?::uuid', [later.id]);
  });

  it('answers the command line with 0, 1 for differences, and 2 for dates that are none', async () => {
    const clean = await runCommand();
    expect(clean).toEqual({ code: 0, stdout: expect.stringMatching(/: 0 differences\n$/) });
    const place = [locked, student(0)];
    await rows(bench.em(), setRecord('mark', `'absent'`), place);
    const dirty = await runCommand();
    expect(dirty.code).toBe(1);
    expect(dirty.stdout).toContain(`session ${locked}: record of ${student(0)}`);
    expect((await runCommand('--to', '2020-01-01')).stdout).toBe(
      'compared 0 sessions: 0 differences\n',
    );
    await rows(bench.em(), setRecord('mark', `'present'`), place);
    expect((await runCommand('--from', 'yesterday')).code).toBe(2);
    expect((await runCommand('--until', '2026-01-01')).code).toBe(2);
  });
});
