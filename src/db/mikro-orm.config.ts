/** MikroORM options: explicit entities, UTC, migrations beside the code. */
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, type Options } from '@mikro-orm/postgresql';
import { fileURLToPath } from 'node:url';
import type { Pool, PoolClient } from 'pg';
import * as entities from './entities/index.ts';
import { useNames } from './prepared.ts';

/** Options the callers choose: connection URL, pool size, and whether to print statements. */
export interface DatabaseOptions {
  readonly url: string;
  readonly poolMax?: number;
  readonly debug?: boolean;
  /**
   * Read and write the snapshot that the next migration is generated from; only who makes or checks
   * migrations does. It tells of the entities: a run of migrations would store the database instead,
   * with the triggers and constraints that only migrations know, and the next one would drop them.
   */
  readonly snapshot?: boolean;
}

/** A process that hangs inside a transaction loses it, and others get the rows it had locked. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** Builds the MikroORM options for a connection URL. Pool: at most `poolMax` (default 10). */
export function ormOptions({
  url,
  poolMax = 10,
  debug = false,
  snapshot = false,
}: DatabaseOptions): Options {
  return defineConfig({
    clientUrl: url,
    entities: Object.values(entities),
    extensions: [Migrator],
    forceUtcTimezone: true,
    debug,
    driverOptions: {
      onPoolCreated: preparePool,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    },
    pool: { min: 0, max: poolMax, idleTimeoutMillis: 30_000 },
    migrations: {
      path: fileURLToPath(new URL('./migrations', import.meta.url)),
      pathTs: fileURLToPath(new URL('./migrations', import.meta.url)),
      snapshot,
      snapshotName: '.snapshot',
      emit: 'ts',
      transactional: true,
      allOrNothing: true,
      silent: true, // src/cli/migrate.ts says what was applied.
      disableForeignKeys: false,
    },
    schemaGenerator: { disableForeignKeys: false },
  });
}

function preparePool(pool: Pool): void {
  lendSafely(pool);
  pool.on('connect', useNames);
}

/**
 * A connection that opens while the pool ends is given back at once. The driver would lose it (it
 * has let go of its pool by then), and the pool would wait for it for ever. So is one that ends while
 * it is lent: whose transaction it was cannot roll back, and then never gives it back.
 */
function lendSafely(pool: Pool): void {
  const connect = pool.connect.bind(pool);
  pool.connect = (async () => {
    const client = await connect();
    giveBackOnce(client);
    if (!pool.ending) return client;
    client.release(true);
    throw new Error('The database is being closed.');
  }) as Pool['connect'];
}

function giveBackOnce(client: PoolClient): void {
  const release = client.release.bind(client);
  let isLent = true;
  const giveBack = (reason?: boolean | Error): void => {
    if (!isLent) return;
    isLent = false;
    client.off('end', giveUp);
    release(reason);
  };
  const giveUp = (): void => giveBack(true);
  client.on('end', giveUp);
  client.release = giveBack;
}
