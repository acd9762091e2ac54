/** A claim as its caller states it, and what is told about it afterwards. */
import { createHash } from 'node:crypto';
import type {
  ClassTimes,
  Refusal,
  ResultCode,
  ResultStatus,
} from '../../domain/attendance/results.ts';
import type {
  CaptureMode,
  ClockTrust,
  ExcuseCategory,
  Id,
  Instant,
  Mark,
  MarkSource,
} from '../../domain/types.ts';
import { canonicalJson, type CanonicalValue } from '../../security/canonical-json.ts';
import type { Actor } from '../ports.ts';
import type { RecordState } from './lock-records.ts';

/** A claim as its caller states it; authority has been checked by the caller. */
export interface OperationDraft {
  readonly opId: Id;
  readonly studentId: Id;
  readonly kind?: 'mark' | 'withdraw';
  readonly mark: Mark | null;
  readonly rank: number;
  readonly source: MarkSource;
  readonly captureMode?: CaptureMode;
  /** When the claim was true; absent means the moment of receipt. */
  readonly effAt?: Instant;
  /** When the device says it was captured, as it was sent. */
  readonly capturedAt?: Instant | null;
  readonly clockTrust?: ClockTrust;
  readonly baseOpId?: Id | null;
  readonly acks?: readonly Id[];
  readonly targetOpId?: Id | null;
  readonly excuseCategory?: ExcuseCategory | null;
  readonly phase?: 'entry' | 'exit';
  readonly flags?: readonly string[];
  readonly deviceRef?: string | null;
  readonly deviceKeyId?: Id | null;
  readonly clientId?: string | null;
  readonly evidence?: Readonly<Record<string, CanonicalValue>> | null;
  readonly leaveApplicationId?: Id | null;
  readonly correctionRequestId?: Id | null;
  readonly notes?: string | null;
  readonly reason?: string | null;
  /** Whose claim it is, in a batch of several people; the operation's actor where absent. */
  readonly actor?: Actor;
  /** What the client sent as evidence, where it is not what is stored; only hashed (R0). */
  readonly claimed?: Readonly<Record<string, CanonicalValue>>;
  /** A person states it at a screen: contradicting evidence then needs a reason or notes. */
  readonly isInteractive?: boolean;
  /** It was made elsewhere and travelled here: a refused one is stored with its code (R10). */
  readonly keepsRefusal?: boolean;
  /** Coming after the lock it drafts a correction request, instead of being refused. */
  readonly draftsAfterLock?: boolean;
  /** What the caller found already: never counts, or waits for a person. */
  readonly verdict?: DraftVerdict | null;
}

/** A verdict on a claim before the rules of its session are asked. */
export interface DraftVerdict extends Refusal {
  readonly outcome: 'review' | 'rejected';
}

/** What became of one claim (marks.md section 12). */
export interface OperationResult {
  readonly opId: Id;
  readonly studentId: Id;
  readonly status: ResultStatus;
  readonly code: ResultCode | null;
  readonly detail: string | null;
  /** With a refusal by the state or the window of the class. */
  readonly times?: ClassTimes | undefined;
  readonly record: RecordState | null;
  /** Open contradictions that name this claim. */
  readonly conflictIds: readonly Id[];
  /** In a contradiction: whether this claim holds the record. */
  readonly won: boolean | null;
  /** The first result, where this one is a duplicate. */
  readonly original: OperationResult | null;
  /** This claim gave the student's first mark in the session. */
  readonly isFirst: boolean;
}

/** The result of a refused claim. */
export function rejectedResult(
  draft: Pick<OperationDraft, 'opId' | 'studentId'>,
  { code, detail, times }: Refusal,
): OperationResult {
  return {
    opId: draft.opId,
    studentId: draft.studentId,
    status: 'rejected',
    code,
    detail,
    ...(times === undefined ? {} : { times }),
    record: null,
    conflictIds: [],
    won: null,
    original: null,
    isFirst: false,
  };
}

/** SHA-256 over the canonical form of what the client claimed (R0). */
export function payloadHash(sessionId: Id, actorId: Id | null, draft: OperationDraft): string {
  const text = canonicalJson({
    actor_id: actorId,
    session_id: sessionId,
    student_id: draft.studentId,
    kind: draft.kind ?? 'mark',
    mark: draft.mark,
    captured_at: draft.capturedAt ?? draft.effAt ?? null,
    base_op_id: draft.baseOpId ?? null,
    acks: [...(draft.acks ?? [])],
    evidence: draft.claimed ?? draft.evidence ?? null,
    notes: draft.notes ?? null,
    reason: draft.reason ?? null,
  });
  return createHash('sha256').update(text).digest('hex');
}
