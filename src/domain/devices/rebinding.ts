/** When a person may register another device, and how it starts (presence.md section 3). */

/** What is known of a person's devices. */
export interface DeviceHistory {
  /** Registered any device before, also one that was removed. */
  readonly hadDevice: boolean;
  /** Has a device now. */
  readonly hasDevice: boolean;
  /** Later devices registered within 120 days that no administrator has cleared. */
  readonly recentChanges: number;
  /** The person said that the present device is to be replaced. */
  readonly wantsToReplace: boolean;
  /** Milliseconds since the person last proved who they are. */
  readonly sinceSignInMs: number;
}

/** A first device is active at once, a later one is pending for a day; or why there is none. */
export type Rebinding = 'active' | 'pending' | 'not_asked' | 'step_up' | 'limit';

/** A later device is pending for so long; its scans count and are flagged. */
export const PENDING_HOURS = 24;
/** Later devices within this time are counted. */
export const CHANGES_WITHIN_DAYS = 120;
/** As many of them are allowed. */
export const CHANGES_MAX = 2;
const STEP_UP_MS = 10 * 60_000;

/** Decides over another device of a person. */
export function decideRebinding(history: DeviceHistory): Rebinding {
  if (!history.hadDevice) return 'active';
  if (history.hasDevice && !history.wantsToReplace) return 'not_asked';
  if (history.sinceSignInMs > STEP_UP_MS) return 'step_up';
  return history.recentChanges >= CHANGES_MAX ? 'limit' : 'pending';
}
