/**
 * The process boundary with Temporal: every workflow type, id, queue, message and payload. Nothing
 * else names one of them (temporal.md sections 2 to 7). No dependencies, because workflows load it.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  CaseKind,
  CaseStatus,
  DecisionChannel,
  Id,
  Instant,
  SessionEdge,
  SessionStatus,
  Verdict,
} from '../domain/types.ts';

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

/** The row of a session as its workflow sees it; codes and instants only, never people. */
export interface SessionView {
  readonly id: Id;
  readonly status: SessionStatus;
  readonly epoch: number;
  readonly startAt: Instant;
  readonly endAt: Instant;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  readonly lockDueAt: Instant | null;
  readonly autoOpen: boolean;
  /** For operators: "CS101-A, 2026-11-24 09:00, room A101". */
  readonly label: string;
  readonly campusId: Id;
  readonly departmentId: Id;
  readonly sectionId: Id;
}

/** A lifecycle command. `id` makes a repeat a no-op; `by` is `timer` for the workflow's own. */
export interface TransitionCommand {
  readonly id: string;
  readonly edge: SessionEdge;
  readonly by: 'timer' | 'person';
  readonly actorId: Id | null;
  readonly channel: DecisionChannel | 'workflow';
  /** Reschedule only: the new class times. */
  readonly startAt?: Instant;
  readonly endAt?: Instant;
  readonly roomId?: Id;
  /** Row id or operator's one line; personal text never travels here. */
  readonly reason?: string;
  readonly requestId?: string;
}

/** What came of a command: the row after it, and the refusal if it had no effect. */
export interface TransitionResult {
  readonly view: SessionView;
  readonly refused: { readonly code: string; readonly detail: string } | null;
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

/** The row of a case as its workflow sees it. */
export interface CaseView {
  readonly kind: CaseKind;
  readonly id: Id;
  readonly status: CaseStatus;
  readonly level: number;
  readonly submittedAt: Instant;
  readonly expiresAt: Instant;
  /** Account of the person who filed the case and of the person concerned: never deciders. */
  readonly applicantId: Id;
  readonly subjectId: Id;
  /** For operators: "3 days, level 1", without type or name. */
  readonly label: string;
  readonly campusId: Id;
  readonly departmentId: Id;
}

/** A decision as it travels: from the API's PATCH, or typed by an operator. */
export interface DecisionMessage {
  readonly decisionId: Id;
  readonly verdict: Verdict;
  readonly deciderId: Id;
  /** An operator's one line; the API stores its text first and sends none. */
  readonly note?: string;
  readonly channel?: DecisionChannel;
  readonly requestId?: string;
}

/** A withdrawal by the applicant. */
export interface WithdrawMessage {
  readonly withdrawalId: Id;
  readonly actorId: Id;
  readonly requestId?: string;
}

/** What came of a decision or withdrawal. */
export interface CaseResult {
  readonly view: CaseView;
  readonly refused: { readonly code: string; readonly detail: string } | null;
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

/** One reminder step of a ladder: when, and which notice. */
export interface LadderStep {
  readonly at: Instant;
  readonly kind: 'reminder' | 'escalation' | 'expiry';
  readonly level: number;
}
