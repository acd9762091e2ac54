import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeLeaveType, minutesFromNow, moveDatabaseClock } from '../../../test/factories.ts';
import { openRequestBench, type RequestBench } from '../../../test/request-bench.ts';
import { rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { expireCase } from './expire-case.ts';
import { fileLeave } from './file-leave.ts';

const DAY_MINUTES = 24 * 60;

let bench: RequestBench;
let leaveTypeId: Id;
beforeAll(async () => {
  bench = await openRequestBench();
  leaveTypeId = await makeLeaveType(bench.em());
});
afterAll(() => bench.close());

function file(startDays: number): Promise<Id> {
  const { id, userId } = bench.world.student;
  const operation = bench.as(userId);
  const at = (days: number) => minutesFromNow(days * DAY_MINUTES).toISOString();
  return operation.em.transactional((em) =>
    fileLeave(operation, em, id, {
      leaveTypeId,
      reason: 'Fever since Monday',
      period: { startsAt: at(startDays), endsAt: at(startDays + 1) },
    }),
  );
}

const toldOf = (id: Id) =>
  rows<{ user_id: Id; payload: object; mail_status: string }>(
    bench.em(),
    `select user_id, payload, mail_status from notification
     where kind = 'case_decided' and payload->>'case' = ?`,
    [id],
  );

describe('the end of a case', () => {
  it.each(['approved', 'rejected'] as const)('is told to the applicant: %s', async (verdict) => {
    const id = await file(verdict === 'approved' ? 1 : 3);
    expect(await toldOf(id)).toEqual([]);

    await bench.decide('leave', id, bench.world.people.mentor.id, verdict);
    await bench.decide('leave', id, bench.world.people.mentor.id, verdict);

    expect(await toldOf(id)).toEqual([
      {
        user_id: bench.world.student.userId,
        payload: { case: id, case_kind: 'leave', status: verdict },
        mail_status: 'due',
      },
    ]);
  });

  it('is not told while it was refused, and is told when nobody decided', async () => {
    const id = await file(5);
    await bench.decide('leave', id, bench.world.people.nobody.id);
    await expireCase(bench.as(bench.world.student.userId), 'leave', id);
    expect(await toldOf(id)).toEqual([]);

    await moveDatabaseClock(bench.em(), 200 * DAY_MINUTES * 60_000);
    await expireCase(bench.as(bench.world.people.hod.id), 'leave', id);

    expect(await toldOf(id)).toMatchObject([{ payload: { status: 'expired' } }]);
  });
});
