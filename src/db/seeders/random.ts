/** A seeded generator of pseudo-random choices: the same seed gives the same demo university. */

/** Draws of one generator; every call moves it on. */
export interface Random {
  /** A number from 0 up to but excluding 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** True with a probability from 0 to 1. */
  chance(probability: number): boolean;
  /** One of the items. @throws Error when there are none */
  pick<T>(items: readonly T[]): T;
  /** The items in another order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[];
  /** Bytes for ids; never for secrets. */
  bytes(count: number): Uint8Array;
}

/** Makes a generator (mulberry32) from a 32-bit seed. Not for anything that must be unguessable. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick(items) {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new Error('there is nothing to pick from');
      return item;
    },
    shuffled(items) {
      const left = [...items];
      return items.map(() => left.splice(between(0, left.length - 1), 1)).flat();
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => between(0, 255)),
  };
}
