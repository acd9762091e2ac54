/** The worker process: workflows, activities, outbox relay, mail, Schedules; ends cleanly on SIGTERM. */
import { createActivities } from '../activities/create-activities.ts';
import { loadEnvironment } from '../config/env.ts';
import { createDeps, type Deps } from '../deps.ts';
import { startMailDelivery, type MailDelivery } from '../mail/deliver-mail.ts';
import { createMailer } from '../mail/mailer.ts';
import { createDeviceCodes } from '../security/device-codes.ts';
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
  const mail = startMail(deps);
  try {
    await worker.run();
  } finally {
    await Promise.all([relay.stop(), mail?.stop()]);
    await deps.close();
  }
  deps.logger.info('worker stopped');
  process.exit(0); // Native threads of the SDK must not keep a finished process.
}

function startMail({ environment, orm, logger, keys }: Deps): MailDelivery | undefined {
  const mailer = createMailer(environment);
  if (!mailer) {
    logger.warn('mail is off: set SMTP_URL and MAIL_FROM to send notices by mail');
    if (environment.secondFactor === 'required') {
      logger.error('nobody can register a first device: its code is sent by mail');
    }
    return undefined;
  }
  logger.info({ destination: mailer.destination }, 'mail is delivered');
  const { dashboardUrl } = environment;
  const deviceCodes = createDeviceCodes(keys);
  return startMailDelivery({ orm, mailer, logger, dashboardUrl, deviceCodes });
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
