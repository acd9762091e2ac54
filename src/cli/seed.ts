/**
 * Fills an empty database with the demo university, and keeps a filled one alive: the next days'
 * sessions, one class running, one about to open. Refuses in production.
 *
 * Options: `--if-empty` leaves a database with other data alone instead of failing;
 * `--without-accounts` leaves the list of accounts to the caller.
 */
import { loadEnvironment, type Environment } from '../config/env.ts';
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from '../db/seeders/demo-accounts.ts';
import { createDeps, operationFor, type Deps } from '../deps.ts';
import { SEED_ACTOR } from './demo/context.ts';
import { writeGatewayFile } from './demo/devices.ts';
import { showProgress } from './demo/progress.ts';
import { inspectDatabase, seedUniversity } from './demo/seed-university.ts';
import { topUp } from './demo/top-up.ts';

const options = new Set(process.argv.slice(2));
process.exitCode = await main(loadEnvironment(['database']));

async function main(environment: Environment): Promise<number> {
  if (environment.isProduction) {
    console.error('The demo university is not for production: its passwords are public.');
    return 1;
  }
  const deps = await createDeps({ ...environment, logLevel: 'warn' });
  try {
    return await seed(deps);
  } finally {
    await deps.close();
  }
}

async function seed(deps: Deps): Promise<number> {
  const operation = operationFor(deps, SEED_ACTOR);
  const contents = await inspectDatabase(operation.em);
  if (contents === 'other') {
    if (options.has('--if-empty')) return 0;
    console.error('The database holds other data; the demo needs an empty one (npm run db:reset).');
    return 1;
  }
  if (contents === 'empty') await seedEmpty(deps);
  const added = await topUp(operationFor(deps, SEED_ACTOR));
  if (contents === 'demo') {
    const extra = [added.running, added.opening].filter((id) => id !== null).length;
    console.log(
      `The demo university is there; added ${added.generated} sessions from the timetable and ${extra} extra ones.`,
    );
  }
  if (!options.has('--without-accounts')) printAccounts();
  return 0;
}

async function seedEmpty(deps: Deps): Promise<void> {
  const progress = showProgress();
  const passwordHash = await deps.passwords.hash(DEMO_PASSWORD);
  const { university, devices } = await seedUniversity(
    operationFor(deps, SEED_ACTOR),
    passwordHash,
    progress,
  );
  writeGatewayFile(deps.environment.keyFolder, university, devices);
  progress.finish();
}

function printAccounts(): void {
  console.log(`\nDemo accounts, password ${DEMO_PASSWORD}:`);
  for (const { email, role, note } of DEMO_ACCOUNTS) {
    console.log(`  ${email.padEnd(24)} ${role.padEnd(16)} ${note}`);
  }
}
