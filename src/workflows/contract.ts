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
  WithdrawMessage,
} from '../domain/requests/case.ts';
import type { SessionView, TransitionCommand, TransitionResult } from '../domain/session/view.ts';
import type { CaseKind, Id, Instant, SessionStatus } from '../domain/types.ts';

export type {
  CaseResult,
  CaseView,
  DecisionMessage,
  LadderStep,
  SessionView,
  TransitionCommand,
  TransitionResult,
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

/** Workflow type names. */
export const WORKFLOWS = {
  session: 'sessionLifecycle',
  leave: 'leaveApproval',
  correction: 'correctionApproval',
  dayPlan: 'dayPlan',
  reconcile: 'reconcile',
} as const;

/** Schedule ids of section 5 that exist today. */
export const SCHEDULES = { dayPlanner: 'day-planner', reconciler: 'reconciler' } as const;

/** Id of the workflow of a session. */
export const sessionWorkflowId = (sessionId: Id): string => `session/${sessionId}`;
/** Id of the workflow of a leave application or correction request. */
export const caseWorkflowId = (kind: CaseKind, caseId: Id): string => `${kind}/${caseId}`;

/** Input of `sessionLifecycle`. */
export interface SessionInput {
  readonly sessionId: Id;
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
  /** Test only: continue as new after this many messages. */
  readonly testContinueAsNewAfter?: number;
}

/** A refused signal, shown by `state` (temporal.md section 7). */
export interface Refusal {
  readonly at: Instant;
  readonly code: string;
  readonly decisionId: string;
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
