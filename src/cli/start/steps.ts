/** Progress of the start: each step by name with its time. */

/** Runs a step and prints its name and time; a failure passes through. */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`  ✓ ${name.padEnd(44)} ${seconds.padStart(6)} s`);
  return result;
}
