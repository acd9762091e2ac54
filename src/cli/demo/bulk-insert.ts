/** Inserts many rows in few statements, for the seeder. */
import { rows, type Em } from '../../db/orm.ts';

/** A column: its name, its PostgreSQL type, and the value of a row. Objects go to `jsonb` as text. */
export type Column<T> = readonly [name: string, type: string, value: (row: T) => unknown];

/** Rows per statement: large enough to be fast, small enough for one message. */
const BATCH = 4_000;

/** Inserts the rows in their order; columns that are not named take their defaults. */
export async function bulkInsert<T>(
  em: Em,
  table: string,
  columns: readonly Column<T>[],
  data: readonly T[],
): Promise<void> {
  const names = columns.map(([name]) => name);
  const selected = columns.map(([name, type]) => (isText(type) ? `${name}::${type}` : name));
  const unnested = columns.map(([, type]) => (isText(type) ? '?::text[]' : `?::${type}[]`));
  const sql = `insert into ${table} (${names.join(', ')})
    select ${selected.join(', ')} from unnest(${unnested.join(', ')}) as n(${names.join(', ')})`;
  for (let from = 0; from < data.length; from += BATCH) {
    const batch = data.slice(from, from + BATCH);
    await rows(
      em,
      sql,
      columns.map(([, type, value]) =>
        batch.map((row) => (type === 'jsonb' ? jsonText(value(row)) : value(row))),
      ),
    );
  }
}

/** These travel as text: `unnest` takes arrays of arrays apart. */
const isText = (type: string): boolean => type === 'jsonb' || type.endsWith('[]');

/** A missing value stays SQL's null, not JSON's. */
function jsonText(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
