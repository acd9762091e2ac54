/** MikroORM options: explicit entities, UTC, migrations beside the code. */
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, type Options } from '@mikro-orm/postgresql';
import { fileURLToPath } from 'node:url';
import * as entities from './entities/index.ts';

/** Options the callers choose: connection URL, pool size, and whether to print statements. */
export interface DatabaseOptions {
  readonly url: string;
  readonly poolMax?: number;
  readonly debug?: boolean;
}

/** Builds the MikroORM options for a connection URL. Pool: at most `poolMax` (default 10). */
export function ormOptions({ url, poolMax = 10, debug = false }: DatabaseOptions): Options {
  return defineConfig({
    clientUrl: url,
    entities: Object.values(entities),
    extensions: [Migrator],
    forceUtcTimezone: true,
    debug,
    pool: { min: 0, max: poolMax, idleTimeoutMillis: 30_000 },
    migrations: {
      path: fileURLToPath(new URL('./migrations', import.meta.url)),
      pathTs: fileURLToPath(new URL('./migrations', import.meta.url)),
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
