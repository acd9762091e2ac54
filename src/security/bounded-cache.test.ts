import { describe, expect, it } from '@jest/globals';
import { boundedCache } from './bounded-cache.ts';

describe('boundedCache', () => {
  it('forgets an entry when its life or its own end has passed', () => {
    const cache = boundedCache<string>({ lifeMs: 100, entriesMax: 10 });
    cache.set('a', 'A', 0);
    cache.set('b', 'B', 0, 50);

    expect([cache.get('a', 60), cache.get('b', 60)]).toEqual(['A', undefined]);
    expect(cache.get('a', 100)).toBeUndefined();
  });

  it('lets the oldest entry go when it is full', () => {
    const cache = boundedCache<number>({ lifeMs: 100, entriesMax: 2 });
    cache.set('a', 1, 0);
    cache.set('b', 2, 0);
    cache.set('a', 3, 0);
    cache.set('c', 4, 0);

    expect([cache.get('a', 1), cache.get('b', 1), cache.get('c', 1)]).toEqual([3, undefined, 4]);
    expect(cache.size).toBe(2);
  });
});
