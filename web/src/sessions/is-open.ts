/** Whether a class takes marks now. */
import type { Session } from '../api/types.ts';

/** Of a class: its state, and the window that the clock opens and closes. */
type Window = Pick<Session, 'status' | 'auto_open' | 'opens_at' | 'closes_at'>;

/**
 * Whether the class is open by its window: the server admits marks by the clock, a moment before or
 * after its row says so (marks.md section 6).
 */
export function isOpen(session: Window, nowMs: number): boolean {
  const { status, auto_open: opensItself, opens_at: opensAt, closes_at: closesAt } = session;
  if (nowMs >= Date.parse(closesAt)) return false;
  if (status === 'open') return true;
  return status === 'scheduled' && opensItself && nowMs >= Date.parse(opensAt);
}
