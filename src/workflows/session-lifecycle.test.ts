import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import {
  eventually,
  MemorySessions,
  startSession,
  startTimeSkipping,
  whileWorking,
  type WorkflowBench,
} from '../../test/temporal.ts';
import {
  nudgeSignal,
  sessionStateQuery,
  transitionSignal,
  transitionUpdate,
  type TransitionCommand,
} from './contract.ts';

const MINUTE = 60_000;
/** Timers are minimums: up to a second late, plus the round trips of a busy machine. */
const LATE_MS = 5_000;
/** A session needs no other queue. */
const CORE = { queues: ['core'] } as const;

let bench: WorkflowBench;
let sessions: MemorySessions;

beforeAll(async () => {
  bench = await startTimeSkipping();
});
afterAll(() => bench.teardown());
afterEach(() => bench.renew());
beforeEach(() => {
  sessions = new MemorySessions(() => bench.nowMs());
});

const run = async <T>(body: () => Promise<T>): Promise<T> =>
  whileWorking(await bench.createWorker(sessions.activities, CORE), body);

function command(
  edge: TransitionCommand['edge'],
  change: Partial<Omit<TransitionCommand, 'by'>> = {},
): Omit<TransitionCommand, 'by'> {
  return { id: randomUUID(), edge, actorId: randomUUID(), channel: 'api', ...change };
}

async function codeOf(update: Promise<unknown>): Promise<string> {
  try {
    await update;
    return 'none';
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (cause instanceof ApplicationFailure) return cause.type ?? 'untyped';
    throw error;
  }
}

