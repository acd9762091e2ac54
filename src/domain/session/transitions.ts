/** The session state machine: which edges exist, which one time takes next (marks.md section 6). */
import type { Instant, SessionEdge, SessionStatus } from '../types.ts';

/** What the rules need to know of a session; instants are ISO 8601 in UTC. */
export interface SessionFacts {
  readonly status: SessionStatus;
  readonly startAt: Instant;
  readonly endAt: Instant;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  readonly lockDueAt: Instant | null;
  readonly autoOpen: boolean;
}

/** The edge a session takes by itself, and when; `none` while nothing is due. */
export interface DueTransition {
  readonly edge: 'open' | 'close' | 'lock' | 'expire' | 'none';
  readonly at: Instant;
}

/** Legal edges by status. Time limits of edges are checked by `edgeRefusal`. */
const EDGES: Readonly<Record<SessionStatus, readonly SessionEdge[]>> = {
  scheduled: ['open', 'close', 'cancel', 'reschedule'],
  open: ['close', 'cancel'],
  closed: ['reopen', 'lock'],
  locked: [],
  cancelled: ['restore'],
};

/** The status an edge leads to; `reschedule` keeps the status. */
export const EDGE_TARGET: Readonly<Record<SessionEdge, SessionStatus>> = {
  open: 'open',
  close: 'closed',
  reopen: 'open',
  lock: 'locked',
  cancel: 'cancelled',
  restore: 'scheduled',
  reschedule: 'scheduled',
};

/** Says whether the table of states has this edge, whatever the time. */
export function edgeAllowed(status: SessionStatus, edge: SessionEdge): boolean {
  return EDGES[status].includes(edge);
}

/**
 * Why an edge is refused now, or null when it is legal.
 * @param by  `timer` may close a session nobody opened; a person opens it first or cancels it
 */
export function edgeRefusal(
  facts: SessionFacts,
  edge: SessionEdge,
  by: 'timer' | 'person',
  nowMs: number,
): string | null {
  if (!edgeAllowed(facts.status, edge)) {
    return `A session that is ${facts.status} cannot ${EDGE_WORDS[edge]}.`;
  }
  switch (edge) {
    case 'open':
      return nowMs >= Date.parse(facts.closesAt)
        ? 'The time of this class is over; it can no longer be opened.'
        : null;
    case 'reopen':
      return nowMs >= Date.parse(facts.closesAt)
        ? 'The time of this class is over; a closed session is changed by marks of its staff or by a correction.'
        : null;
    case 'restore':
      return nowMs >= Date.parse(facts.startAt)
        ? 'The start of this class has passed; create a make-up session instead.'
        : null;
    case 'close':
      return by === 'person' && facts.status === 'scheduled' && nowMs < Date.parse(facts.opensAt)
        ? 'The session has not opened yet; cancel it if the class does not take place.'
        : null;
    case 'reschedule':
      return hasBegun(facts, nowMs)
        ? 'The time of this class has begun; cancel it and create a make-up session.'
        : null;
    case 'lock':
    case 'cancel':
      return null;
    default:
      return edge satisfies never;
  }
}

/** Marks are admitted by the clock, before the worker's timer has changed the row. */
function hasBegun({ autoOpen, opensAt, closesAt }: SessionFacts, nowMs: number): boolean {
  return nowMs >= Date.parse(autoOpen ? opensAt : closesAt);
}

const EDGE_WORDS: Readonly<Record<SessionEdge, string>> = {
  open: 'be opened',
  close: 'be closed',
  reopen: 'be reopened',
  lock: 'be locked',
  cancel: 'be cancelled',
  restore: 'be restored',
  reschedule: 'be moved',
};

/**
 * The edge a session takes next by itself, and when.
 * A session whose `autoOpen` is off is closed by the timer at `closesAt`; a cancelled one ends when
 * its start has passed, because it can be restored until then.
 * @see temporal.md section 6, marks.md section 6
 */
export function nextTransition(facts: SessionFacts): DueTransition {
  switch (facts.status) {
    case 'scheduled':
      return facts.autoOpen
        ? { edge: 'open', at: facts.opensAt }
        : { edge: 'close', at: facts.closesAt };
    case 'open':
      return { edge: 'close', at: facts.closesAt };
    case 'closed':
      return { edge: 'lock', at: facts.lockDueAt ?? facts.closesAt };
    case 'cancelled':
      return { edge: 'expire', at: facts.startAt };
    case 'locked':
      return { edge: 'none', at: facts.closesAt };
    default:
      return facts.status satisfies never;
  }
}

/**
 * The edge a timer takes now: a session found past its whole window (a worker was away) is closed
 * without being opened first, since marks never needed the worker to open it.
 */
export function dueEdge(facts: SessionFacts, nowMs: number): 'open' | 'close' | 'lock' | null {
  const due = nextTransition(facts);
  if (due.edge === 'none' || due.edge === 'expire' || nowMs < Date.parse(due.at)) return null;
  if (due.edge === 'open' && nowMs >= Date.parse(facts.closesAt)) return 'close';
  return due.edge;
}

/** Says whether a session's workflow has nothing left to do. */
export function isFinal(facts: SessionFacts, nowMs: number): boolean {
  if (facts.status === 'locked') return true;
  return facts.status === 'cancelled' && nowMs >= Date.parse(facts.startAt);
}

/**
 * The status that counts for marks, from the row and the clock alone, so that a late worker neither
 * delays an opening nor extends a window (marks.md section 6).
 */
export function effectiveStatus(
  facts: SessionFacts & { readonly lockAfterHours: number },
  nowMs: number,
): SessionStatus {
  if (facts.status === 'cancelled' || facts.status === 'locked') return facts.status;
  const opensMs = Date.parse(facts.opensAt);
  const closesMs = Date.parse(facts.closesAt);
  const lockMs = facts.lockDueAt
    ? Date.parse(facts.lockDueAt)
    : closesMs + facts.lockAfterHours * 3_600_000;
  if (facts.status === 'closed') return nowMs >= lockMs ? 'locked' : 'closed';
  if (nowMs >= lockMs) return 'locked';
  if (nowMs >= closesMs) return 'closed';
  if (facts.status === 'open') return 'open';
  return facts.autoOpen && nowMs >= opensMs ? 'open' : 'scheduled';
}
