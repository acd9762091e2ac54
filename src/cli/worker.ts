/** The worker process: workflows, activities, outbox relay, Schedules; ends cleanly on SIGTERM. */
import { createActivities } from '../activities/create-activities.ts';
import { loadEnvironment } from '../config/env.ts';
import { createDeps } from '../deps.ts';
import { createWorkflowGateway } from '../temporal/client.ts';
import { startOutboxRelay } from '../temporal/outbox-relay.ts';
import { POLLED_QUEUES, type PolledQueue } from '../workers/session-worker.ts';
import { WorkerProcess } from './worker/worker-process.ts';

if (import.meta.main) await main();

async function main(): Promise<void> {
  const environment = loadEnvironment(['database', 'utc', 'secrets']);
  const gateway = createWorkflowGateway(environment, () => deps.orm);
  const deps = await createDeps(environment, { workflows: gateway });
  const worker = new WorkerProcess({
    environment,
    orm: deps.orm,
    logger: deps.logger,
    client: () => gateway.client(),
    activities: createActivities({
      ...deps,
      runs: gateway.runs,
      operatorDecisions: environment.operatorDecisions,
    }),
    queues: queuesFrom(process.argv.slice(2)),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => worker.stop());

  const relay = startOutboxRelay({ orm: deps.orm, runs: gateway.runs, logger: deps.logger });
  try {
    await worker.run();
  } finally {
    await relay.stop();
    await deps.close();
  }
  deps.logger.info('worker stopped');
  process.exit(0); // Native threads of the SDK must not keep a finished process.
}

/** `--queues core,bulk` narrows what is polled. */
function queuesFrom(args: readonly string[]): PolledQueue[] {
  const at = args.indexOf('--queues');
  if (at < 0) return [...POLLED_QUEUES];
  return (args[at + 1] ?? '').split(',').map((name) => {
    const queue = POLLED_QUEUES.find((known) => known === name);
    if (!queue) throw new Error(`--queues takes a list of ${POLLED_QUEUES.join(', ')}`);
    return queue;
  });
}
