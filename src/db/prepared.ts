/**
 * Names for statements of hot paths, so that each connection parses and plans them once: planning the
 * facts of a scan costs more than answering them.
 */
import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';

const names = new Map<string, string>();

/** Bound of what a connection keeps: statements are texts of this code, not of its callers. */
const STATEMENTS_MAX = 100;

/** Has a statement prepared by every connection that runs it. @param text  with `$1`, `$2` */
export function prepareOnce(text: string): void {
  if (names.has(text) || names.size >= STATEMENTS_MAX) return;
  names.set(text, `s${createHash('sha256').update(text).digest('hex').slice(0, 24)}`);
}

/** Makes a fresh connection run the statements that have a name by it. */
export function useNames(client: PoolClient): void {
  const query = client.query.bind(client) as (...given: readonly unknown[]) => unknown;
  const named = (text: unknown, ...rest: readonly unknown[]): unknown => {
    const name = typeof text === 'string' ? names.get(text) : undefined;
    return name === undefined ? query(text, ...rest) : query({ name, text }, ...rest);
  };
  client.query = named as PoolClient['query'];
}
