/** Starts PostgreSQL, Temporal, worker, API and dashboard in order, and stops them in reverse. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DEMO_ACCOUNTS } from '../../db/seeders/demo-accounts.ts';
import { cacheFolder } from '../../provision/cache.ts';
import { isPortFree, nextFreePort } from '../../provision/ports.ts';
import { ensureDatabase, startPostgres } from '../../provision/postgres.ts';
import { resolveTemporalBinary, startTemporalServer } from '../../provision/temporal-server.ts';
import { buildDashboard, watchDashboard } from './dashboard.ts';
import { Embedded, type Running } from './embedded.ts';
import {
  entryPoint,
  LOGS,
  PROJECT,
  RUN_FILE,
  TEMPORAL_STATE,
  VAR,
  WORKFLOW_BUNDLE,
} from './paths.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { Service } from './service.ts';
import { step } from './steps.ts';
import { takeOver } from './take-over.ts';
import { printWelcome, ready } from './welcome.ts';

const DEFAULT_API_PORT = 3000;
const DEFAULT_POSTGRES_PORT = 54_329;
const DEFAULT_TEMPORAL_PORT = 7_233;
const DEFAULT_UI_PORT = 8_233;
const TEMPORAL = 'the Temporal server';
const STOP_GRACE_MS = 12_000;

interface Temporal {
  readonly address: string;
  readonly uiUrl: string;
  readonly binary: string;
}

/** What stops with the rest. */
interface Part {
  readonly name: string;
  readonly pid?: number | undefined;
  expectEnd?(): void;
  stop(): Promise<void>;
}

/** The process tree of `npm start`. */
export class Supervisor {
  readonly #parts: Part[] = [];
  #starting: Promise<unknown> = Promise.resolve();
  /** Writes the run file anew; whoever has a new pid calls it. */
  #note: () => void = () => undefined;
  readonly #services: Service[] = [];
  readonly #isWatching: boolean;
  #stopping: Promise<void> | undefined;
  /** From here on var/ is ours to write and to clean. */
  #holdsProject = false;

  /** @param isWatching start services and dashboard anew whenever their sources change */
  constructor({ isWatching }: { isWatching: boolean }) {
    this.#isWatching = isWatching;
  }

