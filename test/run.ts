/**
 * `npm test`: provisions real servers once, runs the parallel Jest projects, then those whose files
 * run one after the other, prints each tier's time. Arguments go to Jest; then one Jest run takes them.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { provision, type Provisioned } from './provision.ts';

const JEST = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));

/** A test that leaves something open must not keep CI busy until its own limit. */
const LIMIT_MS = 20 * 60_000;

interface Tier {
  readonly name: string;
  readonly args: readonly string[];
}

/**
 * Tiers of one row run side by side: the timers of workflows leave the machine idle, which the
 * browser needs.
 */
const TIERS: readonly (readonly Tier[])[] = [
  [{ name: 'unit', args: ['--selectProjects', 'unit', '--maxWorkers', '2'] }],
  [
    {
      name: 'database and API',
      args: ['--selectProjects', 'database', 'api', '--maxWorkers', '2'],
    },
  ],
  [
    { name: 'workflow', args: ['--selectProjects', 'workflow', '-i'] },
    { name: 'browser', args: ['--selectProjects', 'browser', '-i'] },
  ],
];

const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

function runJest(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  isAlone = true,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', JEST, ...args],
      {
        stdio: ['inherit', isAlone ? 'inherit' : 'pipe', isAlone ? 'inherit' : 'pipe'],
        env: { ...process.env, ...env, TZ: 'UTC' },
      },
    );
    const limit = setTimeout(() => {
      console.error(`the tests did not end within ${LIMIT_MS / 60_000} minutes`);
      child.kill('SIGKILL');
    }, LIMIT_MS);
    // Two at once would mix their lines: each is told when it is over.
    const told: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => told.push(chunk));
    }
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      process.stdout.write(Buffer.concat(told));
      resolve(code ?? 1);
    });
  });
}

async function runTiers(provisioned: Provisioned): Promise<number> {
  const given = process.argv.slice(2);
  if (given.length > 0) return runJest(given, provisioned.env);
  const times: string[] = [];
  let worst = 0;
  for (const row of TIERS) {
    await Promise.all(
      row.map(async ({ name, args }) => {
        const started = performance.now();
        const isAlone = row.length === 1;
        const code = await runJest([...args, '--passWithNoTests'], provisioned.env, isAlone);
        times.push(`${name}: ${seconds(started)}${code === 0 ? '' : ' (failed)'}`);
        worst = Math.max(worst, code);
      }),
    );
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
