/** The lives of workflows whose histories are recorded: each edge and each end of a ladder at least once. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../src/activities/create-activities.ts';
import type { Id, Instant, SessionEdge } from '../src/domain/types.ts';
import {
  CASE_WORKFLOWS,
  DAILY_NOTICES_WORKFLOW_ID,
  PRESENCE_WORKFLOW_ID,
  DAY_PLAN_WORKFLOW_ID,
  decideSignal,
  decideUpdate,
  nudgeSignal,
  pauseSignal,
  RECONCILE_WORKFLOW_ID,
  resumeSignal,
  transitionSignal,
  transitionUpdate,
  withdrawSignal,
  withdrawUpdate,
  WORKFLOWS,
  type CaseView,
  type DayPlanInput,
  type DecisionMessage,
  type LadderStep,
  type SessionView,
} from '../src/workflows/contract.ts';
import { startCase, type MemoryCases } from './memory-cases.ts';
import { eventually, startSession, type MemorySessions, type WorkflowBench } from './temporal.ts';

/** What a scenario plays with: real time, rows in memory. */
export interface Stage {
  readonly bench: WorkflowBench;
  readonly sessions: MemorySessions;
  readonly cases: MemoryCases;
}

/** One life; `play` gives the id of the workflow whose runs are recorded. */
export interface Scenario {
  readonly type: string;
  readonly name: string;
  /** Activities in place of those over the rows in memory. */
  readonly activities?: (stage: Stage) => Partial<Activities>;
  play(stage: Stage): Promise<string>;
}

const SECOND_MS = 1_000;
const inSeconds = (seconds: number): Instant =>
  new Date(Date.now() + seconds * SECOND_MS).toISOString();

/** A class in seconds: opens, closes and locks within the recording. */
const addSession = (stage: Stage, opensIn: number, change: Partial<SessionView> = {}) =>
  stage.sessions.add(0, {
    opensAt: inSeconds(opensIn),
    startAt: inSeconds(opensIn + 1),
    endAt: inSeconds(opensIn + 2),
    closesAt: inSeconds(opensIn + 2),
    ...change,
  });

const command = (edge: SessionEdge, change: object = {}) => ({
  id: randomUUID(),
  edge,
  actorId: randomUUID(),
  channel: 'api' as const,
  ...change,
});

/** Starts a session and sends edges one after another. */
async function playSession(
  stage: Stage,
  view: SessionView,
  edges: readonly SessionEdge[] = [],
  { continueAfter }: { readonly continueAfter?: number } = {},
) {
  const input = {
    sessionId: view.id,
    ...(continueAfter === undefined ? {} : { testContinueAsNewAfter: continueAfter }),
  };
  const { workflowId } = await startSession(stage.bench, input);
  const handle = stage.bench.client.workflow.getHandle(workflowId);
  for (const edge of edges) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await handle.executeUpdate(transitionUpdate, { args: [command(edge)] });
  }
  return handle;
}

