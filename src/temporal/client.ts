/** Temporal as the API sees it: starts, lifecycle commands and decisions under a deadline. */
import {
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import type { Environment } from '../config/env.ts';
import type { Orm } from '../db/orm.ts';
import { appError, ERRORS, type AppError, type ErrorCode } from '../domain/errors.ts';
import type { TransitionCommand, TransitionResult } from '../domain/session/view.ts';
import type { Id } from '../domain/types.ts';
import type { WorkflowGateway } from '../operations/ports.ts';
import type { RunRef } from '../operations/runs/run-ref.ts';
import { findOpenUnlock } from '../operations/requests/unlock-state.ts';
import { findStoredTransition } from '../operations/runs/find-stored-transition.ts';
import {
  decideUpdate,
  queueName,
  transitionUpdate,
  withdrawUpdate,
} from '../workflows/contract.ts';
import { connectionOptions, type TemporalSettings } from './connection.ts';
import { readRunLabel } from './run-labels.ts';
import { createClient, createRuns, workflowIdOf, type Runs } from './runs.ts';

/** Settings of the gateway. */
export type GatewaySettings = TemporalSettings & Pick<Environment, 'publicOrigins'>;

/** The gateway, and the parts of it that a worker process uses. */
export interface TemporalGateway extends WorkflowGateway {
  readonly runs: Runs;
  /** The client; made on first use, connected on first call. */
  client(): Client;
}

const CONNECT_DEADLINE_MS = 5_000;
const UPDATE_DEADLINE_MS = 5_000;
const START_DEADLINE_MS = 5_000;
const PING_DEADLINE_MS = 1_500;
const POLLER_FRESH_MS = 60_000;
const RETRY_AFTER_SECONDS = 5;
/** The longest pause before a call is tried again; closing waits for it. */
const RETRY_PAUSE_MAX_MS = 500;

/**
 * Builds the gateway. Nothing is connected before the first call, and a server that was away is
 * found again by itself.
 * @param orm  gives labels of runs and stored results of commands; read when a call needs it
 */
export function createWorkflowGateway(settings: GatewaySettings, orm: () => Orm): TemporalGateway {
  let made: { connection: Connection; client: Client } | undefined;
  const pending = new Set<Promise<unknown>>();
  let isClosing = false;
  const retries = defaultGrpcRetryOptions({ maxIntervalMs: () => RETRY_PAUSE_MAX_MS });
  const retry = makeGrpcRetryInterceptor({
    ...retries,
    retryableDecider: (attempt, status) => !isClosing && retries.retryableDecider(attempt, status),
  });
  const open = () => {
    if (!made) {
      const connection = Connection.lazy({
        ...connectionOptions(settings),
        connectTimeout: CONNECT_DEADLINE_MS,
        interceptors: [retry],
      });
      made = { connection, client: createClient(connection, settings) };
    }
    return made;
  };
  const client = (): Client => open().client;
  const runs = createRuns(client, settings, {
    labelOf: (ref) => readRunLabel(orm(), ref),
    dashboardUrl: settings.publicOrigins[0],
  });

  const update = async <R, A extends object>(
    ref: RunRef,
    definition: UpdateDefinition<R, [A]>,
    message: A,
    updateId: string,
  ): Promise<R> => {
    const options: { args: [A]; updateId: string } = { args: [message], updateId };
    return within(UPDATE_DEADLINE_MS, async () => {
      try {
        return await client()
          .workflow.getHandle(workflowIdOf(ref))
          .executeUpdate(definition, options);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
      // No run yet, or it has ended: then the start is refused, and with it the Update.
      const startWorkflowOperation = await runs.startOperation(ref);
      startWorkflowOperation.workflowHandle().catch(() => undefined); // Rejects beside the Update.
      return client().workflow.executeUpdateWithStart(definition, {
        ...options,
        startWorkflowOperation,
      });
    });
  };

  const within = <T>(deadlineMs: number, call: () => Promise<T>): Promise<T> =>
    withTimer(deadlineMs, () => {
      const called = open().connection.withDeadline(Date.now() + deadlineMs, call);
      const settled = called.then(forget, forget).finally(() => pending.delete(settled));
      pending.add(settled);
      return called;
    });

  const start = (ref: RunRef): Promise<void> =>
    within(START_DEADLINE_MS, () => runs.start(ref)).catch(rethrowAsUnavailable);

  /** A run that failed is repaired soon; one that completed has decided. */
  const ended = async (ref: RunRef, code: ErrorCode, detail: string): Promise<AppError> => {
    const status = await within(START_DEADLINE_MS, () => runs.statusOf(ref)).catch(
      rethrowAsUnavailable,
    );
    return status === 'completed' ? appError(code, detail) : unavailable();
  };

  /** The run of the session has ended, and the unlock that opened its register again locks it. */
  const sendToUnlock = async (
    id: Id,
    sessionId: Id,
    command: Omit<TransitionCommand, 'by'>,
  ): Promise<TransitionResult> => {
    const ref: RunRef = { kind: 'unlock', id };
    try {
      return await update(ref, transitionUpdate, command, command.id);
    } catch (error) {
      if (!hasEnded(error)) throw toAppError(error);
      const stored = await findStoredTransition(orm().em.fork(), sessionId, command.id);
      if (stored) return stored;
      throw await ended(ref, 'state_conflict', 'The register is locked again.');
    }
  };

  return {
    runs,
    client,
    startSession: (id) => start({ kind: 'session', id }),
    startCase: (kind, id) => start({ kind, id }),

    async transition(sessionId, command) {
      const ref: RunRef = { kind: 'session', id: sessionId };
      try {
        return await update(ref, transitionUpdate, command, command.id);
      } catch (error) {
        if (!hasEnded(error)) throw toAppError(error);
        const stored = await findStoredTransition(orm().em.fork(), sessionId, command.id);
        if (stored) return stored;
        const unlock = await findOpenUnlock(orm().em.fork(), sessionId);
        if (unlock !== undefined) return sendToUnlock(unlock, sessionId, command);
        throw await ended(ref, 'state_conflict', 'The life of this session has ended.');
      }
    },

    async decide(kind, caseId, message) {
      const ref: RunRef = { kind, id: caseId };
      try {
        const decision = { ...message, channel: 'api' as const };
        return await update(ref, decideUpdate, decision, message.decisionId);
      } catch (error) {
        if (!hasEnded(error)) throw toAppError(error);
        throw await ended(ref, 'already_decided', 'The request was already decided.');
      }
    },

    async withdraw(kind, caseId, message) {
      const ref: RunRef = { kind, id: caseId };
      try {
        const withdrawal = { ...message, channel: 'api' as const };
        return await update(ref, withdrawUpdate, withdrawal, message.withdrawalId);
      } catch (error) {
        if (!hasEnded(error)) throw toAppError(error);
        throw await ended(ref, 'already_decided', 'The request was already decided.');
      }
    },

    async ping() {
      try {
        const workers = await within(PING_DEADLINE_MS, () =>
          countWorkers(open().connection, settings),
        );
        return { reachable: true, workers };
      } catch {
        return { reachable: false, workers: 0 }; // The answer itself says that Temporal is away.
      }
    },

    async close() {
      // A call that is tried again on a closed connection throws where nobody can catch it.
      isClosing = true;
      await Promise.all(pending);
      await made?.connection.close();
      made = undefined;
      isClosing = false;
    },
  };
}

/** Its outcome went to its caller. */
function forget(): void {}

/** The gRPC deadline does not cover connecting, so a timer of ours ends the wait. */
async function withTimer<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable()), limitMs + 250);
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function countWorkers(connection: Connection, settings: TemporalSettings): Promise<number> {
  const queue = await connection.workflowService.describeTaskQueue({
    namespace: settings.temporalNamespace,
    taskQueue: { name: queueName(settings.taskQueuePrefix, 'core') },
    taskQueueType: 1,
  });
  const fresh = (queue.pollers ?? []).filter((poller) => {
    const seenMs = Number(poller.lastAccessTime?.seconds ?? 0) * 1_000;
    return Date.now() - seenMs < POLLER_FRESH_MS;
  });
  return new Set(fresh.map((poller) => poller.identity)).size;
}

function hasEnded(error: unknown): boolean {
  return (
    error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError
  );
}

/** A refused Update carries its stable code; everything else means that Temporal is away. */
function toAppError(error: unknown): AppError {
  const failure = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (failure instanceof ApplicationFailure && isCode(failure.type)) {
    return appError(failure.type, failure.message);
  }
  if (isGrpcServiceError(error) && (error.code as number) === 3) {
    return appError('validation_failed', 'The message was refused.', { cause: error });
  }
  return unavailable(error);
}

function isCode(type: string | undefined | null): type is ErrorCode {
  return typeof type === 'string' && type in ERRORS;
}

function unavailable(cause?: unknown): AppError {
  return appError('workflow_unavailable', 'Lifecycle changes are unavailable; try again soon.', {
    cause,
    meta: { retryAfterSeconds: RETRY_AFTER_SECONDS },
  });
}

function rethrowAsUnavailable(error: unknown): never {
  throw unavailable(error);
}
