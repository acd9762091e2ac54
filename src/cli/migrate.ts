/** Brings the database named by DATABASE_URL to the newest schema; prints what it applied. */
import { keepAuditPartitions } from '../audit/keep-partitions.ts';
import { openOrm, rows } from '../db/orm.ts';
import { testClockStatements } from '../db/sql/functions.ts';
import { loadEnvironment } from '../config/env.ts';

const environment = loadEnvironment(['database']);
const orm = await openOrm({ url: environment.databaseUrl, poolMax: 2 });
try {
  const direction = process.argv[2] === 'down' ? 'down' : 'up';
  const applied = direction === 'up' ? await orm.migrator.up() : await orm.migrator.down();
  if (direction === 'up') {
    await keepAuditPartitions(orm.em.fork());
    if (environment.testClock) {
      for (const statement of testClockStatements) await rows(orm.em.fork(), statement);
    }
  }
  for (const migration of applied) console.log(`${direction} ${migration.name}`);
  if (applied.length === 0) console.log('the schema is up to date');
} finally {
  await orm.close();
}
