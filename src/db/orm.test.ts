/** Opening and closing the database. */
import { afterEach, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../../test/servers.ts';
import { openOrm, rows } from './orm.ts';

let database: TestDatabase | undefined;
afterEach(() => database?.drop());

it('closes while a connection is still being opened', async () => {
  database = await createTestDatabase();
  const orm = await openOrm({ url: database.url, poolMax: 4 });
  const pool = await orm.em.getConnection().getNativeClient();
  const running = rows(orm.em.fork(), 'select pg_sleep(0.1)');
  await nextTurn();
  const late = rows(orm.em.fork(), 'select 1').catch((error: unknown) => error);
  await nextTurn();
  expect(pool.totalCount).toBe(2);

  await orm.close();

  expect(String(await late)).toContain('being closed');
  expect(await running).toHaveLength(1);
});
