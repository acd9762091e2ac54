/** Opening and closing the database, and statements it keeps. */
import { afterEach, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../../test/servers.ts';
import { Client } from 'pg';
import { openOrm, preparedRows, rows, sqlState } from './orm.ts';

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

it('has its connections again after the server ended them in transactions', async () => {
  database = await createTestDatabase();
  const { url } = database;
  const orm = await openOrm({ url, poolMax: 2 });
  const other = new Client({ connectionString: url });
  await other.connect();
  const lost = Array.from({ length: 3 }, () =>
    orm.em
      .fork()
      .transactional((em) => rows(em, 'select pg_sleep(30)'))
      .catch((error: unknown) => sqlState(error)),
  );
  const ended = Promise.all(lost);
  let isOver = false;
  const over = ended.finally(() => {
    isOver = true;
  });
  // The third one begins once it is given a connection; one that ends is still seen for a moment.
  const untilMs = performance.now() + 4_000;
  while (!isOver && performance.now() < untilMs) {
    await other.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    );
  }
  await over;
  expect(await ended).toEqual(['57P01', '57P01', '57P01']);

  const answers = await Promise.all(
    [1, 2, 3].map((n) => rows(orm.em.fork(), 'select ?::int as n', [n])),
  );
  expect(answers.flat()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  await orm.close();
  await other.end();
});
