/** Where a text stands in the database, for tests of what is never stored. */
import { rows, type Em } from '../src/db/orm.ts';

/** The columns, as `table.column`, in any row of which the text appears, whatever their type. */
export async function findInDatabase(em: Em, text: string): Promise<string[]> {
  const columns = await rows<{ table_name: string; column_name: string }>(
    em,
    `select c.table_name, c.column_name from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
     order by c.table_name, c.column_name`,
  );
  const found: string[] = [];
  for (const { table_name: table, column_name: column } of columns) {
    const [row] = await rows(
      em,
      `select 1 from "${table}" where position(? in "${column}"::text) > 0 limit 1`,
      [text],
    );
    if (row) found.push(`${table}.${column}`);
  }
  return found;
}
