import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { inBatches, type Batching } from './in-batches.ts';

const batching = (
  changes: Partial<Batching<string, string>> & Pick<Batching<string, string>, 'run'>,
): Batching<string, string> => ({
  keysOf: (item) => [item],
  itemsMax: 10,
  writers: 1,
  pace: { ms: 0, items: 1 },
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

  describe('at a pace', () => {
    afterEach(() => {
      jest.useRealTimers();
    });

    /** A batch ends when its first item is let go. */
    const gated = (pace: Batching<string, string>['pace'], writers = 2) => {
      const batches: (readonly string[])[] = [];
      const gates = new Map<string, () => void>();
      const take = inBatches(
        batching({
          writers,
          pace,
          run: async (items) => {
            batches.push(items);
            await new Promise<void>((resolve) => gates.set(items[0] ?? '', resolve));
            return items;
          },
        }),
      );
      const turns = async (): Promise<void> => {
        for (let turn = 0; turn < 4; turn += 1) await new Promise((done) => setImmediate(done));
      };
      return { batches, take, turns, end: (first: string) => gates.get(first)?.() };
    };

    test('the next begins when enough wait', async () => {
      const { batches, take, turns, end } = gated({ ms: 60_000, items: 3 });
      const taken = [take('a')];
      await turns();
      taken.push(take('b'), take('c'));
      await turns();
      expect(batches).toEqual([['a']]);
      taken.push(take('d'));
      await turns();
      expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
      end('a');
      end('b');
      await Promise.all(taken);
    });

    test('the next begins when its time has come, whatever the one before does', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
      const { batches, take, turns, end } = gated({ ms: 40, items: 10 });
      const taken = [take('a')];
      await turns();
      taken.push(take('b'), take('c'));
      await turns();
      jest.advanceTimersByTime(39);
      await turns();
      expect(batches).toEqual([['a']]);
      jest.advanceTimersByTime(1);
      await turns();
      expect(batches).toEqual([['a'], ['b', 'c']]);
      end('b');
      end('a');
      expect(await Promise.all(taken)).toEqual(['a', 'b', 'c']);
    });

    test('what comes while every writer is at work is taken when one ends', async () => {
      const { batches, take, turns, end } = gated({ ms: 0, items: 10 }, 1);
      const taken = [take('a')];
      await turns();
      taken.push(take('b'));
      await turns();
      expect(batches).toEqual([['a']]);
      end('a');
      await turns();
      expect(batches).toEqual([['a'], ['b']]);
      end('b');
      expect(await Promise.all(taken)).toEqual(['a', 'b']);
    });

    test('what waits for a key is taken when its batch ends', async () => {
      const { batches, take, turns, end } = gated({ ms: 0, items: 1 });
      const taken = [take('a'), take('a')];
      await turns();
      taken.push(take('b'));
      await turns();
      expect(batches).toEqual([['a'], ['b']]);
      end('b');
      await turns();
      expect(batches).toHaveLength(2);
      end('a');
      await turns();
      expect(batches).toEqual([['a'], ['b'], ['a']]);
      end('a');
      expect(await Promise.all(taken)).toEqual(['a', 'a', 'b']);
    });
  });
});
