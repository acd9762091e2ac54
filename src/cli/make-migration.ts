/**
 * `npm run db:migration`: writes the migration from the last snapshot to the entities of now. It
 * needs a server to speak to but no data of it, so it starts an empty one of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOrm } from '../db/orm.ts';
import { startPostgres } from '../provision/postgres.ts';

const folder = mkdtempSync(join(tmpdir(), 'campshub360-migration-'));
try {
  const postgres = await startPostgres({
    folder: join(folder, 'postgres'),
    passwordFile: join(folder, 'password'),
    logFile: join(folder, 'postgres.log'),
    durable: false,
  });
  try {
    await makeMigration(postgres.url);
  } finally {
    await postgres.stop();
    rmSync(postgres.dataFolder, { recursive: true, force: true });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function makeMigration(url: string): Promise<void> {
  const orm = await openOrm({ url, poolMax: 2, snapshot: true });
  try {
    const { fileName, diff } = await orm.migrator.create();
    if (diff.up.length === 0) console.log('The entities have not changed.');
    else
      console.log(`src/db/migrations/${fileName}: read it, add what entities cannot say, try it.`);
  } finally {
    await orm.close();
  }
}
