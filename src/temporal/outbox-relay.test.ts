import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { v7 } from 'uuid';
import { openRequestBench, type RequestBench } from '../../test/request-bench.ts';
import { eventually } from '../../test/temporal.ts';
import { firstRow, rows } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import type { RunRef } from '../operations/runs/run-ref.ts';
import { relayOnce, startOutboxRelay, type RelayParts } from './outbox-relay.ts';
import type { Runs } from './runs.ts';

let bench: RequestBench;
let calls: string[];
let isAway: boolean;

beforeAll(async () => {
  bench = await openRequestBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  calls = [];
  isAway = false;
  await rows(bench.em(), 'delete from outbox');
});

const runs: Runs = {
  start: (ref) => call('start', ref),
  nudge: (ref) => call('nudge', ref),
  startOperation: never,
  statusOf: never,
  failedSince: never,
};

function never(): never {
  throw new Error('not part of this test');
}

function call(what: string, { kind, id }: RunRef): Promise<void> {
  if (isAway) return Promise.reject(new Error('the server is away'));
  calls.push(`${what} ${kind}/${id}`);
  return Promise.resolve();
}

const parts = (): RelayParts => ({
  orm: bench.deps.orm,
  runs,
  logger: pino({ level: 'silent' }),
});

async function promise(kind: string, payload: object): Promise<Id> {
  const id = v7();
  await rows(bench.em(), 'insert into outbox (id, kind, payload) values (?::uuid, ?, ?::jsonb)', [
    id,
    kind,
    JSON.stringify(payload),
  ]);
  return id;
}

const rowOf = (id: Id) =>
  firstRow<{ attempts: number; is_done: boolean; wait_seconds: number; last_error: string | null }>(
    bench.em(),
    `select attempts, done_at is not null as is_done, last_error,
       round(extract(epoch from next_attempt_at - app_clock()))::int as wait_seconds
     from outbox where id = ?::uuid`,
    [id],
  );

describe('the outbox relay', () => {
  it('makes the call of each kind and marks it done', async () => {
    const [session, other, leave] = [v7(), v7(), v7()];
    await promise('start_session', { sessionId: session });
    await promise('nudge_session', { sessionId: other });
    await promise('start_case', { kind: 'leave', caseId: leave });

    expect(await relayOnce(parts())).toBe(3);
    expect(await relayOnce(parts())).toBe(0);

    expect(calls.toSorted()).toEqual([
      `nudge session/${other}`,
      `start leave/${leave}`,
      `start session/${session}`,
    ]);
  });

  it('puts a failed call off by 1, 2, 4 seconds and at last a minute', async () => {
    isAway = true;
    const id = await promise('start_session', { sessionId: v7() });
    const waits: (number | undefined)[] = [];

    for (let attempt = 1; attempt <= 8; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await rows(bench.em(), 'update outbox set next_attempt_at = app_clock()');
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await relayOnce(parts());
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      waits.push((await rowOf(id))?.wait_seconds);
    }

    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(await rowOf(id)).toMatchObject({ attempts: 8, is_done: false, last_error: 'Error' });
  });

  it('lets one bad row not keep the others', async () => {
    const bad = await promise('start_case', { kind: 'nothing', caseId: v7() });
    const session = v7();
    await promise('start_session', { sessionId: session });

    await relayOnce(parts());

    expect(calls).toEqual([`start session/${session}`]);
    expect(await rowOf(bad)).toMatchObject({ is_done: false });
  });

  it('keeps 250 promises once between four relays', async () => {
    const sessions = Array.from({ length: 250 }, () => v7());
    for (const sessionId of sessions) {
      // oxlint-disable-next-line no-await-in-loop -- a pool of ten
      await promise('start_session', { sessionId });
    }
    const relays = Array.from({ length: 4 }, () => startOutboxRelay(parts()));
    await eventually('all calls', async () => {
      const row = await firstRow<{ left: number }>(
        bench.em(),
        'select count(*)::int as left from outbox where done_at is null',
      );
      return row?.left === 0;
    });
    await Promise.all(relays.map((relay) => relay.stop()));

    expect(calls).toHaveLength(250);
    expect(new Set(calls).size).toBe(250);
  });
});
