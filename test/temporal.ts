/** Temporal in tests: environments, workers on a queue of their own, and sessions held in memory. */
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';
import type { Activities } from '../src/activities/create-activities.ts';
import { edgeRefusal, EDGE_TARGET } from '../src/domain/session/transitions.ts';
import type { Id, Instant } from '../src/domain/types.ts';
import type { TransitionRequest } from '../src/operations/sessions/apply-transition.ts';
import {
  queueName,
  sessionStateQuery,
  sessionWorkflowId,
  WORKFLOWS,
  type SessionInput,
  type SessionView,
  type TransitionResult,
} from '../src/workflows/contract.ts';
import {
  ensureSearchAttributes,
  INDEXED_SEARCH_ATTRIBUTES,
} from '../src/temporal/search-attributes.ts';
import {
  createWorker,
  type SessionWorker,
  type WorkerParts,
} from '../src/workers/session-worker.ts';
import { loadWorkflowBundle } from '../src/workers/workflow-bundle.ts';
import { timeSkippingPath } from './servers.ts';

/** A server of its own, the bundle, and queues that are new for every test. */
export interface WorkflowBench {
  readonly environment: TestWorkflowEnvironment;
  readonly client: Client;
  /** Put before every queue of this test. */
  readonly prefix: string;
  readonly coreQueue: string;
  readonly bundle: WorkflowBundleOption;
  createWorker(
    activities: Partial<Activities>,
    options?: Partial<WorkerParts>,
  ): Promise<SessionWorker>;
  nowMs(): Promise<number>;
  /** Lets `renew` end this workflow. */
  track(workflowId: string): void;
  /**
   * Ends what a test left running and takes new queues: skipped time would wake runs whose rows are
   * gone, and their activities would be tried for ever.
   */
  renew(): Promise<void>;
  teardown(): Promise<void>;
}

type SessionWorkflow = (input: SessionInput) => Promise<unknown>;

let isQuiet = false;

/** Warnings of the SDK only; call before anything else touches its Runtime. */
export function quietRuntime(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}

/** A time-skipping server; one per file, torn down in `afterAll`. */
export async function startTimeSkipping(): Promise<WorkflowBench> {
  quietRuntime();
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: timeSkippingPath() } },
  });
  // This server can add search attributes but not list them.
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: INDEXED_SEARCH_ATTRIBUTES,
  });
  return benchOf(environment);
}

/** The real development server of this run; it has visibility, Schedules and real time. */
export async function connectServer(address: string): Promise<WorkflowBench> {
  quietRuntime();
  const environment = await TestWorkflowEnvironment.createFromExistingServer({ address });
  await ensureSearchAttributes(environment.connection, environment.namespace ?? 'default');
  return benchOf(environment);
}

async function benchOf(environment: TestWorkflowEnvironment): Promise<WorkflowBench> {
  const namespace = environment.namespace ?? 'default';
  const bundle = await loadWorkflowBundle(
    { temporalCodecKeys: undefined },
    new DefaultLogger('ERROR'),
  );
  const started = new Set<string>();
  let prefix = `${randomUUID()}-`;
  return {
    environment,
    client: environment.client,
    get prefix() {
      return prefix;
    },
    get coreQueue() {
      return queueName(prefix, 'core');
    },
    bundle,
    createWorker: (activities, options = {}) =>
      createWorker({
        settings: {
          temporalAddress: environment.address ?? '',
          temporalNamespace: namespace,
          temporalApiKey: undefined,
          temporalTls: false,
          temporalCodecKeys: undefined,
          taskQueuePrefix: prefix,
        },
        connection: environment.nativeConnection,
        activities: activities as Activities,
        bundle,
        ...options,
      }),
    nowMs: () => environment.currentTimeMs(),
    track: (workflowId) => void started.add(workflowId),
    async renew() {
      const handles = [...started].map((id) => environment.client.workflow.getHandle(id));
      started.clear();
      await Promise.all(
        handles.map((handle) => handle.terminate('the test is over').catch(ignoreEnded)),
      );
      prefix = `${randomUUID()}-`;
    },
    teardown: () => environment.teardown(),
  };
}

