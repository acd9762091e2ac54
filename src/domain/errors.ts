/** One error type and one table of stable codes for the whole product (style.md section 9). */

interface ErrorRow {
  readonly status: number;
  readonly title: string;
  /** Trying the same again may succeed. */
  readonly retryable?: true;
  /** Someone on call should hear about it. */
  readonly reportable?: true;
}

/**
 * Every code this product answers with. Codes are snake_case and never renamed; `status` is the
 * HTTP status; the `detail` a person reads is given where the error is made.
 */
export const ERRORS = {
  malformed_request: { status: 400, title: 'The request is malformed' },
  validation_failed: { status: 400, title: 'Some fields are not acceptable' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  idempotency_key_required: { status: 400, title: 'An Idempotency-Key is required' },
  source_not_evidence: { status: 400, title: 'Offline is a capture mode, not a source' },
  code_malformed: { status: 400, title: 'This is not a class code' },
  ticket_missing: { status: 400, title: 'A scan ticket is required' },
  unauthenticated: { status: 401, title: 'Sign in to continue' },
  invalid_credentials: { status: 401, title: 'The email or password is wrong' },
  signature_invalid: { status: 401, title: 'The signature is not that of the gateway' },
  timestamp_out_of_window: { status: 401, title: 'The clock of the gateway is wrong' },
  refresh_invalid: { status: 401, title: 'The sign-in has ended' },
  device_proof_required: { status: 401, title: 'A device proof is required' },
  device_proof_invalid: { status: 401, title: 'The device proof is not acceptable' },
  use_dpop_nonce: { status: 401, title: 'The device proof needs a fresh nonce' },
  proof_invalid: { status: 401, title: 'The app could not prove this phone' },
  device_not_registered: { status: 403, title: 'This device is not registered' },
  device_of_another: { status: 403, title: 'This device is registered for another person' },
  device_unbound: { status: 403, title: 'This phone is not registered' },
  device_revoked: { status: 403, title: 'This phone is no longer registered' },
  device_bound_to_other: { status: 403, title: 'This phone is registered for another person' },
  ticket_mismatch: { status: 403, title: 'The scan ticket is not for this scan' },
  geofence_outside: { status: 403, title: 'You appear to be outside the room' },
  risk_rejected: { status: 403, title: 'This scan could not be accepted' },
  device_code_required: { status: 403, title: 'A code is required for a first device' },
  step_up_required: { status: 403, title: 'Sign in again for this' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_staff: { status: 403, title: 'Only the staff of this class may do this' },
  not_on_roster: { status: 403, title: 'The student is not on the list of this class' },
  actor_suspended: { status: 403, title: 'The account is on hold' },
  own_request: { status: 403, title: 'Nobody decides their own request' },
  student_not_accepted: { status: 403, title: 'You can act only for yourself' },
  origin_refused: { status: 403, title: 'This origin may not refresh a sign-in' },
  not_found: { status: 404, title: 'Not found' },
  session_not_found: { status: 404, title: 'This class was not found' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  state_conflict: { status: 409, title: 'The state does not allow this' },
  session_not_open: { status: 409, title: 'The session is not open' },
  session_closed: { status: 409, title: 'The session is closed' },
  session_locked: { status: 409, title: 'The session is locked' },
  session_cancelled: { status: 409, title: 'The session was cancelled' },
  ticket_used: { status: 409, title: 'This scan was already sent' },
  qr_disabled: { status: 409, title: 'This class does not use this kind of code' },
  text_code_disabled: { status: 409, title: 'This class takes no text codes' },
  device_already_used: { status: 409, title: 'This phone has already marked someone' },
  already_decided: { status: 409, title: 'The request was already decided' },
  record_changed: { status: 409, title: 'The record changed meanwhile' },
  self_entry_window_closed: { status: 409, title: 'Own entries are not taken now' },
  correction_window_closed: { status: 409, title: 'The correction window is closed' },
  leave_overlaps: { status: 409, title: 'The leave overlaps another one' },
  duplicate_request: { status: 409, title: 'A pending request exists already' },
  enrolment_overlaps: { status: 409, title: 'The student is enrolled already' },
  duplicate_session: { status: 409, title: 'This session exists already' },
  rebind_limit: { status: 409, title: 'Too many devices within 120 days' },
  device_already_bound: { status: 409, title: 'Another device is registered already' },
  in_progress: { status: 409, title: 'The same request is still running', retryable: true },
  channel_disabled: { status: 409, title: 'Decisions by operators are switched off' },
  self_entry_disabled: { status: 422, title: 'This class takes no own entries' },
  ticket_expired: { status: 410, title: 'The scanner was open too long' },
  device_code_expired: { status: 410, title: 'The code for a device is no longer good' },
  code_expired: { status: 410, title: 'The code has changed' },
  stale: { status: 412, title: 'It changed since you read it' },
  code_invalid: { status: 422, title: 'This code belongs to another class or is damaged' },
  device_code_wrong: { status: 422, title: 'The code for a device is wrong' },
  code_future: { status: 422, title: 'The code is not valid yet' },
  mark_not_allowed: { status: 422, title: 'This mark is not allowed here' },
  reason_required: { status: 422, title: 'A reason is required' },
  note_required: { status: 422, title: 'A note is required when rejecting' },
  outside_window: { status: 422, title: 'The time lies outside the window of the class' },
  op_id_reused: { status: 422, title: 'The operation id was used for something else' },
  message_id_reused: { status: 422, title: 'The message id was used for something else' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for something else' },
  window_inverted: { status: 422, title: 'The end must be after the start' },
  window_in_past: { status: 422, title: 'The time must lie in the future' },
  no_change: { status: 422, title: 'The request would change nothing' },
  precondition_required: { status: 428, title: 'An If-Match header is required' },
  too_many_attempts: { status: 429, title: 'Too many tries' },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  internal_error: { status: 500, title: 'Something went wrong', reportable: true },
  clock_skew: { status: 503, title: 'The clock of the server is not certain', retryable: true },
  busy: { status: 503, title: 'Too busy just now', retryable: true },
  try_again: { status: 503, title: 'Please try again', retryable: true },
  workflow_unavailable: {
    status: 503,
    title: 'Lifecycle changes are unavailable just now',
    retryable: true,
  },
  database_unavailable: { status: 503, title: 'The database is away', retryable: true },
  invariant_broken: { status: 500, title: 'Something went wrong', reportable: true },
} as const satisfies Record<string, ErrorRow>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS;

/** One refused field of a request: JSON path, stable code and the remedy in words. */
export interface FieldError {
  readonly path: string;
  readonly code: string;
  readonly detail: string;
}

/** Extras of an error: refused fields, members for the problem document, the original cause. */
export interface AppErrorOptions {
  readonly errors?: readonly FieldError[];
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The only error type thrown on purpose. Rendered once per edge: HTTP, socket, activity, cli. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly FieldError[];
  readonly meta: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AppError';
    const row: ErrorRow = ERRORS[code];
    this.code = code;
    this.status = row.status;
    this.title = row.title;
    this.detail = detail;
    this.errors = options.errors ?? [];
    this.meta = options.meta ?? {};
  }
}

/**
 * Makes an error of the table.
 * @param code    a row of `ERRORS`
 * @param detail  one sentence a person understands, naming the remedy
 */
export function appError(code: ErrorCode, detail: string, options?: AppErrorOptions): AppError {
  return new AppError(code, detail, options);
}

/** Says whether trying the same again may succeed, by the table. */
export function isRetryable(code: ErrorCode): boolean {
  const row: ErrorRow = ERRORS[code];
  return row.retryable === true;
}
