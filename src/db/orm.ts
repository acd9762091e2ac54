/** Opens the database and runs typed SQL inside the caller's transaction. */
import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import type { Instant } from '../domain/types.ts';
import { CompiledQuery, type Transaction } from 'kysely';
import { ormOptions, type DatabaseOptions } from './mikro-orm.config.ts';
import { prepareOnce } from './prepared.ts';

/** The entity manager of this product's database. */
export type Em = EntityManager;
/** The opened ORM. */
export type Orm = MikroORM;

/** Opens the ORM; the caller closes it with `orm.close()`. */
export async function openOrm(options: DatabaseOptions): Promise<Orm> {
  const orm = await MikroORM.init(ormOptions(options));
  await orm.connect();
  return orm;
}

/**
 * Runs one statement with `?` placeholders on the entity manager's connection or transaction.
 * Parameters travel apart from the text (arrays as PostgreSQL arrays, dates as instants); write
 * casts such as `?::uuid[]`. Errors are the driver's own, with `code` and `constraint`.
 * @returns the rows as `T`; the caller states the shape the statement selects. `timestamptz` comes
 * as text (see `toInstant`), `bigint` as text, `date` as `YYYY-MM-DD`, arrays and json as values
 */
export async function rows<T extends object>(
  em: Em,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<T[]> {
  const client =
    em.getTransactionContext<Transaction<unknown>>() ?? em.getConnection().getClient<unknown>();
  const result = await client.executeQuery<T>(CompiledQuery.raw(numbered(sql), [...parameters]));
  return result.rows;
}

/**
 * `rows` for a statement of a hot path: every connection parses and plans it once. Its text must be a
 * constant, and its plan good for any parameters (arrays through `unnest`, lookups by index).
 */
export function preparedRows<T extends object>(
  em: Em,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<T[]> {
  prepareOnce(numbered(sql));
  return rows(em, sql, parameters);
}

/** Runs a statement and gives its first row, or undefined. */
export async function firstRow<T extends object>(
  em: Em,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<T | undefined> {
  return (await rows<T>(em, sql, parameters))[0];
}

const numberedTexts = new Map<string, string>();
const NUMBERED_TEXTS_MAX = 2_000;

/** `?` placeholders as `$1`, `$2`; quoted text is left alone. Texts repeat, so results are kept. */
function numbered(sql: string): string {
  const known = numberedTexts.get(sql);
  if (known !== undefined) return known;
  let count = 0;
  const text = sql.replace(/'(?:[^']|'')*'|\?/g, (token) =>
    token === '?' ? `$${(count += 1)}` : token,
  );
  if (numberedTexts.size < NUMBERED_TEXTS_MAX) numberedTexts.set(sql, text);
  return text;
}

/** A `timestamptz` as the driver gives it, as an ISO 8601 instant with milliseconds. */
export function toInstant(text: string): Instant {
  return new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();
}

/** `toInstant` for a column that may be null. */
export function toInstantOrNull(text: string | null): Instant | null {
  return text === null ? null : toInstant(text);
}

/** The SQLSTATE of a driver error, also behind the ORM's wrapping; undefined for other errors. */
export function sqlState(error: unknown): string | undefined {
  return errorField(error, 'code');
}

/** The name of the violated constraint of a driver error, or undefined. */
export function violatedConstraint(error: unknown): string | undefined {
  return errorField(error, 'constraint');
}

function errorField(error: unknown, field: 'code' | 'constraint'): string | undefined {
  if (error === null || typeof error !== 'object') return undefined;
  const own = Reflect.get(error, field);
  if (typeof own === 'string') return own;
  return errorField(Reflect.get(error, 'cause'), field);
}
