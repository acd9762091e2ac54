/** What an earlier start left behind. */
import { join } from 'node:path';
import { isRunning, stopNoted } from '../../provision/processes.ts';
import { entryPoint, RUN_FILE, TEMPORAL_STATE } from './paths.ts';
import { readRunFile } from './run-file.ts';

/**
 * Two systems cannot share var/: a running one is left alone, the remains of a killed one end here.
 * @throws Error when one is running
 */
export async function takeOver(): Promise<void> {
  const noted = readRunFile(RUN_FILE);
  if (!noted) return;
  const { supervisor, worker, api, temporal } = noted.pids;
  if (isRunning({ pid: supervisor ?? 0, part: join('src', 'cli', 'start.ts') })) {
    throw new Error(`it runs already at ${noted.api} (pid ${supervisor}); stop that one first.`);
  }
  const remains = [
    { name: 'the worker', pid: worker ?? 0, part: entryPoint('worker.ts') },
    { name: 'the API', pid: api ?? 0, part: entryPoint('api.ts') },
    { name: 'the Temporal server', pid: temporal ?? 0, part: TEMPORAL_STATE },
  ];
  await Promise.all(remains.map((one) => stopNoted(one)));
}
