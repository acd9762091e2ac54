import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { v7 } from 'uuid';
import { openRequestBench, type RequestBench } from '../../test/request-bench.ts';
import { rows } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import type { RunRef } from '../operations/runs/run-ref.ts';
import type { Runs, RunStatus } from '../temporal/runs.ts';
import { createActivities, type Activities } from './create-activities.ts';
import type { ActivityParts } from './parts.ts';

const logger = new DefaultLogger('ERROR');

let bench: RequestBench;
beforeAll(async () => {
  bench = await openRequestBench();
});
afterAll(() => bench.close());

/** Runs in memory: what was called, and what a test wants to be found. */
class MemoryRuns implements Runs {
  readonly started: Id[] = [];
  readonly repaired: Id[] = [];
  readonly nudged: Id[] = [];
  readonly statuses = new Map<Id, RunStatus>();
  readonly failed: RunRef[] = [];
  readonly unreachable = new Set<Id>();

  start({ id }: RunRef, { afterFailure = false } = {}): Promise<void> {
    if (this.unreachable.has(id)) return Promise.reject(new Error('the server is away'));
    (afterFailure ? this.repaired : this.started).push(id);
    this.statuses.set(id, 'running');
    return Promise.resolve();
  }
  startOperation(): never {
    throw new Error('not part of this test');
  }
  statusOf({ id }: RunRef): Promise<RunStatus> {
    if (this.unreachable.has(id)) return Promise.reject(new Error('the server is away'));
    return Promise.resolve(this.statuses.get(id) ?? 'missing');
  }
  nudge({ id }: RunRef): Promise<void> {
    this.nudged.push(id);
    return Promise.resolve();
  }
  failedSince(): Promise<RunRef[]> {
    return Promise.resolve(this.failed);
  }
}

function activitiesWith(change: Partial<ActivityParts> = {}): Activities {
  return createActivities({
    ...bench.deps,
    logger: pino({ level: 'silent' }),
    runs: new MemoryRuns(),
    operatorDecisions: true,
    ...change,
  });
}

/** Runs an activity as a worker does; gives its result and the details of its last heartbeat. */
async function act<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
  args: A,
  heartbeatDetails?: unknown,
): Promise<{ readonly result: R; readonly beat: unknown }> {
  const environment = new MockActivityEnvironment({ heartbeatDetails }, { logger });
  let beat: unknown;
  environment.on('heartbeat', (details: unknown) => {
    beat = details;
  });
  return { result: (await environment.run(activity, ...args)) as R, beat };
}

async function failureOf(call: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApplicationFailure) return error;
  throw new Error(`no failure: ${String(error)}`);
}

const scheduled = (startMinutes: number): Promise<Id> =>
  bench.classFrom(startMinutes, startMinutes + 60, { status: 'scheduled' });

const settle = (ids: readonly Id[]) =>
  rows(
    bench.em(),
    "update attendance_session set status = 'locked' where not (id = any(?::uuid[]))",
    [ids],
  );

describe('loadSession and loadCase', () => {
  it('fail for good when there is no row, with the stable code', async () => {
    const { loadSession, loadCase } = activitiesWith();

    for (const failure of [
      await failureOf(act(loadSession, [v7()])),
      await failureOf(act(loadCase, ['leave', v7()])),
    ]) {
      expect(failure).toMatchObject({ nonRetryable: true, type: 'NotFound' });
      expect(failure.details).toEqual(['not_found']);
    }
  });

  it('fails for good for what can be no id, and repeats nothing of it', async () => {
    const { loadSession } = activitiesWith();

    const failure = await failureOf(act(loadSession, ['no uuid at all']));

    expect(failure.nonRetryable).toBe(true);
    expect(failure.message).not.toContain('no uuid at all');
  });
});

