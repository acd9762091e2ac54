/** A session as its workflow sees it, and the commands that change it (temporal.md section 7). */
import type { DecisionChannel, Id, Instant, SessionEdge, SessionStatus } from '../types.ts';

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
