/** What the edges of a session's life do to its windows. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRequestBench, type RequestBench } from '../../../test/request-bench.ts';
import { firstRow } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { lookAtSession } from './session-row.ts';

const HOUR = 60;

let bench: RequestBench;

beforeAll(async () => {
  bench = await openRequestBench({ studentCount: 1 });
});

afterAll(() => bench.close());

/** Of the classes that `classFrom` makes. */
const LOCK_AFTER_HOURS = 48;

/** Hours from the end of the window to the instant at which the lock falls due. */
async function hoursToLock(session: Id): Promise<number | undefined> {
  const row = await firstRow<{ hours: number }>(
    bench.em(),
    `select round(extract(epoch from lock_due_at - closes_at) / 3600)::int as hours
     from attendance_session where id = ?::uuid`,
    [session],
  );
  return row?.hours;
}

const stateOf = async (session: Id) => (await lookAtSession(bench.em(), session)).effectiveStatus;

describe('a close that comes late', () => {
  it('does not delay the lock', async () => {
    const session = await bench.classFrom(-11 * HOUR, -10 * HOUR);

    await bench.take(session, 'close');

    expect(await hoursToLock(session)).toBe(LOCK_AFTER_HOURS);
  });

  it('does not open a class for marks that counted as final', async () => {
    const session = await bench.classFrom(-61 * HOUR, -60 * HOUR);
    expect(await stateOf(session)).toBe('locked');

    await bench.take(session, 'close');

    expect(await stateOf(session)).toBe('locked');
  });

  it('counts from the close where a person closes early', async () => {
    const session = await bench.classFrom(-HOUR, 2 * HOUR);

    await bench.take(session, 'close');

    expect(await hoursToLock(session)).toBe(LOCK_AFTER_HOURS - 2);
  });
});
