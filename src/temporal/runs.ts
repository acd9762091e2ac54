/** Starts, finds and nudges the workflow of a row; idempotent (temporal.md section 4). */
import {
  Client,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Connection,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { RunRef } from '../operations/runs/run-ref.ts';
import {
  CASE_WORKFLOWS,
  caseKindOfPrefix,
  caseWorkflowId,
  queueName,
  sessionWorkflowId,
  WORKFLOWS,
} from '../workflows/contract.ts';
import { dataConverter, type TemporalSettings } from './connection.ts';

/** What became of a run: `failed` means failed, terminated, cancelled or timed out. */
export type RunStatus = 'missing' | 'running' | 'completed' | 'failed';

/** The workflows of rows. Every call throws the client's own errors. */
export interface Runs {
  /**
   * Starts the run of a row; one that runs or has ended is left as it is.
   * @param options.afterFailure  the reconciler only: start again after a failed run
   */
  start(ref: RunRef, options?: { readonly afterFailure?: boolean }): Promise<void>;
  /** The start of `start`, to be sent together with an Update. */
  startOperation(ref: RunRef): Promise<WithStartWorkflowOperation<WorkflowOfRow>>;
  statusOf(ref: RunRef): Promise<RunStatus>;
  /** Makes a running workflow read its row again; one that has ended is left as it is. */
  nudge(ref: RunRef): Promise<void>;
  /** Rows whose run failed since an instant, from visibility, which may lag. */
  failedSince(since: Date): Promise<RunRef[]>;
}

type WorkflowOfRow = (input: unknown) => Promise<unknown>;

/** Texts that operators read of a run before it has said anything itself. */
export interface RunTexts {
  /** "CS101-A, 2026-11-24 09:00, room A101"; undefined when the row is gone. */
  labelOf(ref: RunRef): Promise<string | undefined>;
  /** Where the dashboard is served, for links. */
  readonly dashboardUrl?: string | undefined;
}

const FAILED_LIMIT = 200;
const SUMMARY_BYTES_MAX = 400;

/** A client on our connection settings; its namespace and codec included. */
export function createClient(connection: Connection, settings: TemporalSettings): Client {
  return new Client({
    connection,
    namespace: settings.temporalNamespace,
    dataConverter: dataConverter(settings),
  });
}

/** The id of the run of a row. */
export function workflowIdOf({ kind, id }: RunRef): string {
  return kind === 'session' ? sessionWorkflowId(id) : caseWorkflowId(kind, id);
}

/** The workflows of rows, through a client that is made on first use. */
export function createRuns(
  client: () => Client,
  settings: Pick<TemporalSettings, 'taskQueuePrefix'>,
  texts: RunTexts,
): Runs {
  const optionsOf = async (ref: RunRef, afterFailure: boolean) =>
    ({
      workflowId: workflowIdOf(ref),
      taskQueue: queueName(settings.taskQueuePrefix, 'core'),
      workflowIdReusePolicy: afterFailure ? 'ALLOW_DUPLICATE_FAILED_ONLY' : 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [inputOf(ref)],
      staticSummary: cutBytes((await texts.labelOf(ref)) ?? workflowIdOf(ref)),
      staticDetails: detailsOf(ref, texts.dashboardUrl),
    }) as const satisfies WorkflowStartOptions<WorkflowOfRow>;

  return {
    async start(ref, { afterFailure = false } = {}) {
      try {
        await client().workflow.start(typeOf(ref), await optionsOf(ref, afterFailure));
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    async startOperation(ref) {
      return new WithStartWorkflowOperation<WorkflowOfRow>(
        typeOf(ref),
        await optionsOf(ref, false),
      );
    },

    async statusOf(ref) {
      try {
        const { status } = await client().workflow.getHandle(workflowIdOf(ref)).describe();
        if (status.name === 'RUNNING' || status.name === 'PAUSED') return 'running';
        return status.name === 'COMPLETED' ? 'completed' : 'failed';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'missing';
        throw error;
      }
    },

    async nudge(ref) {
      try {
        await client().workflow.getHandle(workflowIdOf(ref)).signal('nudge');
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error; // It ended meanwhile.
      }
    },

    async failedSince(since) {
      const types = [WORKFLOWS.session, ...Object.values(CASE_WORKFLOWS)];
      const query = [
        `WorkflowType in (${types.map((type) => `'${type}'`).join(', ')})`,
        `ExecutionStatus in ('Failed', 'Terminated', 'TimedOut', 'Canceled')`,
        `CloseTime > '${since.toISOString()}'`,
        `TaskQueue = '${queueName(settings.taskQueuePrefix, 'core')}'`,
      ].join(' and ');
      const refs: RunRef[] = [];
      for await (const run of client().workflow.list({ query, pageSize: FAILED_LIMIT })) {
        const ref = refOf(run.workflowId);
        if (ref) refs.push(ref);
        if (refs.length >= FAILED_LIMIT) break;
      }
      return refs;
    },
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function refOf(workflowId: string): RunRef | undefined {
  const [prefix, id] = workflowId.split('/');
  if (prefix === undefined || id === undefined || !UUID.test(id)) return undefined;
  const kind = prefix === 'session' ? prefix : caseKindOfPrefix(prefix);
  return kind && { kind, id };
}

function typeOf({ kind }: RunRef): string {
  return kind === 'session' ? WORKFLOWS.session : CASE_WORKFLOWS[kind];
}

function inputOf({ kind, id }: RunRef): unknown {
  return kind === 'session' ? { sessionId: id } : { kind, caseId: id };
}

function detailsOf(ref: RunRef, dashboardUrl: string | undefined): string {
  const id = workflowIdOf(ref);
  const link = dashboardUrl
    ? [`Dashboard: ${dashboardUrl}/${DASHBOARD_PAGES[ref.kind]}${ref.id}`]
    : [];
  const input =
    ref.kind === 'session'
      ? `{"id":"<any new id>","edge":"close","actorId":"<user id>"}`
      : `{"decisionId":"<new uuid>","verdict":"approved","deciderId":"<user id>","note":"one line"}`;
  const name = ref.kind === 'session' ? 'transition' : 'decide';
  return [
    ...link,
    'Act with a verdict:',
    `\`temporal workflow update execute --workflow-id ${id} --name ${name} --input '${input}'\``,
    'Act without one:',
    `\`temporal workflow signal --workflow-id ${id} --name ${name} --input '${input}'\``,
  ].join('\n\n');
}

const DASHBOARD_PAGES = {
  session: 'sessions/',
  leave: 'approvals?leave=',
  correction: 'approvals?correction=',
  self_entry: 'approvals?self_entry=',
  unlock: 'approvals?unlock=',
} as const satisfies Record<RunRef['kind'], string>;

function cutBytes(text: string): string {
  let cut = text;
  while (Buffer.byteLength(cut) > SUMMARY_BYTES_MAX) cut = cut.slice(0, -1);
  return cut;
}
