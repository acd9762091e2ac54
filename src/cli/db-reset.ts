/**
 * `npm run db:reset`: throws the development data away, so that the next start begins afresh.
 * With DATABASE_URL it empties that database, else it removes the embedded one and Temporal's state.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { loadEnvironment } from '../config/env.ts';
import { openOrm, rows } from '../db/orm.ts';
import { isRunning } from '../provision/processes.ts';
import { readRunFile } from './start/run-file.ts';

const VAR = fileURLToPath(new URL('../../var', import.meta.url));
const LOCAL_HOSTS = new Set(['', 'localhost', '127.0.0.1', '[::1]']);

process.exitCode = await main();

async function main(): Promise<number> {
  const environment = loadEnvironment([]);
  if (environment.isProduction) return refuse('Not in production: restore a backup instead.');
  const running = readRunFile(join(VAR, 'run.json'));
  const supervisor = { pid: running?.pids['supervisor'] ?? 0, part: 'start.ts' };
  if (running && isRunning(supervisor)) return refuse('Stop npm start first.');
  const given = environment.databaseUrl;
  if (given !== '' && !isLocal(given)) {
    return refuse('DATABASE_URL names another machine: only a local database is emptied.');
  }
  const what = given === '' ? `the data in ${VAR}` : `everything in ${withoutPassword(given)}`;
  if (!(await confirmed(what))) return refuse('Nothing was changed.');
  if (given === '') removeEmbedded();
  else await emptyDatabase(given);
  console.log('Done. npm start (or db:migrate and seed) begins afresh.');
  return 0;
}

function refuse(sentence: string): number {
  console.error(sentence);
  return 1;
}

async function confirmed(what: string): Promise<boolean> {
  if (process.argv.includes('--yes')) return true;
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`This removes ${what}. Type yes: `);
  terminal.close();
  return answer.trim() === 'yes';
}

function removeEmbedded(): void {
  // As root the cluster may lie elsewhere; a file in its place says where (provision/postgres.ts).
  const postgres = join(VAR, 'postgres');
  for (const path of [movedTo(postgres), postgres, join(VAR, 'temporal.db')]) {
    if (path) rmSync(path, { recursive: true, force: true });
  }
}

function movedTo(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'moved-to'), 'utf8').trim();
  } catch {
    return undefined; // It lies where it should.
  }
}

async function emptyDatabase(url: string): Promise<void> {
  const orm = await openOrm({ url, poolMax: 1 });
  try {
    await rows(orm.em.fork(), 'drop schema public cascade');
    await rows(orm.em.fork(), 'create schema public');
  } finally {
    await orm.close();
  }
}

function isLocal(url: string): boolean {
  return LOCAL_HOSTS.has(new URL(url).hostname);
}

function withoutPassword(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
