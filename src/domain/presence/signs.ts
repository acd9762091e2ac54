/**
 * What makes a student stand out in the integrity report, and how much (presence.md sections 7 and 8).
 * It orders names on a page and decides nothing.
 */
import type { ErrorCode } from '../errors.ts';

/**
 * The refusals that say something about the student, and what each weighs. All others happen to
 * honest people: a code that changed, a class that is not open yet, a phone that is not registered.
 * A phone of somebody else weighs most, since the app never takes one by accident.
 */
export const REFUSAL_WEIGHTS = {
  device_already_used: 3,
  device_bound_to_other: 3,
  geofence_outside: 1,
  risk_rejected: 1,
  proof_invalid: 1,
} as const satisfies Partial<Record<ErrorCode, number>>;

/**
 * What each of the other signs weighs, once for every time. Who is not there when the class is asked
 * again weighs as much as a shared phone; a flag alone, a new phone, a saved scan or a mark without
 * a scan has mostly an innocent reason.
 */
export const SIGN_WEIGHTS = {
  missedRecheck: 3,
  flaggedScan: 1,
  deviceChange: 1,
  offlineScan: 1,
  /** A mark of presence without a scan, with a category; without one it says nothing of the student. */
  fallback: 1,
} as const;