describe('sessionLifecycle', () => {
  it('opens, closes and locks on time', async () => {
    const { id, opensAt, closesAt } = await sessions.add(10);

    const outcome = await run(async () => (await startSession(bench, { sessionId: id })).result());

    expect(outcome).toEqual({ status: 'locked', epoch: 1 });
    expect(sessions.applied.map(({ edge, by }) => `${edge} by ${by}`)).toEqual([
      'open by timer',
      'close by timer',
      'lock by timer',
    ]);
    const late = sessions.applied.map((applied, index) => {
      const due = [opensAt, closesAt][index] ?? sessions.get(id).lockDueAt ?? '';
      return applied.atMs - Date.parse(due);
    });
    for (const ms of late) {
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThan(LATE_MS);
    }
  });

  it('has a history of fewer than 120 events after a whole life', async () => {
    const { id } = await sessions.add(10);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      await handle.executeUpdate(transitionUpdate, { args: [command('open')] });
      await handle.executeUpdate(transitionUpdate, { args: [command('close')] });
      await handle.executeUpdate(transitionUpdate, { args: [command('reopen')] });
      await handle.result();
      const history = await handle.fetchHistory();

      expect(history.events?.length).toBeLessThan(120);
    });
  });

  it('closes a session that nobody opened when automatic opening is off', async () => {
    const { id, closesAt } = await sessions.add(10, { autoOpen: false });

    await run(async () => (await startSession(bench, { sessionId: id })).result());

    expect(sessions.applied.map((applied) => applied.edge)).toEqual(['close', 'lock']);
    expect(sessions.applied[0]?.atMs).toBeGreaterThanOrEqual(Date.parse(closesAt));
  });

  it('closes a session found past its whole window without opening it', async () => {
    const { id } = await sessions.add(-120);

    await run(async () => (await startSession(bench, { sessionId: id })).result());

    expect(sessions.applied.map((applied) => applied.edge)).toEqual(['close', 'lock']);
  });

  it.each([
    ['later', 180],
    ['earlier', 3],
  ])('follows a session moved %s and lets no stale timer act', async (_name, startInMinutes) => {
    const { id } = await sessions.add(30);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      const now = await bench.nowMs();
      const startAt = new Date(now + startInMinutes * MINUTE + 5 * MINUTE).toISOString();
      const endAt = new Date(now + startInMinutes * MINUTE + 65 * MINUTE).toISOString();
      const moved = await handle.executeUpdate(transitionUpdate, {
        args: [command('reschedule', { startAt, endAt })],
      });
      await handle.result();

      expect(moved.view.epoch).toBe(2);
      const opened = sessions.applied.filter((applied) => applied.edge === 'open');
      expect(opened).toHaveLength(1);
      expect(opened[0]?.epoch).toBe(2);
      expect(opened[0]?.atMs).toBeGreaterThanOrEqual(Date.parse(moved.view.opensAt));
      expect(opened[0]?.atMs).toBeLessThan(Date.parse(moved.view.opensAt) + LATE_MS);
    });
  });

  it('refuses a timer whose epoch is stale, reads the row and follows it', async () => {
    const { id, opensAt } = await sessions.add(30);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      await handle.query(sessionStateQuery);
      const row = sessions.get(id);
      const later = (at: string): string => new Date(Date.parse(at) + 60 * MINUTE).toISOString();
      sessions.rows.set(id, {
        ...row,
        epoch: 2,
        startAt: later(row.startAt),
        opensAt: later(opensAt),
        closesAt: later(row.closesAt),
      });
      await handle.result();
    });

    expect(sessions.refused).toEqual(['open by timer']);
    expect(sessions.applied[0]).toMatchObject({ edge: 'open', epoch: 2 });
    expect(sessions.applied[0]?.atMs).toBeGreaterThanOrEqual(Date.parse(opensAt) + 60 * MINUTE);
  });

  it('ends when its start has passed after a cancel', async () => {
    const { id, startAt } = await sessions.add(30);

    const outcome = await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      await handle.executeUpdate(transitionUpdate, { args: [command('cancel')] });
      return handle.result();
    });

    expect(outcome).toEqual({ status: 'cancelled', epoch: 1 });
    expect(sessions.applied.map((applied) => applied.edge)).toEqual(['cancel']);
    expect(await bench.nowMs()).toBeGreaterThanOrEqual(Date.parse(startAt));
  });

  it('opens a restored session under its new epoch', async () => {
    const { id } = await sessions.add(30);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      await handle.executeUpdate(transitionUpdate, { args: [command('cancel')] });
      await handle.executeUpdate(transitionUpdate, { args: [command('restore')] });
      await handle.result();
    });

    expect(sessions.applied.map(({ edge, epoch }) => `${edge} ${epoch}`)).toEqual([
      'cancel 1',
      'restore 2',
      'open 2',
      'close 2',
      'lock 2',
    ]);
  });

  it('continues after its worker was replaced in mid-session', async () => {
    const { id } = await sessions.add(10);
    // Nothing cached: the server of this test hands tasks to the sticky queue of a worker that left.
    const uncached = { ...CORE, coreOptions: { maxCachedWorkflows: 0 } };

    await whileWorking(await bench.createWorker(sessions.activities, uncached), async () => {
      const handle = await startSession(bench, { sessionId: id });
      await handle.executeUpdate(transitionUpdate, { args: [command('open')] });
    });
    await run(async () => bench.client.workflow.getHandle(`session/${id}`).result());

    expect(sessions.applied.map((applied) => applied.edge)).toEqual(['open', 'close', 'lock']);
  });

  it('is decided the same when every task is played from its history', async () => {
    const { id } = await sessions.add(10);
    const uncached = { ...CORE, coreOptions: { maxCachedWorkflows: 0 } };

    await whileWorking(await bench.createWorker(sessions.activities, uncached), async () => {
      const handle = await startSession(bench, { sessionId: id });
      for (const edge of ['open', 'close', 'reopen'] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await handle.executeUpdate(transitionUpdate, { args: [command(edge)] });
      }
      await handle.signal(nudgeSignal);
      await handle.result();
    });

    expect(sessions.applied.map((applied) => applied.edge)).toEqual([
      'open',
      'close',
      'reopen',
      'close',
      'lock',
    ]);
  });

  it('answers who waits and ends when an operator cancels it before its row was read', async () => {
    const { id } = await sessions.add(10);
    const away = {
      ...sessions.activities,
      loadSession: () => Promise.reject(new Error('the database is away')),
    };

    await whileWorking(await bench.createWorker(away, CORE), async () => {
      const handle = await startSession(bench, { sessionId: id });
      const waiting = codeOf(handle.executeUpdate(transitionUpdate, { args: [command('open')] }));
      await eventually('the update', async () => {
        const { events } = await handle.fetchHistory();
        return (
          events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes) ?? false
        );
      });
      await handle.cancel();

      expect(await waiting).toBe('workflow_unavailable');
      await expect(handle.result()).rejects.toThrow();
    });
  });

  it('waits before it tries a refused timer again, and never in a hot loop', async () => {
    const { id } = await sessions.add(10);
    let refused = 0;
    const slow = {
      ...sessions.activities,
      applySessionTransition: (
        request: Parameters<typeof sessions.activities.applySessionTransition>[0],
      ) => {
        if (request.command.edge !== 'open' || refused === 3) {
          return sessions.activities.applySessionTransition(request);
        }
        refused += 1;
        const detail = 'Not yet.';
        return Promise.resolve({
          view: sessions.get(id),
          refused: { code: 'state_conflict', detail },
        });
      },
    };

    await whileWorking(await bench.createWorker(slow, CORE), async () =>
      (await startSession(bench, { sessionId: id })).result(),
    );

    const lateMs = (sessions.applied[0]?.atMs ?? 0) - Date.parse(sessions.get(id).opensAt);
    expect(refused).toBe(3);
    expect(lateMs).toBeGreaterThanOrEqual(90_000);
    expect(lateMs).toBeLessThan(90_000 + 3 * LATE_MS);
  });

  it('is one run however often it is started', async () => {
    const { id } = await sessions.add(10);

    await run(async () => {
      const handles = await Promise.all(
        Array.from({ length: 10 }, () => startSession(bench, { sessionId: id })),
      );

      expect(new Set(handles.map((handle) => handle.firstExecutionRunId)).size).toBe(1);
      await handles[0]?.result();
    });
    expect(sessions.applied).toHaveLength(3);
  });

  it('gives one effect to eight simultaneous commands to open', async () => {
    const { id } = await sessions.add(10);

    const codes = await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      return Promise.all(
        Array.from({ length: 8 }, () =>
          codeOf(handle.executeUpdate(transitionUpdate, { args: [command('open')] })),
        ),
      );
    });

    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(codes.filter((code) => code === 'state_conflict')).toHaveLength(7);
    expect(sessions.applied.filter((applied) => applied.edge === 'open')).toHaveLength(1);
  });

  it('answers a repeated command id with the first result', async () => {
    const { id } = await sessions.add(10);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      const open = command('open');
      const first = await handle.executeUpdate(transitionUpdate, { args: [open] });
      const sameUpdate = await handle.executeUpdate(transitionUpdate, { args: [open] });

      expect(sameUpdate).toEqual(first);
      expect(sessions.applied).toHaveLength(1);
    });
  });

  it('applies one of an update and a signal that race with the same edge', async () => {
    const { id } = await sessions.add(10);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      const [code] = await Promise.all([
        codeOf(handle.executeUpdate(transitionUpdate, { args: [command('open')] })),
        handle.signal(transitionSignal, command('open')),
      ]);
      const view = await handle.query(sessionStateQuery);

      expect(view?.status).toBe('open');
      expect(['none', 'state_conflict']).toContain(code);
      expect(sessions.applied.filter((applied) => applied.edge === 'open')).toHaveLength(1);
    });
  });

  it.each([
    ['an edge the state does not have', command('reopen'), 'state_conflict'],
    ['an unknown edge', { ...command('open'), edge: 'explode' as 'open' }, 'validation_failed'],
    ['no actor', { ...command('open'), actorId: null }, 'validation_failed'],
    ['words for an instant', command('reschedule', { startAt: 'noon' }), 'validation_failed'],
    ['a page of text', command('cancel', { reason: 'x'.repeat(5_000) }), 'validation_failed'],
  ])('refuses %s before anything is written', async (_name, message, code) => {
    const { id } = await sessions.add(10);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      await handle.query(sessionStateQuery);

      expect(await codeOf(handle.executeUpdate(transitionUpdate, { args: [message] }))).toBe(code);
      const history = await handle.fetchHistory();
      const types = history.events?.map((event) => event.eventType) ?? [];
      expect(types.some((type) => String(type).includes('UPDATE'))).toBe(false);
      expect(sessions.applied).toHaveLength(0);
    });
  });

  it('survives signals that are no commands at all', async () => {
    const { id } = await sessions.add(10);

    const outcome = await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      for (const nonsense of [null, 'open', 7, [], { edge: 'open' }]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await handle.signal('transition', nonsense);
      }
      await handle.signal('transition');
      return handle.result();
    });

    expect(outcome).toEqual({ status: 'locked', epoch: 1 });
  });

  it('reads its row again when it is nudged', async () => {
    const { id } = await sessions.add(600);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      await handle.query(sessionStateQuery);
      const row = sessions.get(id);
      const opensAt = new Date((await bench.nowMs()) - MINUTE).toISOString();
      sessions.rows.set(id, { ...row, opensAt, epoch: 2 });
      await handle.signal(nudgeSignal);
      await handle.result();
    });

    expect(sessions.applied[0]).toMatchObject({ edge: 'open', epoch: 2 });
  });

  it('applies commands once across a continue-as-new', async () => {
    const { id } = await sessions.add(30);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id, testContinueAsNewAfter: 1 });
      const current = bench.client.workflow.getHandle(`session/${id}`);
      const open = command('open');
      await current.executeUpdate(transitionUpdate, { args: [open] });
      await current.executeUpdate(transitionUpdate, { args: [command('close')] });
      const repeated = await current.executeUpdate(transitionUpdate, { args: [open] });
      await handle.result();

      expect(repeated.refused).toBeNull();
      const runs = await current.describe();
      expect(runs.runId).not.toBe(handle.firstExecutionRunId);
    });
    expect(sessions.applied.map((applied) => applied.edge)).toEqual(['open', 'close', 'lock']);
  });

  it('ends as cancelled when an operator cancels it, after answering who waits', async () => {
    const { id } = await sessions.add(10);

    await run(async () => {
      const handle = await startSession(bench, { sessionId: id });
      await handle.executeUpdate(transitionUpdate, { args: [command('open')] });
      await handle.cancel();

      await expect(handle.result()).rejects.toThrow();
      expect((await handle.describe()).status.name).toBe('CANCELLED');
    });
    expect(sessions.get(id).status).toBe('open');
  });
});
