/** Bounded concurrency for calls to a server that others use too. */

/** Runs `work` for every item with at most `limit` at once; rejects with the first failure. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const drain = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- each lane works one item at a time
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, drain));
}
