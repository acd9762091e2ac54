/** Puts a session's events in order without gaps: late ones are asked for, repeats are dropped. */
import type { SessionEvent } from '../api/types.ts';

/** Where events go and where missed ones come from. */
export interface FeedPorts {
  /** Events after a number, oldest first, and the newest number of the session. */
  readonly missed: (
    after: number,
  ) => Promise<{ readonly seq: number; readonly events: readonly SessionEvent[] }>;
  readonly apply: (event: SessionEvent) => void;
  /** The missed events cannot be had; read everything again. */
  readonly startOver: () => void;
}

/** An ordered feed of one session. */
export interface SessionFeed {
  /** A screen was filled with the facts up to `seq`. */
  filledTo(seq: number): void;
  /** The server said that `seq` is its newest number. */
  heard(seq: number): void;
  /** An event came by socket. */
  receive(event: SessionEvent): void;
  stop(): void;
}

/** Missed events are asked for together: a class marked at once must not ask once per mark. */
const GATHER_MS = 150;
/** The network is away; there is no hurry. */
const RETRY_MS = 3_000;

/** The number a client must have for this event to be the next one. */
const startOf = ({ after, seq }: SessionEvent): number => after ?? seq - 1;

/** Makes the feed of one session; nothing is applied before the first `filledTo`. */
export function createSessionFeed({ missed, apply, startOver }: FeedPorts): SessionFeed {
  let last: number | null = null;
  let newest = 0;
  const waiting: SessionEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;

  const take = (event: SessionEvent): void => {
    if (last === null || event.seq <= last) return;
    last = event.seq;
    apply(event);
  };
  const takeWaiting = (): void => {
    waiting.sort((left, right) => left.seq - right.seq);
    while (last !== null && waiting[0] && startOf(waiting[0]) <= last) {
      const next = waiting.shift();
      if (next) take(next);
    }
  };
  const askIn = (delayMs: number): void => {
    if (isStopped) return;
    timer ??= setTimeout(() => void catchUp(), delayMs);
  };
  const settle = (): void => {
    takeWaiting();
    if (last !== null && last < newest) askIn(GATHER_MS);
  };
  const catchUp = async (): Promise<void> => {
    let retryMs = GATHER_MS;
    try {
      const answer = await missed(last ?? 0);
      for (const event of answer.events) take(event);
      newest = Math.max(answer.seq, last ?? 0, ...waiting.map((event) => event.seq));
      // A page of events may end early; none at all with a gap left means they are gone.
      if (answer.events.length === 0 && last !== null && last < answer.seq) startOver();
    } catch {
      retryMs = RETRY_MS;
    }
    timer = undefined;
    takeWaiting();
    if (last !== null && last < newest) askIn(retryMs);
  };

  return {
    filledTo(seq) {
      last = Math.max(last ?? 0, seq);
      settle();
    },
    heard(seq) {
      newest = Math.max(newest, seq);
      settle();
    },
    receive(event) {
      newest = Math.max(newest, event.seq);
      waiting.push(event);
      settle();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
