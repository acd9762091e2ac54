/** Whether a gateway or terminal is in contact, computed when it is read (devices.md section 6). */

/** How long ago something was heard, in words. */
export const CONTACTS = ['unknown', 'online', 'stale', 'offline'] as const;
export type Contact = (typeof CONTACTS)[number];

/** A gateway speaks at least once a minute; a terminal may poll less often. */
const ONLINE_MS = { gateway: 60_000, terminal: 120_000 } as const;
const STALE_MS = 5 * 60_000;

/** The contact of a gateway or terminal last heard at an instant. */
export function contactOf(
  kind: keyof typeof ONLINE_MS,
  lastSeenMs: number | null,
  nowMs: number,
): Contact {
  if (lastSeenMs === null) return 'unknown';
  const silentMs = nowMs - lastSeenMs;
  if (silentMs <= ONLINE_MS[kind]) return 'online';
  return silentMs <= STALE_MS ? 'stale' : 'offline';
}
