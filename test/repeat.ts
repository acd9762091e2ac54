/**
 * `npm run test:repeat -- --runs 50 --selectProjects api -- src/api/records`: the same tests again
 * and again, to find the one that fails sometimes. Stops at the first failure.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));
const [option, times, ...selection] = process.argv.slice(2);
const count = Number(times);
if (option !== '--runs' || !Number.isInteger(count) || count < 1) {
  console.error('usage: npm run test:repeat -- --runs <times> [jest selection]');
  process.exit(2);
}
for (let round = 1; round <= count; round += 1) {
  console.log(`round ${round} of ${count}`);
  const { status } = spawnSync(process.execPath, [RUN, ...selection], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
console.log(`${count} rounds, no failure`);
