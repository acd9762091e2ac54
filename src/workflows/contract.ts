/**
 * The process boundary with Temporal: every workflow type, id, queue, message and payload. Nothing
 * else names one of them (temporal.md sections 2 to 7). No dependencies, because workflows load it.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  CaseResult,
  CaseView,
  DecisionMessage,
  LadderStep,
  UnlockedRegister,
  WithdrawMessage,
} from '../domain/requests/case.ts';
import type { SessionView, TransitionCommand, TransitionResult } from '../domain/session/view.ts';
import {
  CASE_KINDS,
  type CaseKind,
  type Id,
  type Instant,
  type SessionStatus,
} from '../domain/types.ts';

export type {
  CaseResult,
  CaseView,
  DecisionMessage,
  LadderStep,
  SessionView,
  TransitionCommand,
  TransitionResult,
  UnlockedRegister,
  WithdrawMessage,
};

/** Task queues (temporal.md section 3); workers and clients put the configured prefix before them. */
export const QUEUES = {
  core: 'attendance-core',
  bulk: 'attendance-bulk',
  notify: 'attendance-notify',
  device: 'attendance-device',
} as const;
export type Queue = keyof typeof QUEUES;

/** The full name of a queue; `prefix` keeps the workers of test databases apart. */
export const queueName = (prefix: string, queue: Queue): string => `${prefix}${QUEUES[queue]}`;

/** The queue beside a workflow's own: activities of one deployment share its prefix. */
export const siblingQueue = (coreQueue: string, queue: Queue): string =>
  queueName(coreQueue.slice(0, -QUEUES.core.length), queue);

/** Workflow type names. */
export const WORKFLOWS = {
  session: 'sessionLifecycle',
  leave: 'leaveApproval',
  correction: 'correctionApproval',
  selfEntry: 'selfEntryApproval',
  caseApproval: 'caseApproval',
  dayPlan: 'dayPlan',
  reconcile: 'reconcile',
  dailyNotices: 'dailyNotices',
  presencePass: 'presencePass',
} as const;

/** The workflow type of a case. */
export const CASE_WORKFLOWS = {
  leave: WORKFLOWS.leave,
  correction: WORKFLOWS.correction,
  self_entry: WORKFLOWS.selfEntry,
  unlock: WORKFLOWS.caseApproval,
} as const satisfies Record<CaseKind, string>;

/** Search attributes with their types (temporal.md section 11): codes and instants, no person. */
export const SEARCH_ATTRIBUTES = {
  CaseKind: 'KEYWORD',
  CaseStatus: 'KEYWORD',
  CampusId: 'KEYWORD',
  DepartmentId: 'KEYWORD',
  SectionId: 'KEYWORD',
  DueAt: 'DATETIME',
  Level: 'INT',
} as const;

/** Schedule ids of section 5 that exist today. */
export const SCHEDULES = {
  dayPlanner: 'day-planner',
  reconciler: 'reconciler',
  dailyNotices: 'daily-notices',
  presence: 'presence',
} as const;

/** Id of the workflow of a session. */
export const sessionWorkflowId = (sessionId: Id): string => `session/${sessionId}`;
/** What stands before the slash in the ids of a kind's workflows; the kind itself where not named. */
const CASE_ID_PREFIXES: Readonly<Partial<Record<CaseKind, string>>> = { self_entry: 'selfEntry' };
/** Id of the workflow of a case. */
export const caseWorkflowId = (kind: CaseKind, caseId: Id): string =>
  `${CASE_ID_PREFIXES[kind] ?? kind}/${caseId}`;
/** The kind of case whose workflow ids begin with `prefix/`, or undefined. */
export const caseKindOfPrefix = (prefix: string): CaseKind | undefined =>
  CASE_KINDS.find((kind) => (CASE_ID_PREFIXES[kind] ?? kind) === prefix);

