/** Chance from the system's CSPRNG, for draws that nobody may foresee. */
import { randomInt } from 'node:crypto';

/** A whole number from 0 to `limit` - 1. */
export const systemDice = { below: (limit: number): number => randomInt(limit) };
