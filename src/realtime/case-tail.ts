/** Watches requests for changes by comparing how they stand now with how they stood before. */
import { findCaseStates, listLiveCases, type CaseState } from '../db/queries/live-cases.ts';
import type { Orm } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';

const READ_EVERY_MS = 1_000;
/** A request filed and decided between two reads is still seen this long after its submission. */
const RECENT_MINUTES = 5;

/** Reports changes of requests until it is closed. */
export interface CaseTail {
  /** Starts to read; nothing is read before. */
  start(): void;
  close(): Promise<void>;
}

/** What the reader needs. */
export interface CaseTailParts {
  readonly orm: Orm;
  /** A request that is new or changed. */
  readonly changed: (state: CaseState) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Makes the reader. Pending requests are few and found by an index, and a comparison misses
 * nothing when the database was away for a while.
 */
export function createCaseTail({ orm, changed, onError }: CaseTailParts): CaseTail {
  let known: Map<Id, CaseState> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  const read = async (): Promise<void> => {
    const found = await listLiveCases(orm.em.fork(), RECENT_MINUTES);
    const current = new Map(found.map((state) => [state.id, state]));
    if (known) await report(known, current);
    // Last, so that a failure on the way is met again by the next comparison.
    known = current;
  };
  const report = async (
    before: ReadonlyMap<Id, CaseState>,
    current: ReadonlyMap<Id, CaseState>,
  ): Promise<void> => {
    const gone = [...before.values()].filter(
      ({ id, status }) => status === 'pending' && !current.has(id),
    );
    const ended = gone.length === 0 ? [] : await findCaseStates(orm.em.fork(), idsOf(gone));
    for (const state of [...current.values(), ...ended]) {
      if (before.get(state.id)?.version !== state.version) await changed(state);
    }
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

const idsOf = (states: readonly CaseState[]): Id[] => states.map((state) => state.id);
