/** The master keys of displayed codes: a new one every 90 days, the previous one for 30 days more. */
import type { Keys } from './keys.ts';
import type { QrMaster } from './qr-codes.ts';

const DAY_MS = 86_400_000;
const ROTATION_MS = 90 * DAY_MS;
/** Longer than any offline upload. */
const PREVIOUS_MS = 30 * DAY_MS;

/**
 * The masters at an instant, derived from the root secret: every process has the same ones and
 * nothing is stored. The first seals; the others only open.
 * @param nowMs  Unix milliseconds
 */
export function qrMasters(
  keys: Pick<Keys, 'purposeKey'>,
  nowMs: number,
): readonly [QrMaster, ...QrMaster[]] {
  const period = Math.floor(nowMs / ROTATION_MS);
  const current = masterOf(keys, period);
  const isPreviousLive = nowMs - period * ROTATION_MS < PREVIOUS_MS;
  return isPreviousLive ? [current, masterOf(keys, period - 1)] : [current];
}

function masterOf(keys: Pick<Keys, 'purposeKey'>, period: number): QrMaster {
  return { id: period % 256, key: keys.purposeKey(`qr-master-${period}`) };
}
