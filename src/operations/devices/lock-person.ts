/** The lock that everything about one person's devices takes first. */
import { rows, type Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';

/**
 * One code, registration or removal at a time per person: nobody ends up with two devices, and tries
 * of a code that are sent at once are counted one after the other.
 */
export async function lockPerson(em: Em, userId: Id): Promise<void> {
  await rows(em, 'select id from app_user where id = ?::uuid for no key update', [userId]);
}
