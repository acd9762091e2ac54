/** When a claim captured on a device was true, on the server's clock (marks.md rule R2). */
import type { ClockTrust } from '../types.ts';
import type { ReviewCode } from './results.ts';

/** What a device says of its clocks and what the server saw; milliseconds throughout. */
export interface CaptureClaim {
  /** Server clock at receipt. */
  readonly receivedMs: number;
  /** The device's wall clock when it sent. */
  readonly sentMs: number;
  /** The device's steady clock when it sent, counted from `bootId`. */
  readonly sentMonoMs: number;
  readonly bootId: string;
  /** The device's wall clock at capture. */
  readonly capturedMs: number;
  readonly capturedMonoMs: number | null;
  readonly capturedBootId: string | null;
}

/** The effective time, fixed at first receipt, and how far it is trusted. */
export interface JudgedTime {
  readonly effAtMs: number;
  readonly trust: ClockTrust;
  readonly flags: readonly string[];
  /** Why a person must look, or null. */
  readonly review: Extract<ReviewCode, 'future_time' | 'clock_untrusted'> | null;
}

const FUTURE_MS = 60_000;
const FLAGGED_ABOVE_MS = 120_000;
const UNTRUSTED_ABOVE_MS = 900_000;

/**
 * Computes the effective time. Within one boot the steady clock alone decides and the wall clock
 * may be any time off; otherwise the wall clock is corrected by its offset at sending.
 */
export function judgeCapture(claim: CaptureClaim): JudgedTime {
  const { capturedMonoMs, capturedBootId, bootId, receivedMs } = claim;
  if (capturedMonoMs !== null && capturedBootId === bootId) {
    const effMs = receivedMs - (claim.sentMonoMs - capturedMonoMs);
    return judged(effMs, receivedMs, 'high', [], null);
  }
  const offsetMs = claim.sentMs - receivedMs;
  const size = Math.abs(offsetMs);
  const flags = size > FLAGGED_ABOVE_MS ? ['clock_flagged'] : [];
  const review = size > UNTRUSTED_ABOVE_MS ? ('clock_untrusted' as const) : null;
  return judged(claim.capturedMs - offsetMs, receivedMs, 'low', flags, review);
}

function judged(
  effMs: number,
  receivedMs: number,
  trust: ClockTrust,
  flags: readonly string[],
  review: JudgedTime['review'],
): JudgedTime {
  const isFuture = effMs > receivedMs + FUTURE_MS;
  return {
    effAtMs: Math.min(effMs, receivedMs),
    trust,
    flags,
    review: isFuture ? 'future_time' : review,
  };
}
