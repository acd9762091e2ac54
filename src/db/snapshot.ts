/** Reads several things as of one moment. */
import { IsolationLevel } from '@mikro-orm/core';
import type { Em } from './orm.ts';

/** Runs reads in one transaction that sees one snapshot and refuses to write. */
export function readSnapshot<T>(em: Em, read: (em: Em) => Promise<T>): Promise<T> {
  return em.transactional(read, {
    isolationLevel: IsolationLevel.REPEATABLE_READ,
    readOnly: true,
  });
}
