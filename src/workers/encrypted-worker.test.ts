import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure, Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { DefaultLogger } from '@temporalio/worker';
import { historyTexts } from '../../test/histories.ts';
import { MemoryCases } from '../../test/memory-cases.ts';
import { temporalAddress, temporalBinary } from '../../test/servers.ts';
import { connectServer, whileWorking, type WorkflowBench } from '../../test/temporal.ts';
import { dataConverter } from '../temporal/connection.ts';
import {
  caseWorkflowId,
  decideUpdate,
  WORKFLOWS,
  type CaseInput,
  type CaseView,
} from '../workflows/contract.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';

const runProgram = promisify(execFile);
const temporalCodecKeys = `k1:${randomBytes(32).toString('base64')}`;

let bench: WorkflowBench;
let client: Client;
beforeAll(async () => {
  bench = await connectServer(temporalAddress());
  client = new Client({
    connection: bench.environment.connection,
    dataConverter: dataConverter({ temporalCodecKeys }),
  });
});
afterAll(async () => {
  await bench.renew();
  await bench.teardown();
});

describe('a worker with codec keys', () => {
  it('keeps payloads and failures from the server and takes plain JSON of an operator', async () => {
    const cases = new MemoryCases(() => Promise.resolve(Date.now()));
    const view = await cases.add('leave');
    const workflowId = caseWorkflowId('leave', view.id);
    bench.track(workflowId);
    const worker = await bench.createWorker(cases.activities, {
      settings: {
        temporalAddress: temporalAddress(),
        temporalNamespace: 'default',
        temporalApiKey: undefined,
        temporalTls: false,
        temporalCodecKeys,
        taskQueuePrefix: bench.prefix,
      },
      bundle: await loadWorkflowBundle({ temporalCodecKeys }, new DefaultLogger('ERROR')),
    });

    await whileWorking(worker, async () => {
      const handle = await client.workflow.start<(input: CaseInput) => Promise<CaseView>>(
        WORKFLOWS.leave,
        {
          workflowId,
          taskQueue: bench.coreQueue,
          args: [{ kind: 'leave', caseId: view.id }],
        },
      );
      const own = { decisionId: randomUUID(), deciderId: view.applicantId };
      const refused: unknown = await handle
        .executeUpdate(decideUpdate, { args: [{ ...own, verdict: 'approved' }] })
        .catch((error: unknown) => error);
      const input = { decisionId: randomUUID(), verdict: 'approved', deciderId: randomUUID() };
      await runProgram(temporalBinary(), [
        'workflow',
        'signal',
        '--address',
        temporalAddress(),
        '--workflow-id',
        workflowId,
        '--name',
        'decide',
        '--input',
        JSON.stringify(input),
      ]);

      expect(await handle.result()).toMatchObject({ status: 'approved' });
      expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
      const cause = refused instanceof WorkflowUpdateFailedError ? refused.cause : undefined;
      expect(cause).toBeInstanceOf(ApplicationFailure);
      expect(cause).toMatchObject({ type: 'own_request' });
      const texts = historyTexts(await handle.fetchHistory());
      const readable = texts.filter((text) => text.includes(view.applicantId));
      expect(readable).toEqual([]);
      expect(texts).toContain(Buffer.from('k1').toString('base64'));
    });
  });
});
