/** Where the cases of the order proof get their chance from: a seeded generator, or fast-check. */

/** Draws whole numbers; the same dice thrown in the same order give the same case. */
export interface Dice {
  /** A whole number from 0 up to, not including, the limit. */
  below(limit: number): number;
}

/**
 * Dice for one numbered case of a seeded run, so a case can be repeated alone and does not depend
 * on how many threads share the run (sfc32, a small fast generator with 128 bits of state).
 */
export function seededDice(seed: number, caseNumber: number): Dice {
  let a = seed | 0;
  let b = caseNumber | 0;
  let c = Math.floor(caseNumber / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  // Neighbouring seeds differ in few bits; the first rounds spread them.
  for (let round = 0; round < 12; round += 1) next();
  return { below: (limit) => Math.floor((next() / 2 ** 32) * limit) };
}

/** One value of a list, each alike likely. */
export function pick<T>(dice: Dice, values: readonly [T, ...T[]]): T {
  return values[dice.below(values.length)] ?? values[0];
}

/** True in so many of a hundred draws. */
export const isLucky = (dice: Dice, percent: number): boolean => dice.below(100) < percent;

/** The values in random order. */
export function shuffle<T>(dice: Dice, values: readonly T[]): T[] {
  const left = [...values];
  const drawn: T[] = [];
  while (left.length > 0) drawn.push(...left.splice(dice.below(left.length), 1));
  return drawn;
}
