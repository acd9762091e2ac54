/**
 * The workers of one process: workflows and short activities on the core queue, pages on the bulk
 * queue, notices on theirs (temporal.md sections 3 and 14). The device queue is polled once there
 * are activities for it.
 */
import {
  NativeConnection,
  Worker,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import type { Activities } from '../activities/create-activities.ts';
import type { Environment } from '../config/env.ts';
import { connectionOptions, dataConverter, type TemporalSettings } from '../temporal/connection.ts';
import { queueName, type Queue } from '../workflows/contract.ts';

/** What a worker is made of. */
export interface WorkerParts {
  readonly settings: TemporalSettings & Partial<Pick<Environment, 'workerBuildId'>>;
  readonly connection: NativeConnection;
  readonly activities: Activities;
  readonly bundle: WorkflowBundleOption;
  /** The queues to poll; all of them by default. */
  readonly queues?: readonly PolledQueue[];
  /** Tests replace limits or add interceptors. */
  readonly coreOptions?: Partial<WorkerOptions>;
}

/** The queues that have work today. */
export const POLLED_QUEUES = ['core', 'bulk', 'notify'] as const satisfies readonly Queue[];
export type PolledQueue = (typeof POLLED_QUEUES)[number];

/** The workers of one process as one. */
export interface SessionWorker {
  /**
   * Polls until `shutdown` or a signal that the Runtime traps, then drains.
   * @throws the first worker's error when one cannot go on; the others are shut down first
   */
  run(): Promise<void>;
  shutdown(): void;
}

/** Bounds the memory of a process: a run that falls out is read again from its history. */
const CACHED_WORKFLOWS_MAX = 500;
/** Workflow tasks take about a millisecond each; a second thread would cost 40 MB for nothing. */
const WORKFLOW_THREADS = 1;
/** How long a run waits for the worker that has it cached; longer only delays runs of a dead one. */
const STICKY_LIMIT = '5s';
const SHUTDOWN_GRACE = '20s';
const SHUTDOWN_FORCE = '30s';

/** Limits of temporal.md section 3; few pollers where work is rare. */
const ACTIVITY_LIMITS: Readonly<Record<PolledQueue, Partial<WorkerOptions>>> = {
  core: { maxConcurrentActivityTaskExecutions: 100, maxConcurrentActivityTaskPolls: 5 },
  bulk: { maxConcurrentActivityTaskExecutions: 4, maxConcurrentActivityTaskPolls: 1 },
  notify: {
    maxConcurrentActivityTaskExecutions: 20,
    maxConcurrentActivityTaskPolls: 1,
    maxTaskQueueActivitiesPerSecond: 20,
  },
};

/** Opens the workers' connection. Close it when the worker has ended: an open one keeps the process. */
export function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  return NativeConnection.connect(connectionOptions(settings));
}

/** Creates the workers; they poll from `run` on. */
export async function createWorker(parts: WorkerParts): Promise<SessionWorker> {
  assertUtc();
  const queues = parts.queues ?? POLLED_QUEUES;
  const workers = await createAll(queues.map((queue) => optionsOf(parts, queue)));
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    shutdown,
    async run() {
      const runs = workers.map((worker) => worker.run());
      try {
        await Promise.all(runs);
      } catch (error) {
        shutdown();
        await Promise.allSettled(runs);
        throw error;
      }
    },
  };
}

/**
 * All of them or none: a worker that was created holds its connection until it has run, so those
 * made before a failure are ended first.
 */
async function createAll(options: readonly WorkerOptions[]): Promise<Worker[]> {
  const made = await Promise.allSettled(options.map((each) => Worker.create(each)));
  const workers = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = made.find((each) => each.status === 'rejected');
  if (!failed) return workers;
  await Promise.allSettled(workers.map((worker) => worker.runUntil(Promise.resolve())));
  throw failed.reason;
}

function optionsOf(parts: WorkerParts, queue: PolledQueue): WorkerOptions {
  const { settings, connection, activities, bundle } = parts;
  return {
    connection,
    namespace: settings.temporalNamespace,
    taskQueue: queueName(settings.taskQueuePrefix, queue),
    dataConverter: dataConverter(settings),
    activities,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
    maxEagerActivityReservationsPerWorkflowTask: 0,
    ...ACTIVITY_LIMITS[queue],
    ...(queue === 'core' ? coreOptions(parts, bundle) : {}),
  };
}

function coreOptions(parts: WorkerParts, bundle: WorkflowBundleOption): Partial<WorkerOptions> {
  const buildId = parts.settings.workerBuildId;
  return {
    workflowBundle: bundle,
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    maxConcurrentWorkflowTaskPolls: 5,
    stickyQueueScheduleToStartTimeout: STICKY_LIMIT,
    workflowThreadPoolSize: WORKFLOW_THREADS,
    ...(buildId === undefined
      ? {}
      : {
          workerDeploymentOptions: {
            version: { deploymentName: 'attendance', buildId },
            useWorkerVersioning: true,
            defaultVersioningBehavior: 'PINNED',
          },
        }),
    ...parts.coreOptions,
  };
}

/** Local-time getters are not replaced in the sandbox, so a replay elsewhere would differ. */
function assertUtc(): void {
  if (new Date().getTimezoneOffset() !== 0) {
    throw new Error('Workers run in UTC: start the process with TZ=UTC, as the npm scripts do');
  }
}
