/** What operations need from the outside world; built in deps.ts, replaced in tests. */
import type { Em } from '../db/orm.ts';
import type { FieldSealer } from '../security/field-cipher.ts';
import type { CaseResult, DecisionMessage, WithdrawMessage } from '../domain/requests/case.ts';
import type { TransitionCommand, TransitionResult } from '../domain/session/view.ts';
import type { CaseKind, Id } from '../domain/types.ts';

/** The process clock. SQL reads `app_clock()`; tests move both by one offset. */
export interface Clock {
  now(): Date;
}

/** Makes ids: UUIDv7, so that rows sort by time. */
export interface Ids {
  next(): Id;
}

/** Who causes a change, as the audit trail records it. */
export interface Actor {
  /** The account, or null for the system itself. */
  readonly userId: Id | null;
  /** The role the person acts in, or `system` or `gateway`. */
  readonly role: string;
  readonly channel:
    | 'api'
    | 'socket'
    | 'workflow'
    | 'operator_signal'
    | 'operator_update'
    | 'seed'
    | 'cli';
  readonly requestId: string | null;
  readonly workflowId: string | null;
  /** The client network, /24 or /48; never the full address. */
  readonly ipNet: string | null;
  readonly userAgentHash: string | null;
}

/** The actor of work that no person asked for. */
export const SYSTEM_ACTOR: Actor = {
  userId: null,
  role: 'system',
  channel: 'workflow',
  requestId: null,
  workflowId: null,
  ipNet: null,
  userAgentHash: null,
};

/** What every operation is given. `em` is forked for this call; the operation opens its transaction. */
export interface Operation {
  readonly em: Em;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sealer: FieldSealer;
  readonly actor: Actor;
}

/**
 * Temporal as the API sees it. Every call throws `workflow_unavailable` when the server is away or
 * a workflow does not answer in time; nothing is connected before the first call.
 */
export interface WorkflowGateway {
  /** Starts `session/{id}`; an already running one is left as it is. */
  startSession(sessionId: Id): Promise<void>;
  /** Starts `{kind}/{id}`; an already running one is left as it is. */
  startCase(kind: CaseKind, caseId: Id): Promise<void>;
  transition(sessionId: Id, command: Omit<TransitionCommand, 'by'>): Promise<TransitionResult>;
  decide(kind: CaseKind, caseId: Id, message: DecisionMessage): Promise<CaseResult>;
  withdraw(kind: CaseKind, caseId: Id, message: WithdrawMessage): Promise<CaseResult>;
  /** Whether the server answers, and how many workers were seen on the core queue lately. */
  ping(): Promise<{ readonly reachable: boolean; readonly workers: number }>;
  close(): Promise<void>;
}