function ignoreEnded(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** Runs `body` while a worker polls; the worker is shut down at the end, whatever happens. */
export async function whileWorking<T>(worker: SessionWorker, body: () => Promise<T>): Promise<T> {
  const running = worker.run();
  try {
    return await body();
  } finally {
    worker.shutdown();
    await running;
  }
}

/**
 * Starts a session's workflow as the gateway does, and waits until a worker answered for it: time
 * that is skipped before the first poll runs into the execution's timeout.
 */
export async function startSession(bench: WorkflowBench, input: SessionInput) {
  const workflowId = sessionWorkflowId(input.sessionId);
  bench.track(workflowId);
  const handle = await bench.client.workflow.start<SessionWorkflow>(WORKFLOWS.session, {
    workflowId,
    taskQueue: bench.coreQueue,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [input],
  });
  await handle.query(sessionStateQuery);
  return handle;
}

const MINUTE = 60_000;

/** One edge that changed a row, and when by the server's clock. */
export interface AppliedEdge {
  readonly edge: string;
  readonly by: string;
  readonly atMs: number;
  readonly epoch: number;
}

/** Sessions in memory under the contract of `applyTransition`: conditional, idempotent, one at a time. */
export class MemorySessions {
  readonly rows = new Map<Id, SessionView>();
  readonly applied: AppliedEdge[] = [];
  readonly refused: string[] = [];
  readonly #results = new Map<string, TransitionResult>();
  readonly #nowMs: () => Promise<number>;
  readonly #lockAfterMs: number;

  constructor(nowMs: () => Promise<number>, lockAfterMs = 72 * 60 * MINUTE) {
    this.#nowMs = nowMs;
    this.#lockAfterMs = lockAfterMs;
  }

  /** Adds a session that opens in `opensInMinutes` and lasts an hour. */
  async add(opensInMinutes: number, change: Partial<SessionView> = {}): Promise<SessionView> {
    const now = await this.#nowMs();
    const at = (minutes: number): Instant => new Date(now + minutes * MINUTE).toISOString();
    const view: SessionView = {
      id: randomUUID(),
      status: 'scheduled',
      epoch: 1,
      startAt: at(opensInMinutes + 5),
      endAt: at(opensInMinutes + 60),
      opensAt: at(opensInMinutes),
      closesAt: at(opensInMinutes + 60),
      lockDueAt: null,
      autoOpen: true,
      label: 'CS101-A, 2026-11-24 09:00, room A101',
      campusId: randomUUID(),
      departmentId: randomUUID(),
      sectionId: randomUUID(),
      ...change,
    };
    this.rows.set(view.id, view);
    return view;
  }

  /** The row now. */
  get(id: Id): SessionView {
    const view = this.rows.get(id);
    if (!view) throw new Error('no such session');
    return view;
  }

  /** The activities over these rows. */
  get activities(): Pick<Activities, 'loadSession' | 'applySessionTransition'> {
    return {
      loadSession: (id) => Promise.resolve(this.get(id)),
      applySessionTransition: async (request) => this.#apply(request, await this.#nowMs()),
    };
  }

  #apply({ sessionId, epoch, command }: TransitionRequest, nowMs: number): TransitionResult {
    const view = this.get(sessionId);
    const stored = this.#results.get(command.id);
    if (stored && command.by === 'person') return stored;
    const detail =
      view.epoch === epoch
        ? edgeRefusal(view, command.edge, command.by, nowMs)
        : 'The session moved meanwhile.';
    if (detail !== null) {
      const isRepeat = command.by === 'timer' && view.status === EDGE_TARGET[command.edge];
      if (!isRepeat) this.refused.push(`${command.edge} by ${command.by}`);
      return { view, refused: isRepeat ? null : { code: 'state_conflict', detail } };
    }
    const after = changed(view, command, nowMs + this.#lockAfterMs);
    this.rows.set(sessionId, after);
    this.applied.push({ edge: command.edge, by: command.by, atMs: nowMs, epoch: after.epoch });
    const result = { view: after, refused: null };
    this.#results.set(command.id, result);
    return result;
  }
}

function changed(
  view: SessionView,
  command: TransitionRequest['command'],
  lockDueMs: number,
): SessionView {
  const status = EDGE_TARGET[command.edge];
  if (command.edge === 'reschedule' && command.startAt && command.endAt) {
    const opensAt = new Date(Date.parse(command.startAt) - 5 * MINUTE).toISOString();
    const { startAt, endAt } = command;
    return { ...view, status, epoch: view.epoch + 1, startAt, endAt, opensAt, closesAt: endAt };
  }
  if (command.edge === 'restore') return { ...view, status, epoch: view.epoch + 1 };
  const lockDueAt = status === 'closed' ? new Date(lockDueMs).toISOString() : view.lockDueAt;
  return { ...view, status, lockDueAt: status === 'open' ? null : lockDueAt };
}

/** Waits for a condition with a deadline, asking again every 20 ms. */
export async function eventually(
  what: string,
  probe: () => Promise<boolean> | boolean,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