describe('decisions by operators', () => {
  it('are refused with channel_disabled where they are switched off', async () => {
    const id = await scheduled(30);
    const { applySessionTransition } = activitiesWith({ operatorDecisions: false });
    const command = {
      id: v7(),
      edge: 'open',
      by: 'person',
      actorId: bench.world.faculty.userId,
    } as const;

    for (const channel of ['operator_signal', 'operator_update'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { result } = await act(applySessionTransition, [
        { sessionId: id, epoch: 1, command: { ...command, channel } },
      ]);
      expect(result).toMatchObject({
        refused: { code: 'channel_disabled' },
        view: { status: 'scheduled' },
      });
    }
    const { result } = await act(applySessionTransition, [
      { sessionId: id, epoch: 1, command: { ...command, channel: 'api' } },
    ]);
    expect(result.refused).toBeNull();
  });
});

describe('startSessions', () => {
  it('starts what it claims, then nothing', async () => {
    const ids = [await scheduled(60), await scheduled(90)];
    await settle(ids);
    const runs = new MemoryRuns();
    const { startSessions } = activitiesWith({ runs });

    const first = await act(startSessions, []);
    const second = await act(startSessions, []);

    expect(first.result).toEqual({ claimed: 2, started: 2 });
    expect(second.result).toEqual({ claimed: 0, started: 0 });
    expect(runs.started.toSorted()).toEqual(ids.toSorted());
  });

  it('makes the partitions of the audit log that are missing when nothing is left to start', async () => {
    await settle([]);
    const nextMonth = "'audit_event_' || to_char(app_clock() + interval '1 month', 'YYYYMM')";
    await rows(bench.em(), `do $$ begin execute format('drop table %I', ${nextMonth}); end $$`);

    await act(activitiesWith({ runs: new MemoryRuns() }).startSessions, []);

    const [found] = await rows<{ made: boolean }>(
      bench.em(),
      `select to_regclass(${nextMonth}) is not null as made`,
    );
    expect(found?.made).toBe(true);
  });

  it('keeps what it could not start in its heartbeat and starts it at the next try', async () => {
    const ids = [await scheduled(60), await scheduled(90)];
    await settle(ids);
    const runs = new MemoryRuns();
    const [lost = ''] = ids;
    runs.unreachable.add(lost);
    const { startSessions } = activitiesWith({ runs });
    const environment = new MockActivityEnvironment({}, { logger });
    let beat: unknown;
    environment.on('heartbeat', (details: unknown) => {
      beat = details;
    });

    const failure = await failureOf(environment.run(startSessions));
    runs.unreachable.clear();
    const again = await act(startSessions, [], beat);

    expect(failure).toMatchObject({ nonRetryable: false, type: 'Unavailable' });
    expect(beat).toEqual([lost]);
    expect(again.result).toEqual({ claimed: 1, started: 1 });
    expect(runs.started.toSorted()).toEqual(ids.toSorted());
  });
});

describe('reconcileRuns', () => {
  it('starts the missing, nudges the late, repairs the failed and names the stuck', async () => {
    const [missing, late, failed, stuck, away, healthy] = await Promise.all(
      Array.from({ length: 6 }, () => scheduled(-30)),
    );
    if (!missing || !late || !failed || !stuck || !away || !healthy) throw new Error('no session');
    await settle([missing, late, failed, stuck, away]);
    const future = await scheduled(120);
    const runs = new MemoryRuns();
    runs.statuses.set(late, 'running').set(failed, 'failed').set(stuck, 'completed');
    runs.statuses.set(future, 'running');
    runs.unreachable.add(away);
    runs.failed.push({ kind: 'session', id: future }, { kind: 'session', id: healthy });
    const { reconcileRuns } = activitiesWith({ runs });

    const { result } = await act(reconcileRuns, []);

    expect(result).toEqual({
      started: 1,
      nudged: 1,
      repaired: 1,
      stuck: 1,
      unreachable: 1,
      healthy: 1,
      outboxLate: 0,
    });
    expect(runs).toMatchObject({ started: [missing], nudged: [late], repaired: [failed] });
    for (const [id, reason] of [
      [missing, 'missing'],
      [failed, 'failed'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- two of them
      expect(await bench.auditOf(id)).toEqual([
        expect.objectContaining({ action: 'workflow.repaired', after: { reason } }),
      ]);
    }
  });

  it('finds late rows although failed runs cannot be listed', async () => {
    const id = await scheduled(-30);
    await settle([id]);
    const runs = new MemoryRuns();
    runs.failedSince = () => Promise.reject(new Error('visibility is away'));
    const { reconcileRuns } = activitiesWith({ runs });

    const { result } = await act(reconcileRuns, []);

    expect(result.started).toBe(1);
    expect(runs.started).toEqual([id]);
  });
});
