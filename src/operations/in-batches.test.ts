import { describe, expect, test } from '@jest/globals';
import { inBatches, type Batching } from './in-batches.ts';

const batching = (
  changes: Partial<Batching<string, string>> & Pick<Batching<string, string>, 'run'>,
): Batching<string, string> => ({
  keysOf: (item) => [item],
  itemsMax: 10,
  writers: 1,
  waitingMax: 100,
  ...changes,
});

describe('calls in batches', () => {
  test('that arrive together share a batch, and each has its own answer', async () => {
    const batches: (readonly string[])[] = [];
    const take = inBatches(
      batching({
        run: async (items) => {
          batches.push(items);
          return items.map((item) => item.toUpperCase());
        },
      }),
    );
    expect(await Promise.all(['a', 'b', 'c'].map(take))).toEqual(['A', 'B', 'C']);
    expect(batches).toEqual([['a', 'b', 'c']]);
  });

  test('with a key in common wait for each other', async () => {
    const batches: (readonly string[])[] = [];
    const take = inBatches(
      batching({
        keysOf: (item) => [item.slice(0, 1), item.slice(1)],
        writers: 2,
        run: async (items) => {
          batches.push(items);
          await new Promise((done) => setImmediate(done));
          return items;
        },
      }),
    );
    await Promise.all(['a1', 'a2', 'b3', 'c1'].map(take));
    expect(batches).toEqual([
      ['a1', 'b3'],
      ['a2', 'c1'],
    ]);
  });

  test('keep to the size of a batch', async () => {
    const sizes: number[] = [];
    const take = inBatches(
      batching({
        itemsMax: 2,
        run: async (items) => {
          sizes.push(items.length);
          return items;
        },
      }),
    );
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(take));
    expect(sizes).toEqual([2, 2, 1]);
  });

  test('fail alone where one of them is poisoned', async () => {
    const take = inBatches(
      batching({
        run: async (items) => {
          if (items.includes('bad')) throw new Error('poisoned');
          return items;
        },
      }),
    );
    const settled = await Promise.allSettled(['a', 'bad', 'b'].map(take));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('are refused when too many wait', async () => {
    const take = inBatches(batching({ waitingMax: 2, run: async (items) => items }));
    const settled = await Promise.allSettled(['a', 'b', 'c'].map(take));
    expect(settled.at(2)).toMatchObject({ status: 'rejected', reason: { code: 'busy' } });
  });
});
