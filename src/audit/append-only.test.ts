/** Append-only tables refuse every change, on each partition and in replica mode (trust.md section 6). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/servers.ts';
import { openOrm, rows, type Orm } from '../db/orm.ts';

let database: TestDatabase;
let orm: Orm;

beforeAll(async () => {
  database = await createTestDatabase();
  orm = await openOrm({ url: database.url, poolMax: 1 });
});
afterAll(async () => {
  await orm.close();
  await database.drop();
});

describe('append-only tables', () => {
  it('have both guards, and none that replica mode would skip', async () => {
    const found = await rows<{ table: string; always: boolean; guards: number }>(
      orm.em.fork(),
      `select c.relname as table, bool_and(t.tgenabled = 'A') as always, count(*)::int as guards
       from pg_class c left join pg_trigger t on t.tgrelid = c.oid
         and t.tgfoid = 'refuse_change()'::regprocedure
       where c.relkind in ('r', 'p') and (c.relname like 'audit\\_event%'
         or c.relname in ('attendance_operation', 'decision', 'consent_event'))
       group by c.relname order by c.relname`,
    );

    expect(found.length).toBeGreaterThanOrEqual(3 + 1 + 1 + 4);
    expect(found.filter((row) => !row.always || row.guards !== 2)).toEqual([]);
  });
});
