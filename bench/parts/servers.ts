/** The processes that benchmarks measure, each started as production starts it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild, waitUntil } from '../../src/provision/child.ts';
import { anyFreePort } from '../../src/provision/ports.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** What deploy/Dockerfile starts Node with. */
const PRODUCTION_FLAGS = ['--max-semi-space-size=64'];

/** A running server. */
export interface Server {
  readonly baseUrl: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts the API process on a database; its log goes to a file, as it would. */
export function startApi(databaseUrl: string): Promise<Server> {
  return start('src/cli/api.ts', databaseUrl, '/health/live');
}

/** Starts the reference of the HTTP benchmarks. */
export function startBare(databaseUrl: string): Promise<Server> {
  return start('bench/parts/bare-server.ts', databaseUrl, '/');
}

async function start(file: string, databaseUrl: string, probe: string): Promise<Server> {
  const folder = join(process.env['TEST_FOLDER'] ?? '', 'servers');
  mkdirSync(folder, { recursive: true });
  const port = await anyFreePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const child = startChild({
    command: process.execPath,
    args: [...PRODUCTION_FLAGS, join(PROJECT, file)],
    env: { ...process.env, DATABASE_URL: databaseUrl, PORT: String(port), TZ: 'UTC' },
    logFile: join(folder, `${file.replaceAll('/', '-')}.log`),
  });
  await waitUntil(() => answers(`${baseUrl}${probe}`), {
    timeoutMs: 30_000,
    message: `${file} did not start; see its log in ${folder}`,
    child,
  });
  return { baseUrl, pid: child.pid, stop: () => child.stop() };
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch (error) {
    // Nobody listens yet.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