  /** A stop was asked for; steps that fail because of it are not errors. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Starts everything and returns when the system is ready; it then runs until `stop`. */
  async start(): Promise<void> {
    const started = performance.now();
    await takeOver();
    this.#holdsProject = true;
    mkdirSync(LOGS, { recursive: true });
    console.log('CampsHub360 Attendance starts:');
    const port = await choosePort();
    const servers = Promise.all([this.#database(), this.#temporal()]);
    this.#starting = servers;
    const [databaseUrl, temporal] = await servers;
    const env = serviceEnvironment(databaseUrl, temporal, port);
    const dashboard = step('dashboard built', () => buildDashboard(PROJECT));
    const bundle = this.#isWatching
      ? Promise.resolve()
      : step('services compiled', () => this.#compile(env));
    const builds = Promise.all([dashboard, bundle]);
    builds.catch(() => undefined); // Awaited below; a stop in between must not crash the start.
    await step('database schema', () => this.#run('migrate.ts', env));
    await step('demo university', () => this.#run('seed.ts', env, ['--without-accounts']));
    await builds;
    if (this.#isWatching) this.#watchDashboard();
    const api = `http://127.0.0.1:${port}`;
    this.#note = () => this.#writeRunFile(api, temporal, databaseUrl);
    this.#launch(env);
    await step('API and worker ready', () => ready(api));
    printWelcome(api, temporal.uiUrl || temporal.address, performance.now() - started);
  }

  /** Stops everything in reverse order, removes the run file and ends the process. */
  async stop(exitCode: number): Promise<void> {
    this.#stopping ??= this.#stopAll();
    await this.#stopping;
    process.exit(exitCode);
  }

  async #stopAll(): Promise<void> {
    if (!this.#holdsProject) return;
    console.log('\nstopping ...');
    for (const part of [...this.#services, ...this.#parts]) part.expectEnd?.();
    await Promise.all(this.#services.map((service) => service.stop(STOP_GRACE_MS)));
    const pending = this.#starting.catch(() => undefined);
    await Promise.race([pending, delay(STOP_GRACE_MS, undefined, { ref: false })]);
    for (const part of this.#parts.toReversed()) {
      await part.stop().catch((error: unknown) => console.error(`${part.name}: ${String(error)}`));
    }
    removeRunFile(RUN_FILE);
    console.log('stopped; the data stays in var/');
  }

  async #database(): Promise<string> {
    const given = process.env['DATABASE_URL'];
    if (given) return given;
    return step('PostgreSQL', async () => {
      const port = await nextFreePort(DEFAULT_POSTGRES_PORT);
      const { url } = await this.#keep('PostgreSQL', () =>
        startPostgres({
          folder: join(VAR, 'postgres'),
          passwordFile: join(VAR, 'keys', 'postgres-password'),
          logFile: join(LOGS, 'postgres.log'),
          port,
        }),
      );
      return ensureDatabase(url, 'attendance');
    });
  }

  async #temporal(): Promise<Temporal> {
    const given = process.env['TEMPORAL_ADDRESS'];
    if (given) return { address: given, uiUrl: '', binary: '' };
    return step('Temporal server', async () => {
      const binary = await resolveTemporalBinary({
        cacheFolder: cacheFolder(PROJECT),
        log: (line) => console.log(`    ${line}`),
      });
      const port = await nextFreePort(DEFAULT_TEMPORAL_PORT);
      const uiPort = await nextFreePort(DEFAULT_UI_PORT);
      return this.#keep(TEMPORAL, () =>
        startTemporalServer({
          binary,
          logFile: join(LOGS, 'temporal.log'),
          dbFile: TEMPORAL_STATE,
          port,
          uiPort,
        }),
      );
    });
  }

  /** Starts an embedded server, which starts again when it is killed. */
  #keep<T extends Running>(name: string, start: () => Promise<T>): Promise<T> {
    const embedded = new Embedded({
      name,
      start,
      say: (line) => console.error(`  ! ${line}`),
      onRestart: () => this.#note(),
    });
    this.#parts.push(embedded);
    return embedded.open();
  }

  #launch(env: Readonly<Record<string, string>>): void {
    const common = {
      project: PROJECT,
      isWatching: this.#isWatching,
      onStart: () => this.#note(),
      onRestart: (line: string) => console.error(`  ! ${line}`),
    };
    this.#services.push(
      new Service({
        ...common,
        name: 'worker',
        heapMegabytes: 256,
        env: {
          ...env,
          DATABASE_POOL_MAX: '4',
          ...(this.#isWatching ? {} : { WORKFLOW_BUNDLE }),
        },
      }),
      new Service({
        ...common,
        name: 'api',
        heapMegabytes: 256,
        env: { ...env, DATABASE_POOL_MAX: '8' },
      }),
    );
    for (const service of this.#services) service.launch();
  }

  async #compile(env: Readonly<Record<string, string>>): Promise<void> {
    await this.#run('bundle-workflows.ts', env, [WORKFLOW_BUNDLE]);
    await this.#run('compile.ts', env);
  }

  #watchDashboard(): void {
    const child = watchDashboard(PROJECT, join(LOGS, 'dashboard.log'));
    this.#parts.push({ name: 'dashboard', stop: () => child.stop() });
  }

  /** Runs an entry point of src/cli to its end; its output is shown. */
  #run(
    file: string,
    env: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [entryPoint(file), ...args], {
        cwd: PROJECT,
        env: { ...process.env, ...env, TZ: 'UTC' },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      child.once('error', reject);
      child.once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`src/cli/${file} ended with ${code}`)),
      );
    });
  }

  #writeRunFile(api: string, temporal: Temporal, databaseUrl: string): void {
    const temporalPid = this.#parts.find(({ name }) => name === TEMPORAL)?.pid;
    const services = Object.fromEntries(
      ['worker', 'api'].map((name, index) => [name, this.#services[index]?.pid ?? 0]),
    );
    writeRunFile(RUN_FILE, {
      api,
      temporal_ui: temporal.uiUrl,
      temporal_address: temporal.address,
      temporal_cli: temporal.binary,
      database_url: databaseUrl,
      mail_folder: join(VAR, 'mail'),
      accounts: DEMO_ACCOUNTS.map(({ email, role }) => ({ email, role })),
      pids: {
        supervisor: process.pid,
        ...services,
        ...(temporalPid ? { temporal: temporalPid } : {}),
      },
    });
  }
}

async function choosePort(): Promise<number> {
  const given = process.env['PORT'];
  if (given === undefined || given === '') return nextFreePort(DEFAULT_API_PORT);
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`PORT=${given} is not a port; use a number from 1 to 65535.`);
  }
  if (await isPortFree(port)) return port;
  throw new Error(`port ${port} is taken: free it, or start with another PORT, or with none.`);
}

function serviceEnvironment(
  databaseUrl: string,
  temporal: Temporal,
  port: number,
): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    PORT: String(port),
    KEY_FOLDER: process.env['KEY_FOLDER'] ?? join(VAR, 'keys'),
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
    // glibc keeps an arena per thread; two are enough and save a third of the memory.
    MALLOC_ARENA_MAX: '2',
    NODE_COMPILE_CACHE: join(VAR, 'compile-cache'),
  };
}
