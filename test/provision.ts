/** Starts what the tests need in temporary folders and on free ports, once per run. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../src/provision/cache.ts';
import { ensureDatabase, startPostgres } from '../src/provision/postgres.ts';
import { resolveTemporalBinary, startTemporalServer } from '../src/provision/temporal-server.ts';
import { resolveTimeSkippingServer } from '../src/provision/time-skipping-server.ts';

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** What a selection of tests needs. */
export interface Needs {
  readonly postgres: boolean;
  readonly temporal: boolean;
  readonly timeSkipping: boolean;
  /**
   * PostgreSQL as in production: it keeps what it commits through a crash, and has memory for what
   * is read often. Benchmarks measure that.
   */
  readonly durable?: boolean;
}

/** What docs/performance.md advises for the smallest machine, of 4 GB. */
const PRODUCTION_SIZES = { sharedBuffers: '512MB', maxWalSize: '4GB', vacuumDelay: '10ms' };

/** Addresses for the tests, and how to stop it all. */
export interface Provisioned {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts the servers the tests need. The environment's own servers are never used. */
export async function provision(needs: Needs, log: (line: string) => void): Promise<Provisioned> {
  const folder = mkdtempSync(join(tmpdir(), 'campshub360-test-'));
  const env: Record<string, string> = {
    KEY_FOLDER: join(folder, 'keys'),
    TEST_FOLDER: folder,
    // What tests unpack or leave behind goes with the run, and never meets another account's files.
    TMPDIR: folder,
  };
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.toReversed()) await stopOne();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (needs.postgres) {
      const postgres = await startPostgres({
        folder: join(folder, 'postgres'),
        passwordFile: join(folder, 'postgres-password'),
        logFile: join(folder, 'postgres.log'),
        durable: needs.durable ?? false,
        ...(needs.durable ? { sizes: PRODUCTION_SIZES } : {}),
      });
      stops.push(async () => {
        await postgres.stop();
        // Not always below `folder`: the account that runs it may not be let in there.
        rmSync(postgres.dataFolder, { recursive: true, force: true });
      });
      env['TEST_PG_ADMIN_URL'] = postgres.url;
      await makeTemplate(postgres.url);
    }
    const cache = cacheFolder(PROJECT);
    if (needs.temporal) {
      const binary = await resolveTemporalBinary({ cacheFolder: cache, log });
      const server = await startTemporalServer({ binary, logFile: join(folder, 'temporal.log') });
      stops.push(() => server.stop());
      env['TEST_TEMPORAL_ADDRESS'] = server.address;
      env['TEST_TEMPORAL_BINARY'] = binary;
    }
    if (needs.timeSkipping)
      env['TEST_TIME_SKIPPING_PATH'] = await resolveTimeSkippingServer(cache, log);
    return { env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeTemplate(adminUrl: string): Promise<void> {
  const url = await ensureDatabase(adminUrl, 'att_template');
  await run(process.execPath, [join(PROJECT, 'src', 'cli', 'migrate.ts')], {
    env: { ...process.env, DATABASE_URL: url, TEST_CLOCK: '1', TZ: 'UTC' },
  });
}
