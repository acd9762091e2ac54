/** Facts: each is checked, then printed; the first that does not hold ends the run. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/** Prints a fact that holds. @throws Error naming the fact that does not */
export function fact(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(`not true: ${sentence}`);
  console.log(`  ✓ ${sentence}`);
}

/** Asks until the answer is there. @throws Error after `seconds` */
export async function until<T>(
  sentence: string,
  seconds: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${sentence}`);
    await delay(POLL_MS);
  }
}

/** `1.2 s` of milliseconds. */
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
