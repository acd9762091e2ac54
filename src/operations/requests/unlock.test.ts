import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  codeOf,
  EVERYTHING,
  openRequestBench,
  type RequestBench,
} from '../../../test/request-bench.ts';
import { moveDatabaseClock } from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { operationFor } from '../operation-for.ts';
import { SYSTEM_ACTOR } from '../ports.ts';
import { findLateRuns } from '../runs/find-late-runs.ts';
import { registerDigest } from '../sessions/register-digest.ts';
import { expireCase } from './expire-case.ts';
import { fileUnlock } from './file-unlock.ts';
import { ladderInstants } from './ladder-instants.ts';
import { relockSession } from './relock-session.ts';

const HOUR_MS = 3_600_000;
const REACH = { view: EVERYTHING, file: EVERYTHING } as const;

let bench: RequestBench;

beforeAll(async () => {
  bench = await openRequestBench();
}, 60_000);
afterAll(() => bench.close());

const system = () => operationFor(bench.deps, SYSTEM_ACTOR);

async function lockedClass(): Promise<Id> {
  const session = await bench.classFrom(-120, 30);
  await bench.mark(session, bench.world.student.id, 'present');
  await bench.take(session, 'close');
  await bench.take(session, 'lock');
  return session;
}

const file = (sessionId: Id): Promise<Id> => {
  const operation = bench.as(bench.world.faculty.userId, 'faculty');
  return operation.em.transactional((em) =>
    fileUnlock({ ...operation, em }, em, REACH, { sessionId, hours: 3, reason: 'A late list' }),
  );
};

const lifeOf = async (session: Id): Promise<string[]> =>
  (await bench.auditOf(session))
    .map(({ action }) => action)
    .filter((action) => /^session\.(un|re)?locked$/.test(action));

const statusOf = async (session: Id): Promise<string | undefined> =>
  (
    await firstRow<{ status: string }>(
      bench.em(),
      'select status from attendance_session where id = ?::uuid',
      [session],
    )
  )?.status;

/** Runs a part of a test at a later time of the database. */
async function later<T>(offsetMs: number, body: () => Promise<T>): Promise<T> {
  await moveDatabaseClock(bench.em(), offsetMs);
  try {
    return await body();
  } finally {
    await moveDatabaseClock(bench.em(), 0);
  }
}

describe('the approval of an unlock', () => {
  it('takes effect once when two people approve at the same time', async () => {
    const { hod, examCell } = bench.world.people;
    for (let round = 0; round < 10; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one race after another
      const session = await lockedClass();
      // oxlint-disable-next-line no-await-in-loop -- one race after another
      const id = await file(session);

      // oxlint-disable-next-line no-await-in-loop -- one race after another
      const codes = await Promise.all([
        bench.decide('unlock', id, hod.id),
        bench.decide('unlock', id, examCell.id),
      ]);

      expect(codes.toSorted()).toEqual(['already_decided', null]);
      // oxlint-disable-next-line no-await-in-loop -- one race after another
      expect(await lifeOf(session)).toEqual(['session.locked', 'session.unlocked']);
      // oxlint-disable-next-line no-await-in-loop -- one race after another
      const decisions = await rows(
        bench.em(),
        "select id from decision where case_kind = 'unlock' and case_id = ?::uuid",
        [id],
      );
      expect(decisions).toHaveLength(1);
    }
  });

  it('is refused for who asked and for who has no authority over the class', async () => {
    const { otherHod, admin } = bench.world.people;
    const id = await file(await lockedClass());

    expect(await bench.decide('unlock', id, bench.world.faculty.userId)).toBe('own_request');
    expect(await bench.decide('unlock', id, otherHod.id)).toBe('forbidden');
    expect(await bench.decide('unlock', id, admin.id)).toBe('forbidden');
  });

  it('changes nothing when the session is not locked any more', async () => {
    const session = await lockedClass();
    const id = await file(session);
    await rows(bench.em(), "update attendance_session set status = 'closed' where id = ?::uuid", [
      session,
    ]);

    expect(await bench.decide('unlock', id, bench.world.people.hod.id)).toBe('state_conflict');
    const row = await firstRow(bench.em(), 'select status from unlock_request where id = ?::uuid', [
      id,
    ]);
    expect(row).toEqual({ status: 'pending' });
  });
});

