/**
 * `npm run check`, last part: the entities have their migrations, and every migration goes up, down
 * and up again on an empty PostgreSQL.
 */
import { openOrm, rows, type Orm } from '../src/db/orm.ts';
import { ensureDatabase } from '../src/provision/postgres.ts';
import { provision } from './provision.ts';

const servers = await provision({ postgres: true, temporal: false, timeSkipping: false }, () => {});
try {
  const admin = servers.env['TEST_PG_ADMIN_URL'];
  if (!admin) throw new Error('no PostgreSQL was started');
  const url = await ensureDatabase(admin, 'check_migrations');
  await using(url, true, checkComplete);
  if (!process.exitCode) await using(url, false, checkReversible);
} finally {
  await servers.stop();
}

async function using(
  url: string,
  snapshot: boolean,
  check: (orm: Orm) => Promise<void>,
): Promise<void> {
  const orm = await openOrm({ url, poolMax: 2, snapshot });
  try {
    await check(orm);
  } finally {
    await orm.close();
  }
}

async function checkComplete(orm: Orm): Promise<void> {
  if (await orm.migrator.checkSchema()) {
    fail('an entity changed without a migration: run npm run db:migration');
  }
}

async function checkReversible(orm: Orm): Promise<void> {
  const empty = await objects(orm);
  const up = await orm.migrator.up();
  if (up.length === 0) return fail('there is no migration');
  const full = await objects(orm);
  for (const _ of up) await orm.migrator.down();
  const left = difference(await objects(orm), empty);
  if (left.length > 0) return fail(`the way down leaves ${left.join(', ')}`);
  await orm.migrator.up();
  const again = await objects(orm);
  const changed = [...difference(full, again), ...difference(again, full)];
  if (changed.length > 0) return fail(`the second way up differs in ${changed.join(', ')}`);
  console.log(`${up.length} migration(s) complete: up, down and up again`);
}

function fail(sentence: string): void {
  console.error(`check-migrations: ${sentence}`);
  process.exitCode = 1;
}

/** Names of what a migration can make, without the migrator's own table. */
async function objects(orm: Orm): Promise<string[]> {
  const found = await rows<{ name: string }>(
    orm.em.fork(),
    `select c.relkind::text || ' ' || c.relname as name from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relname not like 'mikro\\_orm\\_%'
     union all
     select 'function ' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'public' and not exists (
       select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
     union all
     select 'trigger ' || t.tgname from pg_trigger t where not t.tgisinternal
     union all
     select 'constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid) from pg_constraint k
       join pg_namespace n on n.oid = k.connamespace
     where n.nspname = 'public' and k.conrelid <> 0
       and k.conrelid::regclass::text not like 'mikro\\_orm\\_%'
     order by 1`,
    [],
  );
  return found.map(({ name }) => name);
}

function difference(left: readonly string[], right: readonly string[]): string[] {
  const known = new Set(right);
  return left.filter((name) => !known.has(name));
}
