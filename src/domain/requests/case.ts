/** An approval case as its workflow sees it, and the messages that decide it (temporal.md section 7). */
import type { CaseKind, CaseStatus, DecisionChannel, Id, Instant, Verdict } from '../types.ts';

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

/** One reminder step of a ladder: when, and which notice. */
export interface LadderStep {
  readonly at: Instant;
  readonly kind: 'reminder' | 'escalation' | 'expiry';
  readonly level: number;
}

/** The register behind an approved unlock: whether it is locked again, and otherwise when it will be. */
export interface UnlockedRegister {
  readonly sessionId: Id;
  readonly lockDueAt: Instant;
  readonly isLocked: boolean;
}
