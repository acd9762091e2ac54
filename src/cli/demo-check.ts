/** `npm run demo:check`: plays the main job against the system that `npm start` runs. */
import { checkClass, checkTimer } from './demo-check/class-check.ts';
import { fact, seconds } from './demo-check/facts.ts';
import { checkLeave } from './demo-check/leave-check.ts';
import { RUN_FILE } from './start/paths.ts';
import { readRunFile } from './start/run-file.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const running = readRunFile(RUN_FILE);
  if (!running) {
    console.error('Nothing runs here: `npm start` in another terminal first.');
    return 1;
  }
  const started = performance.now();
  try {
    const health = await fetch(`${running.api}/health`);
    fact(health.ok, `the system at ${running.api} is healthy: database, Temporal, worker`);
    await checkTimer(running.api);
    await checkClass(running.api);
    await checkLeave(running);
  } catch (error) {
    console.error(`  ✗ ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  console.log(`Every fact holds (${seconds(performance.now() - started)}).`);
  return 0;
}
