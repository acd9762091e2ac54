/** Marks messages as read, for the person they were told to. */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';

/**
 * Marks one message as read; the first reading stays its time.
 * @throws AppError `not_found` for ids of no message, or of a message to somebody else
 */
export async function readNotification(em: Em, userId: Id, id: Id): Promise<void> {
  const found = await firstRow(
    em,
    `update notification set read_at = coalesce(read_at, app_clock())
     where id = ?::uuid and user_id = ?::uuid returning id`,
    [id, userId],
  );
  if (!found) throw appError('not_found', 'There is no such notification among yours.');
}

/** Marks every message of a person as read; gives how many were not. */
export async function readAllNotifications(em: Em, userId: Id): Promise<number> {
  const found = await rows(
    em,
    `update notification set read_at = app_clock()
     where user_id = ?::uuid and read_at is null returning id`,
    [userId],
  );
  return found.length;
}
