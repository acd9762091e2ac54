/** Collects single calls of a process into batches that share a transaction (quality.md section 4). */
import { AppError } from '../domain/errors.ts';

/** How calls are collected. */
export interface Batching<T, R> {
  /** Answers every item, in order; an item's refusal is an answer, not an error. */
  readonly run: (items: readonly T[]) => Promise<readonly R[]>;
  /** Two items with a key in common are never at work together; the second waits for the first. */
  readonly keysOf: (item: T) => readonly string[];
  readonly itemsMax: number;
  /** Batches at work at the same time. */
  readonly writers: number;
  /**
   * The next batch begins so long after the last one began, or when so many items wait. A batch costs
   * the same round trips for one item and for a hundred, so few large ones cost less.
   */
  readonly pace: { readonly ms: number; readonly items: number };
  /** Items that may wait; more are refused with `busy`. */
  readonly waitingMax: number;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (answer: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes the function that takes one item. An item is taken at once where no batch began just before;
 * batches grow only under load. A batch that fails is run again item by item: one poisoned item
 * fails alone.
 * @throws AppError `busy` when too many wait
 */
export function inBatches<T, R>(batching: Batching<T, R>): (item: T) => Promise<R> {
  const { itemsMax, writers, pace, waitingMax, keysOf } = batching;
  let waiting: Waiting<T, R>[] = [];
  const running = new Set<string>();
  let atWork = 0;
  let begunMs = Number.NEGATIVE_INFINITY;

  const next = (): Waiting<T, R>[] => {
    const taken: Waiting<T, R>[] = [];
    const left: Waiting<T, R>[] = [];
    for (const entry of waiting) {
      const keys = keysOf(entry.item);
      if (taken.length < itemsMax && !keys.some((key) => running.has(key))) {
        for (const key of keys) running.add(key);
        taken.push(entry);
      } else left.push(entry);
    }
    waiting = left;
    return taken;
  };
  const work = async (): Promise<void> => {
    const batch = next();
    // What is left waits for a key of a batch at work, whose end looks again.
    if (batch.length === 0) return;
    atWork += 1;
    begunMs = performance.now();
    await settle(batching.run, batch);
    for (const { item } of batch) for (const key of keysOf(item)) running.delete(key);
    atWork -= 1;
    look();
  };
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (waiting.length === 0 || atWork >= writers) return;
    const dueInMs = begunMs + pace.ms - performance.now();
    if (dueInMs <= 0 || waiting.length >= pace.items) void work();
    else {
      timer ??= setTimeout(() => {
        timer = undefined;
        look();
      }, dueInMs);
    }
  };
  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= waitingMax) {
        reject(new AppError('busy', 'Too many people scan just now; try again in a moment.'));
        return;
      }
      waiting.push({ item, resolve, reject });
      // Requests that arrived in the same turn of the event loop share a batch.
      setImmediate(look);
    });
}

async function settle<T, R>(
  run: Batching<T, R>['run'],
  batch: readonly Waiting<T, R>[],
): Promise<void> {
  try {
    answer(batch, await run(batch.map(({ item }) => item)));
  } catch (error) {
    const [only] = batch;
    if (batch.length === 1 && only) {
      only.reject(error);
      return;
    }
    for (const entry of batch) await settle(run, [entry]);
  }
}

function answer<T, R>(batch: readonly Waiting<T, R>[], answers: readonly R[]): void {
  if (answers.length !== batch.length) throw new Error('a batch lost an answer');
  batch.forEach(({ resolve }, index) => resolve(answers[index] as R));
}
