/** Keeps workers running: waits for a server that is away, and starts again after a failure. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, type LogEntry, type NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Activities } from '../../activities/create-activities.ts';
import type { Environment } from '../../config/env.ts';
import type { Orm } from '../../db/orm.ts';
import { ensureSchedules } from '../../temporal/schedules.ts';
import { ensureSearchAttributes } from '../../temporal/search-attributes.ts';
import {
  connectWorker,
  createWorker,
  type PolledQueue,
  type SessionWorker,
} from '../../workers/session-worker.ts';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';

/** What a worker process is made of. */
export interface WorkerProcessParts {
  readonly environment: Environment;
  readonly orm: Orm;
  readonly logger: Logger;
  readonly client: () => Client;
  readonly activities: Activities;
  readonly queues: readonly PolledQueue[];
}

const RETRY_MS = 2_000;

/** The workers of this process, across connections. */
export class WorkerProcess {
  readonly #parts: WorkerProcessParts;
  readonly #stopping = new AbortController();
  #worker: SessionWorker | undefined;

  constructor(parts: WorkerProcessParts) {
    this.#parts = parts;
  }

  /** Polls until `stop`, connecting again whenever the server was lost for good. */
  async run(): Promise<void> {
    const { environment, logger } = this.#parts;
    const bundle = await loadWorkflowBundle(environment, temporalLogger(logger));
    while (!this.#isStopping) {
      installRuntime(environment, logger);
      const connection = await this.#connect();
      if (!connection) break;
      try {
        this.#worker = await createWorker({
          settings: environment,
          connection,
          activities: this.#parts.activities,
          bundle,
          queues: this.#parts.queues,
        });
        const running = this.#worker.run();
        logger.info({ queues: this.#parts.queues }, 'worker polls');
        await Promise.all([running, this.#keepSchedules(connection)]);
        if (this.#isStopping) break;
      } catch (error) {
        logger.error({ err: error }, 'the worker failed; it starts again');
        await this.#pause();
      } finally {
        await connection.close();
      }
    }
  }

  /** Asks for an orderly end. The Runtime hears the same signal and drains by itself. */
  stop(): void {
    this.#stopping.abort();
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #connect(): Promise<NativeConnection | undefined> {
    while (!this.#isStopping) {
      try {
        return await connectWorker(this.#parts.environment);
      } catch (error) {
        this.#sayAway(error, 'waiting for the Temporal server');
        await this.#pause();
      }
    }
    return undefined;
  }

  /** Tried until it works: sessions started by hand or by the API do not wait for Schedules. */
  async #keepSchedules(connection: NativeConnection): Promise<void> {
    const { environment, client, orm } = this.#parts;
    while (!this.#isStopping) {
      try {
        await this.#registerAttributes(connection);
        await ensureSchedules(client(), environment, orm);
        return;
      } catch (error) {
        this.#sayAway(error, 'the Schedules could not be written yet');
        await this.#pause();
      }
    }
  }

  /** A hosted cluster may forbid it; there an administrator registers them (docs/operations.md). */
  async #registerAttributes(connection: NativeConnection): Promise<void> {
    const { environment, logger } = this.#parts;
    try {
      await ensureSearchAttributes(connection, environment.temporalNamespace);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ reason }, 'search attributes could not be registered');
    }
  }

  #sayAway(error: unknown, message: string): void {
    const { environment, logger } = this.#parts;
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn({ address: environment.temporalAddress, reason }, message);
  }

  async #pause(): Promise<void> {
    await delay(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(endOfPause);
  }
}

/** A stop ends the pause early; the loops look at it next. */
function endOfPause(): void {}

/** The SDK's Runtime ends with its last connection, so every round installs one. */
function installRuntime(environment: Environment, logger: Logger): void {
  const metricsAddress = environment.workerMetricsAddress;
  Runtime.install({
    logger: temporalLogger(logger),
    telemetryOptions: {
      logging: { filter: 'WARN', forward: {} },
      ...(metricsAddress === undefined
        ? {}
        : { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const;

/** Writes the SDK's log lines, with workflow id, type and attempt, as ours. */
function temporalLogger(logger: Logger): DefaultLogger {
  return new DefaultLogger('INFO', ({ level, message, meta }: LogEntry) => {
    logger[LEVELS[level]]({ ...meta }, message);
  });
}
