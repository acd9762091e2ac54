/** Runs work of the same key one after another, so that parallel guesses are counted one by one. */
import { appError } from '../domain/errors.ts';

/** Runs `work` after all earlier work of the same key. */
export type SerialQueue = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Makes a queue. @param waitingMax  per key; beyond it the call throws AppError `busy` */
export function serialQueue(waitingMax: number): SerialQueue {
  const tails = new Map<string, { waiting: number; last: Promise<unknown> }>();
  return async (key, work) => {
    const tail = tails.get(key) ?? { waiting: 0, last: Promise.resolve() };
    if (tail.waiting > waitingMax) {
      throw appError('busy', 'This account is signing in many times at once; try again shortly.', {
        meta: { retryAfterSeconds: 2 },
      });
    }
    tail.waiting += 1;
    const mine = tail.last.then(work);
    // The next in line waits for the end of this work, whatever came of it.
    tail.last = mine.then(
      () => undefined,
      () => undefined,
    );
    tails.set(key, tail);
    try {
      return await mine;
    } finally {
      tail.waiting -= 1;
      if (tail.waiting === 0) tails.delete(key);
    }
  };
}
