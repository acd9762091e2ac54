/** When an event of a terminal happened on the server's clock, and how far to trust it. */
import type { EventCode } from './event-results.ts';

/** An event's instants as the devices state them, in Unix milliseconds. */
export interface DeviceInstants {
  readonly capturedMs: number;
  /** Terminal minus gateway at capture; null when it was not measured. */
  readonly clockOffsetMs: number | null;
  /** Gateway minus server. */
  readonly gatewayOffsetMs: number;
  readonly receivedMs: number;
}

/** The instant that counts; `code` keeps an untrusted one from becoming a mark. */
export interface JudgedInstant {
  readonly effMs: number;
  readonly offsetMs: number;
  readonly isFlagged: boolean;
  readonly code: EventCode | null;
}

const SECOND_MS = 1_000;
const TRUSTED_MS = 120 * SECOND_MS;
const USABLE_MS = 900 * SECOND_MS;
const AHEAD_MAX_MS = 60 * SECOND_MS;
const BEHIND_MAX_MS = 72 * 3_600 * SECOND_MS;
/** A terminal that lost power may state any year. */
const FIRST_PLAUSIBLE_MS = Date.UTC(2020, 0, 1);

/**
 * Corrects an instant by the measured offsets. An offset of at most 120 s is used, to 900 s used and
 * flagged, beyond it or ahead of receipt the event waits for a person; so does one older than 72 h.
 * @see devices.md section 1.2, "Clock" and "Late data"
 */
export function judgeClock(instants: DeviceInstants): JudgedInstant {
  const { capturedMs, clockOffsetMs, gatewayOffsetMs, receivedMs } = instants;
  const offsetMs = clockOffsetMs === null ? 0 : clockOffsetMs + gatewayOffsetMs;
  const effMs = capturedMs - offsetMs;
  const isFlagged = clockOffsetMs === null || Math.abs(offsetMs) > TRUSTED_MS;
  return { effMs, offsetMs, isFlagged, code: clockCode(effMs, offsetMs, receivedMs) };
}

function clockCode(effMs: number, offsetMs: number, receivedMs: number): EventCode | null {
  if (Math.abs(offsetMs) > USABLE_MS) return 'clock_untrusted';
  if (effMs < FIRST_PLAUSIBLE_MS) return 'implausible_time';
  if (effMs > receivedMs + AHEAD_MAX_MS) return 'future_time';
  if (effMs < receivedMs - BEHIND_MAX_MS) return 'too_old';
  return null;
}
