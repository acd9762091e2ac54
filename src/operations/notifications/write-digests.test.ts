import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { makeSession, minutesFromNow, moveDatabaseClock } from '../../../test/factories.ts';
import { openRequestBench, type RequestBench } from '../../../test/request-bench.ts';
import { rows } from '../../db/orm.ts';
import type { Id, SessionStatus } from '../../domain/types.ts';
import { operationFor } from '../operation-for.ts';
import { SYSTEM_ACTOR } from '../ports.ts';
import { writeDigests } from './write-digests.ts';

const HOUR_MS = 3_600_000;

let bench: RequestBench;
beforeAll(async () => {
  bench = await openRequestBench();
});
afterAll(() => bench.close());

type Class = Pick<RequestBench['world'], 'section' | 'faculty' | 'room'>;

async function sessionOf({ section, faculty, room }: Class, status: SessionStatus = 'closed') {
  return makeSession(bench.em(), {
    campus: bench.world.campus,
    courseSection: section,
    faculty: faculty.id,
    room: room.id,
    startAt: minutesFromNow(-90),
    status,
  });
}

async function addConflicts(session: Id, count: number, state = 'open'): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await rows(
      bench.em(),
      `insert into attendance_conflict (id, session_id, student_id, kind, op_ids, state, opened_at,
         settled_at)
       values (?::uuid, ?::uuid, ?::uuid, 'human_vs_machine', '{}', ?::text, app_clock(),
         case when ?::text = 'open' then null else app_clock() end)`,
      [v7(), session, bench.world.students[made]?.id ?? null, state, state],
    );
  }
}

const digest = () => writeDigests(operationFor(bench.deps, SYSTEM_ACTOR));
const digestsOf = (userId: Id) =>
  rows<{ payload: { total: number; sessions: object[] }; mail_status: string }>(
    bench.em(),
    `select payload, mail_status from notification
     where user_id = ?::uuid and kind = 'conflict_digest' order by created_at`,
    [userId],
  );

describe('writeDigests', () => {
  it('writes nothing while nothing is contradicted', async () => {
    expect(await digest()).toEqual({ teachers: 0, written: 0 });
  });

  it('tells each teacher of the own open contradictions, once a day', async () => {
    const { faculty, other } = bench.world;
    const [mine, theirs] = [await sessionOf(bench.world), await sessionOf(other)];
    const [settled, final] = [await sessionOf(bench.world), await sessionOf(bench.world, 'locked')];
    await addConflicts(mine, 2);
    await addConflicts(theirs, 1);
    await addConflicts(settled, 1, 'settled');
    await addConflicts(final, 1);

    expect(await digest()).toEqual({ teachers: 2, written: 2 });
    expect(await digest()).toEqual({ teachers: 2, written: 0 });

    expect(await digestsOf(faculty.userId)).toMatchObject([
      { mail_status: 'due', payload: { total: 2, sessions: [{ session: mine, conflicts: 2 }] } },
    ]);
    expect(await digestsOf(other.faculty.userId)).toMatchObject([
      { mail_status: 'due', payload: { total: 1, sessions: [{ session: theirs, conflicts: 1 }] } },
    ]);
  });

  it('writes again the next day, and leaves out who may not sign in', async () => {
    await moveDatabaseClock(bench.em(), 24 * HOUR_MS);
    await rows(bench.em(), "update app_user set status = 'disabled' where id = ?::uuid", [
      bench.world.other.faculty.userId,
    ]);

    expect(await digest()).toEqual({ teachers: 1, written: 1 });
    expect(await digestsOf(bench.world.faculty.userId)).toHaveLength(2);
  });
});
