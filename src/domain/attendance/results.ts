/** What became of a claim, in the words of the wire contract (marks.md section 12). */
import { appError, ERRORS, type AppError, type ErrorCode } from '../errors.ts';
import type { Instant } from '../types.ts';

/** Statuses of a claim; everything but `retry` is stored before it is told. */
export const RESULT_STATUSES = [
  'applied',
  'superseded',
  'conflict_resolved',
  'needs_review',
  'duplicate',
  'rejected',
  'retry',
] as const;
export type ResultStatus = (typeof RESULT_STATUSES)[number];

/** Why a stored claim waits for a person. */
export const REVIEW_CODES = [
  'offline_unconfirmed',
  'awaiting_approval',
  'future_time',
  'clock_untrusted',
  'session_locked',
] as const;
export type ReviewCode = (typeof REVIEW_CODES)[number];

/** Reasons that only the result of one claim carries, beside the codes of errors. */
type OwnCode =
  | ReviewCode
  | 'already_marked'
  | 'offline_qr_disabled'
  | 'stale_code'
  | 'session_unknown'
  | 'device_key_unknown'
  | 'kind_not_allowed';

/** The code of a result. */
export type ResultCode = ErrorCode | OwnCode;

/** The times of a class, as the wire names them: clients say them in the zone of their readers. */
export interface ClassTimes {
  readonly opens_at: Instant;
  readonly closes_at: Instant;
  readonly lock_due_at: Instant | null;
}

/** A refused claim: a stable code and a sentence naming the way on. */
export interface Refusal<Code extends ResultCode = ResultCode> {
  readonly code: Code;
  readonly detail: string;
  /** With a refusal by the state or the window of a class. */
  readonly times?: ClassTimes | undefined;
}

/** The refusal of a claim made at a screen, as the error of its request. */
export function refusalError({
  code,
  detail,
  times,
}: {
  readonly code: ResultCode;
  readonly detail: string | null;
  readonly times?: ClassTimes | undefined;
}): AppError {
  return appError(errorCodeOf(code), detail ?? '', { meta: { ...times } });
}

/**
 * The code of a refused claim as an error of the request. Claims made at a screen are refused by
 * errors only; a code that delivered claims alone carry would be a mistake of ours here.
 */
export function errorCodeOf(code: ResultCode): ErrorCode {
  if (code in ERRORS) return code as ErrorCode;
  throw new Error(`${code} is no error of a request`);
}
