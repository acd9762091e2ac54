/** Watches for new notifications of the people who are connected. */
import { listFreshNotices, type FreshNotice } from '../db/queries/notifications.ts';
import type { Orm } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';

const READ_EVERY_MS = 1_000;
/**
 * Rows carry the time at which they were written and appear when their transaction commits: this
 * far back a late one is still seen. Screens ask by themselves every minute.
 */
const LOOK_BACK_SECONDS = 30;

/** Reports notifications until it is closed. */
export interface NoticeTail {
  /** Starts to read; nothing is read before. */
  start(): void;
  close(): Promise<void>;
}

/** What the reader needs. */
export interface NoticeTailParts {
  readonly orm: Orm;
  /** Who is connected now. */
  readonly people: () => readonly Id[];
  /** A notification that was not reported before. */
  readonly told: (notice: FreshNotice) => void;
  readonly onError: (error: unknown) => void;
}

/** Makes the reader: one look-up by an index per second, none while nobody is connected. */
export function createNoticeTail({ orm, people, told, onError }: NoticeTailParts): NoticeTail {
  let known: ReadonlySet<Id> = new Set();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  const read = async (): Promise<void> => {
    const connected = people();
    if (connected.length === 0) return;
    const fresh = await listFreshNotices(orm.em.fork(), connected, LOOK_BACK_SECONDS);
    for (const notice of fresh) if (!known.has(notice.id)) told(notice);
    known = new Set(fresh.map(({ id }) => id));
  };
  const schedule = (delayMs: number): void => {
    if (isClosed) return;
    timer = setTimeout(() => {
      running = read()
        .catch(onError)
        .finally(() => schedule(READ_EVERY_MS));
    }, delayMs);
  };

  return {
    start() {
      if (!timer) schedule(0);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
