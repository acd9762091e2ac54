/** When students may enter themselves (marks.md section 12). */
import type { Instant, SessionPolicy } from '../types.ts';

/** From the start of the class for `selfEntryMinutes`; both ends are inclusive. */
export function selfEntryWindow({
  startAt,
  policy,
}: {
  readonly startAt: Instant;
  readonly policy: Pick<SessionPolicy, 'selfEntryMinutes'>;
}): { readonly opensAt: Instant; readonly closesAt: Instant } {
  const closesMs = Date.parse(startAt) + policy.selfEntryMinutes * 60_000;
  return { opensAt: startAt, closesAt: new Date(closesMs).toISOString() };
}
