import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { startTimeSkipping, whileWorking, type WorkflowBench } from '../../test/temporal.ts';
import { PRESENCE_WORKFLOW_ID, WORKFLOWS } from './contract.ts';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await startTimeSkipping();
});
afterEach(() => bench.renew());
afterAll(() => bench.teardown());

it('outlasts a database that is away, and says what it did once', async () => {
  const report = { started: 1, settled: 2, forgotten: 3 };
  const workflowId = `${PRESENCE_WORKFLOW_ID}/${randomUUID()}`;
  bench.track(workflowId);
  const { coreQueue: taskQueue } = bench;
  let calls = 0;
  const worker = await bench.createWorker({
    keepPresence: () => {
      calls += 1;
      return calls < 3 ? Promise.reject(new Error('away')) : Promise.resolve(report);
    },
  });

  const answer = await whileWorking(worker, () =>
    bench.client.workflow.execute(WORKFLOWS.presencePass, { workflowId, taskQueue }),
  );

  expect({ answer, calls }).toEqual({ answer: report, calls: 3 });
});
