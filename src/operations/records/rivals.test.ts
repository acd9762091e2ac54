/** People and devices who change one record at the same instant: nothing lost, nothing doubled. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { EVERYTHING, openRequestBench, type RequestBench } from '../../../test/request-bench.ts';
import { firstRow, rows, sqlState } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Id } from '../../domain/types.ts';
import { fileCorrection } from '../requests/file-correction.ts';
import { applyOperations } from './apply-operations.ts';
import { editRecord } from './edit-record.ts';
import { resolveConflict } from './resolve-conflict.ts';

const ROUNDS = 12;

let bench: RequestBench;
beforeAll(async () => {
  bench = await openRequestBench({ studentCount: 6 });
});
afterAll(() => bench.close());

const teacher = () => bench.as(bench.world.faculty.userId, 'faculty');
const markScope = () => ({
  view: EVERYTHING,
  mark: EVERYTHING,
  facultyId: bench.world.faculty.id,
});
const studentAt = (index: number): Id => bench.world.students[index]?.id ?? '';

interface Stored {
  readonly id: Id;
  readonly mark: string | null;
  readonly rank: number | null;
  readonly version: number;
  readonly operations: number;
}

async function recordOf(session: Id, student: Id): Promise<Stored> {
  const found = await firstRow<Stored>(
    bench.em(),
    `select id, mark, rank, version, (select count(*)::int from attendance_operation o
       where o.session_id = r.session_id and o.student_id = r.student_id) as operations
     from attendance_record r where session_id = ?::uuid and student_id = ?::uuid`,
    [session, student],
  );
  if (!found) throw new Error('no record');
  return found;
}

const edit = (record: Stored, mark: 'late' | 'present') =>
  editRecord(
    teacher(),
    { ...markScope(), record: EVERYTHING },
    {
      recordId: record.id,
      version: record.version,
      opId: v7(),
      mark,
      notes: undefined,
      reason: 'Seen in the second row',
    },
  );

describe('correction against edit', () => {
  it('gives each its whole effect or a refusal, in every order', async () => {
    const student = studentAt(0);
    const outcomes = new Set<string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const session = await bench.classFrom(-120, -20);
      await bench.mark(session, student, 'absent');
      await bench.take(session, 'close');
      const request = await bench.as(bench.world.student.userId).em.transactional((em) =>
        fileCorrection(
          bench.as(bench.world.student.userId),
          em,
          { view: EVERYTHING, file: EVERYTHING, late: EVERYTHING, studentId: student },
          {
            sessionId: session,
            studentId: student,
            toMark: 'present',
            excuseCategory: undefined,
            reason: 'I was there',
          },
        ),
      );
      const before = await recordOf(session, student);

      const [refusal, edited] = await Promise.all([
        bench.decide('correction', request, bench.world.people.hod.id),
        edit(before, 'late'),
      ]);

      const after = await recordOf(session, student);
      const correctionCounts = refusal === null;
      expect([null, 'record_changed', 'try_again']).toContain(refusal);
      expect(after.mark).toBe(correctionCounts ? 'present' : 'late');
      expect(after.rank).toBe(correctionCounts ? RANK.correction : RANK.faculty);
      const accepted = (correctionCounts ? 1 : 0) + (edited ? 1 : 0);
      expect(accepted).toBeGreaterThanOrEqual(1);
      expect(after.operations).toBe(1 + accepted);
      outcomes.add(`${correctionCounts} ${edited !== null}`);
    }
    expect(outcomes.size).toBeGreaterThanOrEqual(1);
  });

  it('control: a change that was not compared under the lock overwrites the other', async () => {
    const session = await bench.classFrom(-120, 30);
    const student = studentAt(1);
    await bench.mark(session, student, 'absent');
    const seen = await recordOf(session, student);
    const write = (mark: string) =>
      rows(
        bench.em(),
        'update attendance_record set mark = ?, version = ?::int where id = ?::uuid',
        [mark, seen.version + 1, seen.id],
      );

    await Promise.all([write('present'), write('late')]);

    // Two changes were acknowledged and one version shows for them.
    expect((await recordOf(session, student)).version).toBe(seen.version + 1);
  });
});

describe('two people settling one conflict', () => {
  it('lets one of them win; the other hears that it is settled', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const session = await bench.classFrom(-5, 55);
      const student = studentAt(2);
      await teacher().em.transactional((em) =>
        applyOperations(teacher(), em, session, [
          {
            opId: v7(),
            studentId: student,
            mark: 'present',
            rank: RANK.biometric,
            source: 'biometric',
          },
        ]),
      );
      await bench.mark(session, student, 'absent');
      const conflict = await firstRow<{ id: Id; version: number }>(
        bench.em(),
        'select id, version from attendance_conflict where session_id = ?::uuid',
        [session],
      );
      if (!conflict) throw new Error('no conflict');
      const settle = (mark: 'present' | 'absent') =>
        resolveConflict(teacher(), markScope(), {
          conflictId: conflict.id,
          version: conflict.version,
          marks: [{ studentId: student, mark }],
          reason: 'Looked at the list',
          keyNamespace: v7(),
        });

      const settled = await Promise.allSettled([settle('present'), settle('absent')]);

      const done = settled.filter(({ status }) => status === 'fulfilled');
      expect(done).toHaveLength(1);
      expect((await recordOf(session, student)).operations).toBe(3);
    }
  });
});

describe('several classes at once', () => {
  it('control: rows locked in opposite orders deadlock', async () => {
    const ids = await Promise.all([bench.classFrom(-5, 55), bench.classFrom(-5, 55)]);
    const both = (order: readonly Id[]) =>
      bench.em().transactional(async (em) => {
        for (const id of order) {
          await rows(em, 'select id from attendance_session where id = ?::uuid for update', [id]);
          await rows(em, 'select pg_sleep(0.2)');
        }
      });

    const ended = await Promise.allSettled([both(ids), both(ids.toReversed())]);

    const codes = ended.map((end) => (end.status === 'rejected' ? sqlState(end.reason) : 'none'));
    expect(codes).toContain('40P01');
  });
});