/** Id of the planner's own run; its Schedule adds a timestamp. */
export const DAY_PLAN_WORKFLOW_ID = 'dayPlan';
/** Id of the reconciler's run; its Schedule adds a timestamp. */
export const RECONCILE_WORKFLOW_ID = 'reconcile';
/** Id of the run that writes a day's notices; its Schedule adds a timestamp. */
export const DAILY_NOTICES_WORKFLOW_ID = 'dailyNotices';
/** Id of the run that keeps re-checks going; its Schedule adds a timestamp. */
export const PRESENCE_WORKFLOW_ID = 'presencePass';

/** Most results and refusals a run remembers and carries into the next one. */
export const REMEMBERED_RESULTS = 100;
export const REMEMBERED_REFUSALS = 20;

/** A refused signal, shown to operators (temporal.md section 7); `decisionId` is the message's id. */
export interface Refusal {
  readonly at: Instant;
  readonly code: string;
  readonly decisionId: string;
}

/** Input of `sessionLifecycle`. */
export interface SessionInput {
  readonly sessionId: Id;
  /** What the run before this one knew. */
  readonly carried?: {
    readonly results: readonly (readonly [string, TransitionResult])[];
    readonly refusals: readonly Refusal[];
  };
  /** Test only: continue as new after this many commands. */
  readonly testContinueAsNewAfter?: number;
}

/** How a session workflow ended. */
export interface SessionOutcome {
  readonly status: SessionStatus;
  readonly epoch: number;
}

/** Lifecycle command with an answer (temporal.md section 7). */
export const transitionUpdate = defineUpdate<TransitionResult, [Omit<TransitionCommand, 'by'>]>(
  'transition',
);
/** The same command without an answer, for operators. */
export const transitionSignal = defineSignal<[Omit<TransitionCommand, 'by'>]>('transition');
/** Asks a workflow to read its row again. */
export const nudgeSignal = defineSignal('nudge');
/** The session's view, for operators and tests. */
export const sessionStateQuery = defineQuery<SessionView | undefined>('state');

/** Input of an approval workflow. */
export interface CaseInput {
  readonly kind: CaseKind;
  readonly caseId: Id;
  /** What the run before this one knew: decided ids, refusals, steps of the ladder already taken. */
  readonly carried?: {
    readonly results: readonly (readonly [string, CaseResult])[];
    readonly refusals: readonly Refusal[];
    readonly reminders: number;
  };
  /** Test only: continue as new after this many messages. */
  readonly testContinueAsNewAfter?: number;
}

/** Answer of the case's `state` query. */
export interface CaseState {
  readonly view: CaseView | undefined;
  readonly nextStepAt: Instant | null;
  readonly reminders: number;
  readonly refusals: readonly Refusal[];
}

export const decideUpdate = defineUpdate<CaseResult, [DecisionMessage]>('decide');
export const decideSignal = defineSignal<[DecisionMessage]>('decide');
export const withdrawUpdate = defineUpdate<CaseResult, [WithdrawMessage]>('withdraw');
export const withdrawSignal = defineSignal<[WithdrawMessage]>('withdraw');
export const caseStateQuery = defineQuery<CaseState>('state');

/** Input of `dayPlan`: which page of rows comes next. */
export interface DayPlanInput {
  readonly carried?: DayPlanProgress;
  /** Test only: continue as new after this many pages. */
  readonly testContinueAsNewAfter?: number;
}

/** How far a plan is. */
export interface DayPlanProgress {
  readonly pages: number;
  readonly started: number;
}

export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const progressQuery = defineQuery<DayPlanProgress>('progress');

/** What the digest of a day did: teachers with open contradictions, and those newly told. */
export interface DailyNoticesReport {
  readonly teachers: number;
  readonly written: number;
}

/** What one pass over presence did: re-checks started and settled, rows forgotten. */
export interface PresenceReport {
  readonly started: number;
  readonly settled: number;
  readonly forgotten: number;
}

/** What one pass of the reconciler found and did. */
export interface ReconcileReport {
  readonly nudged: number;
  readonly started: number;
  readonly repaired: number;
  /** Runs that had failed and were repaired by an earlier pass. */
  readonly healthy: number;
  /** Rows whose run completed although the row is not final: a person must look. */
  readonly stuck: number;
  readonly unreachable: number;
  /** Outbox rows older than a minute. */
  readonly outboxLate: number;
}
