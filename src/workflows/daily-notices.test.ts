import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { startTimeSkipping, whileWorking, type WorkflowBench } from '../../test/temporal.ts';
import type { Activities } from '../activities/create-activities.ts';
import { DAILY_NOTICES_WORKFLOW_ID, WORKFLOWS } from './contract.ts';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await startTimeSkipping();
});
afterEach(() => bench.renew());
afterAll(() => bench.teardown());

const REPORT = { teachers: 3, written: 2 };

async function play(activities: Pick<Activities, 'writeConflictDigests'>): Promise<unknown> {
  const workflowId = `${DAILY_NOTICES_WORKFLOW_ID}/${randomUUID()}`;
  bench.track(workflowId);
  const { coreQueue: taskQueue } = bench;
  return whileWorking(await bench.createWorker(activities), () =>
    bench.client.workflow.execute(WORKFLOWS.dailyNotices, { workflowId, taskQueue }),
  );
}

describe('dailyNotices', () => {
  it('writes the digest once and says what it did', async () => {
    let calls = 0;

    const report = await play({
      writeConflictDigests: () => {
        calls += 1;
        return Promise.resolve(REPORT);
      },
    });

    expect({ report, calls }).toEqual({ report: REPORT, calls: 1 });
  });

  it('outlasts a database that is away for minutes', async () => {
    const startedMs = await bench.nowMs();
    let calls = 0;

    const report = await play({
      writeConflictDigests: () => {
        calls += 1;
        return calls < 8 ? Promise.reject(new Error('away')) : Promise.resolve(REPORT);
      },
    });

    expect(report).toEqual(REPORT);
    expect((await bench.nowMs()) - startedMs).toBeGreaterThan(60_000);
  });

  it('fails for operators to see when the digest is refused', async () => {
    const refusal = ApplicationFailure.nonRetryable('no', 'PolicyRefused');

    const ended = play({ writeConflictDigests: () => Promise.reject(refusal) });

    await expect(ended).rejects.toThrow(WorkflowFailedError);
  });
});
