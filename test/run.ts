/**
 * `npm test`: provisions real servers once, runs the parallel Jest projects, then those that must
 * run alone, prints each tier's time. Arguments go to Jest; then one Jest run takes them.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { provision, type Provisioned } from './provision.ts';

const JEST = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));

/** A test that leaves something open must not keep CI busy until its own limit. */
const LIMIT_MS = 20 * 60_000;

/** Projects side by side, then those whose servers or clocks are shared. */
const TIERS: readonly { readonly name: string; readonly args: readonly string[] }[] = [
  { name: 'unit', args: ['--selectProjects', 'unit', '--maxWorkers', '2'] },
  { name: 'database and API', args: ['--selectProjects', 'database', 'api', '--maxWorkers', '2'] },
  { name: 'workflow', args: ['--selectProjects', 'workflow', '-i'] },
  { name: 'browser', args: ['--selectProjects', 'browser', '-i'] },
];

const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

function runJest(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', JEST, ...args],
      { stdio: 'inherit', env: { ...process.env, ...env, TZ: 'UTC' } },
    );
    const limit = setTimeout(() => {
      console.error(`the tests did not end within ${LIMIT_MS / 60_000} minutes`);
      child.kill('SIGKILL');
    }, LIMIT_MS);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(limit);
      resolve(code ?? 1);
    });
  });
}

async function runTiers(provisioned: Provisioned): Promise<number> {
  const given = process.argv.slice(2);
  if (given.length > 0) return runJest(given, provisioned.env);
  const times: string[] = [];
  let worst = 0;
  for (const tier of TIERS) {
    const started = performance.now();
    const code = await runJest([...tier.args, '--passWithNoTests'], provisioned.env);
    times.push(`${tier.name}: ${seconds(started)}${code === 0 ? '' : ' (failed)'}`);
    worst = Math.max(worst, code);
  }
  console.log(`\nTiers  ${times.join('   ')}`);
  return worst;
}

const started = performance.now();
const wanted = process.argv.slice(2).join(' ');
const isUnit = /--selectProjects[ =]unit$/.test(wanted);
const provisioned = await provision(
  { postgres: !isUnit, temporal: !isUnit, timeSkipping: !isUnit },
  (line) => console.log(line),
);
console.log(`provisioning: ${seconds(started)}`);
const interrupted = new Promise<number>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(130));
});
try {
  process.exitCode = await Promise.race([runTiers(provisioned), interrupted]);
} finally {
  await provisioned.stop();
}
console.log(`npm test took ${seconds(started)} in all`);
process.exit(process.exitCode ?? 1);
