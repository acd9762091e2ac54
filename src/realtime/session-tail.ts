/** The one reader of live events of a process: polls the log of the watched sessions. */
import {
  readEventsAfter,
  readLiveHead,
  type LiveCounts,
  type TailedEvent,
} from '../db/queries/live-sessions.ts';
import type { Orm } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';

/**
 * Time between two reads: at most five counts per second and session. NOTIFY would be quicker and
 * halves the marks per second (quality.md section 3), so the log is polled.
 */
const READ_EVERY_MS = 200;
/** Events of one session per read; a class marked at once fits. */
const EVENTS_MAX = 1_000;

/** Follows sessions. */
export interface SessionTail {
  /**
   * Follows a session from its newest event on, and says which that is. Join its rooms first: an
   * event committed meanwhile is delivered twice rather than never.
   */
  follow(sessionId: Id): Promise<{ readonly seq: number; readonly counts: LiveCounts }>;
  close(): Promise<void>;
}

/** What the reader needs. */
export interface SessionTailParts {
  readonly orm: Orm;
  /** Whether anyone still watches; a session nobody watches is forgotten. */
  readonly isWatched: (sessionId: Id) => boolean;
  /** Sends the events that follow number `after` of one session. */
  readonly deliver: (sessionId: Id, after: number, events: readonly TailedEvent[]) => void;
  readonly onError: (error: unknown) => void;
}

/** Makes the reader; it reads while sessions are watched. */
export function createSessionTail({
  orm,
  isWatched,
  deliver,
  onError,
}: SessionTailParts): SessionTail {
  const cursors = new Map<Id, number>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  const read = async (): Promise<void> => {
    for (const sessionId of cursors.keys()) {
      if (!isWatched(sessionId)) cursors.delete(sessionId);
    }
    if (cursors.size === 0) return;
    const events = await readEventsAfter(orm.em.fork(), cursors, EVENTS_MAX);
    for (const [sessionId, batch] of Map.groupBy(events, (event) => event.sessionId)) {
      const after = cursors.get(sessionId);
      const last = batch.at(-1);
      if (after === undefined || last === undefined) continue;
      deliver(sessionId, after, batch);
      cursors.set(sessionId, last.seq);
    }
  };
  const schedule = (): void => {
    if (isClosed || cursors.size === 0) {
      timer = undefined;
      return;
    }
    timer = setTimeout(() => {
      running = read().catch(onError).finally(schedule);
    }, READ_EVERY_MS);
  };

  return {
    async follow(sessionId) {
      const head = await readLiveHead(orm.em.fork(), sessionId);
      cursors.set(sessionId, Math.min(head.seq, cursors.get(sessionId) ?? head.seq));
      if (!timer) schedule();
      return head;
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
