/** Opening and closing the database, and statements it keeps. */
import { afterEach, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../../test/servers.ts';
import { openOrm, preparedRows, rows } from './orm.ts';

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

it('prepares a statement of a hot path once per connection, and no other one', async () => {
  database = await createTestDatabase();
  const orm = await openOrm({ url: database.url, poolMax: 1 });
  const em = orm.em.fork();
  const hot = 'select n from unnest(?::int[]) as n where n > ?';

  const first = await preparedRows(em, hot, [[1, 2, 3], 1]);
  const second = await preparedRows(em, hot, [[4], 0]);
  const plain = await rows(em, 'select ?::int as n', [7]);

  expect([first, second, plain]).toEqual([[{ n: 2 }, { n: 3 }], [{ n: 4 }], [{ n: 7 }]]);
  const kept = await rows<{ statement: string }>(
    em,
    'select statement from pg_prepared_statements',
  );
  expect(kept).toEqual([{ statement: 'select n from unnest($1::int[]) as n where n > $2' }]);
  await orm.close();
});
