/** Finds a Temporal server binary, or makes one, and runs the development server. */
import { execFile, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cached } from './cache.ts';
import { startChild, waitUntil } from './child.ts';
import { anyFreePort } from './ports.ts';

const run = promisify(execFile);

/** The version both last steps of the chain give: command line and server (tools/temporal/go.mod). */
export const TEMPORAL_CLI_VERSION = '1.8.2';

const DOWNLOAD = fileURLToPath(new URL('./download-temporal.ts', import.meta.url));
const DOWNLOAD_WITHIN_MS = 5 * 60_000;
const TOOLS = fileURLToPath(new URL('../../tools/temporal', import.meta.url));

/** Typed search attributes of temporal.md section 11; a server must know them before workflows. */
export const SEARCH_ATTRIBUTES = {
  CaseKind: 'Keyword',
  CaseStatus: 'Keyword',
  CampusId: 'Keyword',
  DepartmentId: 'Keyword',
  SectionId: 'Keyword',
  DueAt: 'Datetime',
  Level: 'Int',
} as const;

/** One way to come by the binary: its path, or the reason why not. */
export interface Step {
  readonly name: string;
  find(): Promise<string>;
}

/** What the chain needs; tests replace the steps. */
export interface ResolveOptions {
  readonly cacheFolder: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly steps?: readonly Step[];
}

/**
 * The path of a `temporal` binary by the chain of architecture.md section 2; each failed step is
 * one line of the log.
 * @throws Error with one sentence that names the remedy when every step fails
 */
export async function resolveTemporalBinary(options: ResolveOptions): Promise<string> {
  const steps = options.steps ?? defaultSteps(options);
  for (const step of steps) {
    try {
      const path = await step.find();
      options.log(`Temporal server: ${step.name}`);
      return path;
    } catch (error) {
      options.log(`Temporal server: not from ${step.name} (${oneLine(error)})`);
    }
  }
  throw new Error(
    'No Temporal server can be had: install Go 1.26 or newer from go.dev, or set TEMPORAL_CLI_PATH to a temporal binary, or TEMPORAL_ADDRESS to a running server.',
  );
}

function defaultSteps({ cacheFolder, env = process.env, log }: ResolveOptions): Step[] {
  const name = `temporal-${TEMPORAL_CLI_VERSION}`;
  return [
    { name: 'TEMPORAL_CLI_PATH', find: async () => checked(env['TEMPORAL_CLI_PATH'], 'not set') },
    { name: 'PATH', find: async () => checked(onPath('temporal', env), 'no temporal command') },
    { name: 'the cache', find: async () => checked(existing(join(cacheFolder, name)), 'empty') },
    {
      name: 'the download of the SDK',
      find: () => cached(cacheFolder, name, download),
    },
    {
      name: 'its Go source',
      find: () => cached(cacheFolder, name, (target) => build(target, log)),
    },
  ];
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

async function checked(path: string | undefined, reason: string): Promise<string> {
  if (!path) throw new Error(reason);
  await run(path, ['--version'], { timeout: 20_000 });
  return path;
}

/** The SDK keeps its download for a day only, so a copy goes into our cache. */
async function download(target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-download-'));
  try {
    await run(process.execPath, [DOWNLOAD, `v${TEMPORAL_CLI_VERSION}`, folder], {
      timeout: DOWNLOAD_WITHIN_MS,
    }).catch((error: unknown) => {
      throw new Error(stderrOf(error));
    });
    const file = (await readdir(folder)).find((entry) => entry.startsWith('temporal'));
    if (!file) throw new Error('nothing was downloaded');
    copyFileSync(join(folder, file), target);
    chmodSync(target, 0o755);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function stderrOf(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  return stderr ? stderr : String(error);
}

const PROGRESS_MS = 15_000;

/** Builds the pinned source; the tools folder is copied because a clone may be read-only. */
async function build(target: string, log: (line: string) => void): Promise<void> {
  await run('go', ['version']).catch(() => {
    throw new Error('Go is not installed');
  });
  log('Temporal server: building it from source once; this takes about three minutes');
  const folder = await mkdtemp(join(tmpdir(), 'temporal-build-'));
  const started = Date.now();
  const progress = setInterval(
    () => log(`Temporal server: still building, ${Math.round((Date.now() - started) / 1_000)} s`),
    PROGRESS_MS,
  );
  try {
    await cp(TOOLS, folder, { recursive: true });
    await buildIn(folder, target);
  } finally {
    clearInterval(progress);
    await rm(folder, { recursive: true, force: true });
  }
}

function buildIn(folder: string, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      'go',
      [
        'build',
        '-trimpath',
        '-ldflags=-s -w',
        '-o',
        target,
        'github.com/temporalio/cli/cmd/temporal',
      ],
      { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let last = '';
    child.stderr.on('data', (chunk: Buffer) => (last = chunk.toString('utf8').trim() || last));
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`go build ended with ${code}: ${last}`)),
    );
  });
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, 200);
}

/** A running development server. */
export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string;
  readonly binary: string;
  readonly pid: number;
  readonly exited: Promise<number | string>;
  stop(): Promise<void>;
}

/** Where the development server keeps its state and listens. */
export interface TemporalServerOptions {
  readonly binary: string;
  readonly logFile: string;
  /** File of its state; without one the state is lost at the end. */
  readonly dbFile?: string;
  readonly port?: number;
  readonly uiPort?: number;
}

/** Starts the development server with our search attributes and waits until it serves. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const port = options.port ?? (await anyFreePort());
  const uiPort = options.uiPort ?? (await anyFreePort());
  const attributes = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${type}`,
  ]);
  const child = startChild({
    command: options.binary,
    args: [
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--ui-port',
      String(uiPort),
      '--log-level',
      'error',
      ...(options.dbFile ? ['--db-filename', options.dbFile] : []),
      ...attributes,
    ],
    env: { ...process.env, TZ: 'UTC', GOMEMLIMIT: '220MiB' },
    cwd: dirname(options.logFile),
    logFile: options.logFile,
  });
  const address = `127.0.0.1:${port}`;
  await waitUntil(() => serves(port, options.binary, address), {
    timeoutMs: 60_000,
    message: `the Temporal server did not start; its log is ${options.logFile}`,
    child,
  });
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    binary: options.binary,
    pid: child.pid,
    exited: child.exited,
    stop: () => child.stop(10_000),
  };
}

async function serves(port: number, binary: string, address: string): Promise<boolean> {
  if (!(await isListening(port))) return false;
  try {
    await run(
      binary,
      ['operator', 'namespace', 'describe', '-n', 'default', '--address', address],
      { timeout: 5_000 },
    );
    return true;
  } catch {
    return false; // Not ready yet; asked again.
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
