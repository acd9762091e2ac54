/** What became of a claim, in the words of the wire contract (marks.md section 12). */
import { ERRORS, type ErrorCode } from '../errors.ts';

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

/** A refused claim: a stable code and a sentence naming the way on. */
export interface Refusal<Code extends ResultCode = ResultCode> {
  readonly code: Code;
  readonly detail: string;
}

/**
 * The code of a refused claim as an error of the request. Claims made at a screen are refused by
 * errors only; a code that delivered claims alone carry would be a mistake of ours here.
 */
export function errorCodeOf(code: ResultCode): ErrorCode {
  if (code in ERRORS) return code as ErrorCode;
  throw new Error(`${code} is no error of a request`);
}