describe('ten requests for one register at once', () => {
  it('leave one that waits', async () => {
    const session = await lockedClass();

    const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(file(session))));

    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(codes.filter((code) => code === 'duplicate_request')).toHaveLength(9);
  });
});

describe('the lock after an unlock', () => {
  it('comes with the due time and not before, once, with a new digest', async () => {
    const session = await lockedClass();
    const id = await file(session);
    await bench.decide('unlock', id, bench.world.people.hod.id);
    const [first] = (await bench.auditOf(session)).filter(
      ({ action }) => action === 'session.locked',
    );

    expect((await relockSession(system(), id)).isLocked).toBe(false);
    await bench.mark(session, bench.world.student.id, 'absent');
    const outcomes = await later(3 * HOUR_MS + 1_000, () =>
      Promise.all([relockSession(system(), id), relockSession(system(), id)]),
    );

    expect(outcomes.map(({ isLocked }) => isLocked)).toEqual([true, true]);
    expect(await statusOf(session)).toBe('locked');
    expect(await lifeOf(session)).toEqual([
      'session.locked',
      'session.unlocked',
      'session.relocked',
    ]);
    const last = (await bench.auditOf(session)).find(({ action }) => action === 'session.relocked');
    expect(last?.after).toMatchObject({
      register_sha256: await registerDigest(bench.em(), session),
    });
    expect(last?.after).not.toMatchObject(first?.after ?? {});
  });

  it('is nothing where a lock came before, also when the register was unlocked anew', async () => {
    const session = await lockedClass();
    const first = await file(session);
    await bench.decide('unlock', first, bench.world.people.hod.id);
    await bench.take(session, 'lock');
    const second = await file(session);
    await bench.decide('unlock', second, bench.world.people.examCell.id);
    await rows(
      bench.em(),
      "update unlock_request set unlocked_until = unlocked_until - interval '4 hours' where id = ?::uuid",
      [first],
    );

    expect((await relockSession(system(), first)).isLocked).toBe(true);

    expect(await statusOf(session)).toBe('closed');
    expect((await relockSession(system(), second)).isLocked).toBe(false);
  });

  it('is a lock by hand or by the timer, never both', async () => {
    const session = await lockedClass();
    const id = await file(session);
    await bench.decide('unlock', id, bench.world.people.hod.id);

    await later(3 * HOUR_MS + 1_000, () =>
      Promise.all([relockSession(system(), id), bench.take(session, 'lock')]),
    );

    expect((await lifeOf(session)).filter((action) => action === 'session.relocked')).toHaveLength(
      1,
    );
  });
});

describe('the reconciler', () => {
  it('looks for the unlock and not for the ended run of the session', async () => {
    const session = await lockedClass();
    const id = await file(session);
    await bench.decide('unlock', id, bench.world.people.hod.id);

    const late = await later(4 * HOUR_MS, () => findLateRuns(system()));

    expect(late).toContainEqual({ kind: 'unlock', id });
    expect(late).not.toContainEqual({ kind: 'session', id: session });
    await bench.take(session, 'lock');
    const after = await later(4 * HOUR_MS, () => findLateRuns(system()));
    expect(after).not.toContainEqual({ kind: 'unlock', id });
  });
});

describe('an unlock that nobody decides', () => {
  it('is reminded of after 4 hours, told to the exam cell and expires', async () => {
    const session = await lockedClass();
    const id = await file(session);

    const steps = await ladderInstants(system(), 'unlock', id);

    expect(steps.map(({ kind }) => kind)).toEqual(['reminder', 'escalation', 'expiry']);
    const row = await firstRow<{ submitted_at: string }>(
      bench.em(),
      'select submitted_at from unlock_request where id = ?::uuid',
      [id],
    );
    const submittedMs = Date.parse(row?.submitted_at ?? '');
    expect(Date.parse(steps[0]?.at ?? '') - submittedMs).toBe(4 * HOUR_MS);
    expect((await expireCase(system(), 'unlock', id)).status).toBe('pending');
    const expired = await later(8 * 24 * HOUR_MS, () => expireCase(system(), 'unlock', id));
    expect(expired.status).toBe('expired');
    expect(await statusOf(session)).toBe('locked');
  });
});
