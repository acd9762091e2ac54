/** Opens the database and runs typed SQL inside the caller's transaction. */
import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { ormOptions, type DatabaseOptions } from './mikro-orm.config.ts';

/** The entity manager of this product's database. */
export type Em = EntityManager;
/** The opened ORM. */
export type Orm = MikroORM;

/** Opens the ORM; the caller closes it with `orm.close()`. */
export async function openOrm(options: DatabaseOptions): Promise<Orm> {
  return MikroORM.init(ormOptions(options));
}

/**
 * Runs one statement with `?` placeholders on the entity manager's connection or transaction.
 * @returns the rows as `T`; the caller states the shape the statement selects
 */
export async function rows<T extends object>(
  em: Em,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<T[]> {
  return em.execute<T[]>(sql, [...parameters], 'all');
}

/** Runs a statement and gives its first row, or undefined. */
export async function firstRow<T extends object>(
  em: Em,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<T | undefined> {
  return (await rows<T>(em, sql, parameters))[0];
}
