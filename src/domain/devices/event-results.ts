/** What becomes of an event of a terminal (devices.md section 1.2). */

/** What the gateway learns: only `retry` means that it keeps the event. */
export const EVENT_STATUSES = [
  'accepted',
  'duplicate',
  'parked',
  'quarantined',
  'rejected',
  'retry',
] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

/** Why an event gave no mark. */
export const EVENT_CODES = [
  'subject_unknown',
  'no_session',
  'not_on_roster',
  'session_not_open',
  'outside_window',
  'session_cancelled',
  'session_locked',
  'clock_untrusted',
  'future_time',
  'too_old',
  'implausible_time',
  'event_id_reused',
  'below_threshold',
  'liveness_failed',
  'consent_withdrawn',
  'device_unknown',
  'device_inactive',
  'try_again',
] as const;
export type EventCode = (typeof EVENT_CODES)[number];
