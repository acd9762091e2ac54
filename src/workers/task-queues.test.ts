import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryCases, startCase } from '../../test/memory-cases.ts';
import { temporalAddress } from '../../test/servers.ts';
import {
  connectServer,
  eventually,
  MemorySessions,
  startSession,
  whileWorking,
  type WorkflowBench,
} from '../../test/temporal.ts';

/** More than the notice queue works on at once (temporal.md section 3). */
const NOTICES = 30;
const LATE_MS = 2_000;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await connectServer(temporalAddress());
});
afterEach(() => bench.renew());
afterAll(() => bench.teardown());

describe('the task queues', () => {
  it('let a session open within two seconds while the notice queue is full', async () => {
    const now = (): Promise<number> => Promise.resolve(Date.now());
    const sessions = new MemorySessions(now);
    const cases = new MemoryCases(now);
    let sending = 0;
    let endSending = (): void => undefined;
    const sent = new Promise<void>((resolve) => {
      endSending = resolve;
    });
    const worker = await bench.createWorker({
      ...sessions.activities,
      ...cases.activities,
      recordReminder: () => {
        sending += 1;
        return sent;
      },
    });

    await whileWorking(worker, async () => {
      try {
        const views = await Promise.all(Array.from({ length: NOTICES }, () => cases.add()));
        const at = new Date().toISOString();
        for (const { id } of views) cases.ladders.set(id, [{ at, kind: 'reminder', level: 1 }]);
        await Promise.all(views.map(({ kind, id }) => startCase(bench, { kind, caseId: id })));
        await eventually('a full queue', () => sending >= 20);
        const { id, opensAt } = await sessions.add(1 / 60);

        await startSession(bench, { sessionId: id });
        await eventually('the opening', () => sessions.get(id).status === 'open');

        expect(sessions.applied).toEqual([expect.objectContaining({ edge: 'open', by: 'timer' })]);
        expect((sessions.applied[0]?.atMs ?? 0) - Date.parse(opensAt)).toBeLessThan(LATE_MS);
      } finally {
        endSending();
      }
    });
  });

  it('are free again when a worker could not be created on all of them', async () => {
    const { activities } = new MemorySessions(() => Promise.resolve(Date.now()));
    const first = await bench.createWorker(activities, { queues: ['notify'] });
    await whileWorking(first, async () => {
      await expect(bench.createWorker(activities)).rejects.toThrow('overlapping');
    });

    await whileWorking(await bench.createWorker(activities), () => Promise.resolve());
  });
});
