/** Name-based UUIDs, so that a repeat of the same work makes the same id. */
import { v5 } from 'uuid';
import type { Id } from '../domain/types.ts';

/** The UUIDv5 (RFC 9562) of `name` in the namespace of another UUID. */
export function uuidV5(namespace: Id, name: string): Id {
  return v5(name, namespace);
}
