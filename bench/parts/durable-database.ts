/** A database as production has it: migrated, with the real clock, durable. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { firstRow, type Em } from '../../src/db/orm.ts';
import { ensureDatabase } from '../../src/provision/postgres.ts';

const run = promisify(execFile);
const MIGRATE = fileURLToPath(new URL('../../src/cli/migrate.ts', import.meta.url));

/** Makes the database on the server that `process.env` names. @returns its URL */
export async function makeBenchDatabase(): Promise<string> {
  const url = await ensureDatabase(process.env['TEST_PG_ADMIN_URL'] ?? '', 'att_bench');
  await run(process.execPath, [MIGRATE], { env: { ...process.env, DATABASE_URL: url } });
  return url;
}

/** Durability is never traded for speed (quality.md section 1). @throws Error when something is off */
export async function requireDurable(em: Em): Promise<void> {
  const row = await firstRow<Record<string, string>>(
    em,
    `select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages,
       current_setting('synchronous_commit') as commit`,
  );
  if (Object.values(row ?? {}).some((value) => value !== 'on')) {
    throw new Error('fsync, full_page_writes and synchronous_commit must be on');
  }
}

/** Memory that the server has for its pages, as it states it. */
export async function sharedBuffersOf(em: Em): Promise<string> {
  const row = await firstRow<{ size: string }>(
    em,
    "select current_setting('shared_buffers') as size",
  );
  return row?.size ?? 'unknown';
}

/** Process id of the server, for its share of the CPU. */
export async function postmasterOf(em: Em): Promise<number> {
  const row = await firstRow<{ pid: number }>(
    em,
    `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid`,
  );
  return row?.pid ?? 0;
}