const SESSIONS: readonly Scenario[] = (
  [
    {
      name: 'by-timers',
      play: async (stage) => {
        const handle = await playSession(stage, await addSession(stage, 1));
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'never-opened',
      play: async (stage) => {
        const view = await addSession(stage, 1, { autoOpen: false });
        const handle = await playSession(stage, view);
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'found-past-its-window',
      play: async (stage) => {
        const handle = await playSession(stage, await addSession(stage, -3_600));
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'by-a-person',
      play: async (stage) => {
        const view = await addSession(stage, 2);
        const handle = await playSession(stage, view, ['open', 'close', 'reopen', 'close', 'lock']);
        await handle.result();
        return handle.workflowId;
      },
    },
    ...(['earlier', 'later'] as const).map((when): Omit<Scenario, 'type'> => ({
      name: `moved-${when}`,
      play: async (stage) => {
        const view = await addSession(stage, 3);
        const handle = await playSession(stage, view);
        const start = when === 'earlier' ? 1 : 4;
        const moved = {
          startAt: inSeconds(300 + start),
          endAt: inSeconds(301 + start),
        };
        await handle.executeUpdate(transitionUpdate, { args: [command('reschedule', moved)] });
        await eventually('the opening', () => stage.sessions.get(view.id).status === 'open');
        await handle.executeUpdate(transitionUpdate, { args: [command('close')] });
        await handle.result();
        return handle.workflowId;
      },
    })),
    {
      name: 'moved-in-the-row',
      play: async (stage) => {
        const view = await addSession(stage, 2);
        const handle = await playSession(stage, view);
        const moved = { opensAt: inSeconds(3), closesAt: inSeconds(4), epoch: 2 };
        stage.sessions.rows.set(view.id, { ...view, ...moved });
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'cancelled',
      play: async (stage) => {
        const handle = await playSession(stage, await addSession(stage, 1), ['cancel']);
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'restored',
      play: async (stage) => {
        const view = await addSession(stage, 2);
        const handle = await playSession(stage, view, ['cancel', 'restore']);
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'signals-and-nudges',
      play: async (stage) => {
        const handle = await playSession(stage, await addSession(stage, 3));
        await handle.signal(transitionSignal, command('open'));
        await handle.signal(transitionSignal, command('reopen'));
        await handle.signal('transition', 'nonsense');
        await handle.signal(nudgeSignal);
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'continued-as-new',
      play: async (stage) => {
        const view = await addSession(stage, 3);
        const handle = await playSession(stage, view, ['open', 'close'], { continueAfter: 1 });
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'cancelled-by-an-operator',
      play: async (stage) => {
        const handle = await playSession(stage, await addSession(stage, 60), ['open']);
        await handle.cancel();
        await handle.result().catch(asExpected);
        return handle.workflowId;
      },
    },
    {
      name: 'waiting',
      play: async (stage) => {
        const handle = await playSession(stage, await addSession(stage, 3_600));
        await eventually('the timer', async () => {
          const { events } = await handle.fetchHistory();
          return events?.some((event) => event.timerStartedEventAttributes) ?? false;
        });
        return handle.workflowId;
      },
    },
  ] satisfies Omit<Scenario, 'type'>[]
).map((scenario) => ({ type: WORKFLOWS.session, ...scenario }));

/** The end of a run that an operator cancelled is an error for who waits for its result. */
function asExpected(): void {}

const decision = (change: Partial<DecisionMessage> = {}): DecisionMessage => ({
  decisionId: randomUUID(),
  verdict: 'approved',
  deciderId: randomUUID(),
  channel: 'api',
  ...change,
});

const step = (kind: LadderStep['kind'], seconds: number, level = 1): LadderStep => ({
  at: inSeconds(seconds),
  kind,
  level,
});

/** Adds a case with these steps and starts it. */
async function playCase(
  stage: Stage,
  kind: CaseView['kind'],
  steps: readonly LadderStep[] = [],
  change: Partial<CaseView> = {},
  continueAfter?: number,
) {
  const view = await stage.cases.add(kind, change);
  stage.cases.ladders.set(view.id, steps);
  const { workflowId } = await startCase(stage.bench, {
    kind,
    caseId: view.id,
    ...(continueAfter === undefined ? {} : { testContinueAsNewAfter: continueAfter }),
  });
  return { view, handle: stage.bench.client.workflow.getHandle(workflowId) };
}

const scenariosOf = (kind: CaseView['kind']): Scenario[] =>
  (
    [
      {
        name: 'approved-by-update',
        play: async (stage) => {
          const { handle } = await playCase(stage, kind);
          await handle.executeUpdate(decideUpdate, { args: [decision()] });
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'rejected-by-signal',
        play: async (stage) => {
          const { handle } = await playCase(stage, kind);
          await handle.signal('decide', 'nonsense');
          await handle.signal(decideSignal, decision({ verdict: 'rejected' }));
          await handle.signal(decideSignal, decision({ verdict: 'rejected', note: 'no proof' }));
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'withdrawn',
        play: async (stage) => {
          const { view, handle } = await playCase(stage, kind);
          const message = { withdrawalId: randomUUID(), actorId: view.applicantId };
          await handle.executeUpdate(withdrawUpdate, { args: [message] });
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'withdrawn-by-signal-after-a-refusal',
        play: async (stage) => {
          const { view, handle } = await playCase(stage, kind);
          await handle.signal(withdrawSignal, {
            withdrawalId: randomUUID(),
            actorId: randomUUID(),
          });
          await handle.signal(withdrawSignal, {
            withdrawalId: randomUUID(),
            actorId: view.applicantId,
          });
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'ladder-to-its-end',
        play: async (stage) => {
          const steps = [step('reminder', 1), step('reminder', 2), step('escalation', 3, 2)];
          const { handle } = await playCase(stage, kind, steps, { expiresAt: inSeconds(4) });
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'nudged-after-its-row-was-decided',
        play: async (stage) => {
          const { view, handle } = await playCase(stage, kind);
          stage.cases.rows.set(view.id, { ...view, status: 'approved' });
          await handle.signal(nudgeSignal);
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'decided-during-a-notice',
        activities: (stage) => ({
          ...stage.cases.activities,
          recordReminder: () => Promise.reject(new Error('away')),
        }),
        play: async (stage) => {
          const { handle } = await playCase(stage, kind, [step('reminder', 1)]);
          await eventually('the notice', async () => {
            const { pendingActivities } = (await handle.describe()).raw;
            return (pendingActivities ?? []).some(({ attempt }) => (attempt ?? 0) > 1);
          });
          await handle.executeUpdate(decideUpdate, { args: [decision()] });
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'notice-given-up',
        activities: (stage) => ({
          ...stage.cases.activities,
          recordReminder: () =>
            Promise.reject(ApplicationFailure.nonRetryable('no', 'PolicyRefused')),
        }),
        play: async (stage) => {
          const steps = [step('reminder', 1)];
          const { handle } = await playCase(stage, kind, steps, { expiresAt: inSeconds(2) });
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'refused-by-the-database-and-continued-as-new',
        activities: (stage) => ({
          ...stage.cases.activities,
          applyDecision: (_kind: CaseView['kind'], id: Id) =>
            Promise.resolve({
              view: stage.cases.get(id),
              refused: { code: 'forbidden', detail: 'This person may not decide this request.' },
            }),
        }),
        play: async (stage) => {
          const { view, handle } = await playCase(stage, kind, [], {}, 1);
          const { runId } = await handle.describe();
          await handle
            .executeUpdate(decideUpdate, { args: [decision()] })
            .then(neverDecided, asExpected);
          await eventually('a new run', async () => (await handle.describe()).runId !== runId);
          const message = { withdrawalId: randomUUID(), actorId: view.applicantId };
          await handle.executeUpdate(withdrawUpdate, { args: [message] });
          await handle.result();
          return handle.workflowId;
        },
      },
      {
        name: 'cancelled-by-an-operator',
        play: async (stage) => {
          const { handle } = await playCase(stage, kind);
          await handle.cancel();
          await handle.result().catch(asExpected);
          return handle.workflowId;
        },
      },
      {
        name: 'waiting',
        play: async (stage) => {
          const { handle } = await playCase(stage, kind, [step('reminder', 1)]);
          await eventually('the reminder', () => stage.cases.steps.length === 1);
          return handle.workflowId;
        },
      },
    ] satisfies Omit<Scenario, 'type'>[]
  ).map((scenario) => ({ type: CASE_WORKFLOWS[kind], ...scenario }));

/** What only a self-entry does: its ladder and its end follow the class when a person closes it. */
const SELF_ENTRIES: readonly Scenario[] = (
  [
    {
      name: 'closed-and-locked-early',
      play: async (stage) => {
        const { view, handle } = await playCase(stage, 'self_entry', [step('reminder', 600)]);
        stage.cases.ladders.set(view.id, [step('reminder', 1)]);
        await handle.signal(nudgeSignal);
        await eventually('the reminder', () => stage.cases.steps.length === 1);
        stage.cases.rows.set(view.id, { ...stage.cases.get(view.id), expiresAt: inSeconds(1) });
        await handle.signal(nudgeSignal);
        await handle.result();
        return handle.workflowId;
      },
    },
  ] satisfies Omit<Scenario, 'type'>[]
).map((scenario) => ({ type: WORKFLOWS.selfEntry, ...scenario }));

/** What only an unlock does: its register is locked again, by the timer or by a person before. */
const UNLOCKS: readonly Scenario[] = (
  [
    {
      name: 'locked-again-when-due',
      play: async (stage) => {
        const { handle } = await playCase(stage, 'unlock');
        await handle.executeUpdate(decideUpdate, { args: [decision()] });
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'locked-by-hand-before',
      activities: ({ cases }) => ({ ...cases.activities, ...cases.sessionActivities }),
      play: async (stage) => {
        stage.cases.unlockedMs = 600 * SECOND_MS;
        const { handle } = await playCase(stage, 'unlock');
        await handle.executeUpdate(decideUpdate, { args: [decision()] });
        await handle.executeUpdate(transitionUpdate, { args: [command('lock')] });
        await handle.result();
        return handle.workflowId;
      },
    },
    {
      name: 'waiting-for-the-lock',
      play: async (stage) => {
        stage.cases.unlockedMs = 3_600 * SECOND_MS;
        const { handle } = await playCase(stage, 'unlock');
        await handle.executeUpdate(decideUpdate, { args: [decision()] });
        await eventually('the timer', async () => {
          const { events } = await handle.fetchHistory();
          return events?.some((event) => event.timerStartedEventAttributes) ?? false;
        });
        return handle.workflowId;
      },
    },
  ] satisfies Omit<Scenario, 'type'>[]
).map((scenario) => ({ type: WORKFLOWS.caseApproval, ...scenario }));

function neverDecided(): never {
  throw new Error('the refusal was not told');
}

/** Two pages, then none. */
const pagesOfTwo = (): Partial<Activities> => {
  const pages = [200, 7, 0];
  return {
    startSessions: () => {
      const claimed = pages.shift() ?? 0;
      return Promise.resolve({ claimed, started: claimed });
    },
  };
};

async function playDayPlan(stage: Stage, input: DayPlanInput, isPaused = false): Promise<string> {
  const workflowId = `${DAY_PLAN_WORKFLOW_ID}/${randomUUID()}`;
  stage.bench.track(workflowId);
  const options = { workflowId, taskQueue: stage.bench.coreQueue, args: [input] };
  const handle = isPaused
    ? await stage.bench.client.workflow.signalWithStart(WORKFLOWS.dayPlan, {
        ...options,
        signal: pauseSignal,
      })
    : await stage.bench.client.workflow.start(WORKFLOWS.dayPlan, options);
  if (isPaused) await handle.signal(resumeSignal);
  await handle.result();
  return workflowId;
}

const PLANS: readonly Scenario[] = [
  {
    type: WORKFLOWS.dayPlan,
    name: 'two-pages',
    activities: pagesOfTwo,
    play: (stage) => playDayPlan(stage, {}),
  },
  {
    type: WORKFLOWS.dayPlan,
    name: 'paused-and-resumed',
    activities: pagesOfTwo,
    play: (stage) => playDayPlan(stage, {}, true),
  },
  {
    type: WORKFLOWS.dayPlan,
    name: 'continued-as-new',
    activities: pagesOfTwo,
    play: (stage) => playDayPlan(stage, { testContinueAsNewAfter: 1 }),
  },
  {
    type: WORKFLOWS.reconcile,
    name: 'one-pass',
    activities: () => ({
      reconcileRuns: () =>
        Promise.resolve({
          nudged: 1,
          started: 2,
          repaired: 0,
          healthy: 0,
          stuck: 0,
          unreachable: 0,
          outboxLate: 0,
        }),
    }),
    play: async ({ bench }) => {
      const workflowId = `${RECONCILE_WORKFLOW_ID}/${randomUUID()}`;
      bench.track(workflowId);
      const { coreQueue: taskQueue } = bench;
      await bench.client.workflow.execute(WORKFLOWS.reconcile, { workflowId, taskQueue });
      return workflowId;
    },
  },
  {
    type: WORKFLOWS.dailyNotices,
    name: 'one-day',
    activities: () => ({
      writeConflictDigests: () => Promise.resolve({ teachers: 3, written: 2 }),
    }),
    play: async ({ bench }) => {
      const workflowId = `${DAILY_NOTICES_WORKFLOW_ID}/${randomUUID()}`;
      bench.track(workflowId);
      const { coreQueue: taskQueue } = bench;
      await bench.client.workflow.execute(WORKFLOWS.dailyNotices, { workflowId, taskQueue });
      return workflowId;
    },
  },
  {
    type: WORKFLOWS.presencePass,
    name: 'one-pass',
    activities: () => ({
      keepPresence: () => Promise.resolve({ started: 1, settled: 2, forgotten: 3 }),
    }),
    play: async ({ bench }) => {
      const workflowId = `${PRESENCE_WORKFLOW_ID}/${randomUUID()}`;
      bench.track(workflowId);
      const { coreQueue: taskQueue } = bench;
      await bench.client.workflow.execute(WORKFLOWS.presencePass, { workflowId, taskQueue });
      return workflowId;
    },
  },
];

/** Every scenario. */
export const SCENARIOS: readonly Scenario[] = [
  ...SESSIONS,
  ...scenariosOf('leave'),
  ...scenariosOf('correction'),
  ...scenariosOf('self_entry'),
  ...SELF_ENTRIES,
  ...scenariosOf('unlock'),
  ...UNLOCKS,
  ...PLANS,
];
