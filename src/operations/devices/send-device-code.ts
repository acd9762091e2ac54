/** Sends a person the code that a first device needs (trust.md section 2). */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, toInstant, type Em } from '../../db/orm.ts';
import { CODE_MINUTES, waitForCodeSeconds } from '../../domain/devices/device-code.ts';
import { appError } from '../../domain/errors.ts';
import type { Id, Instant } from '../../domain/types.ts';
import { notify } from '../notifications/notify.ts';
import type { Operation } from '../ports.ts';
import { lockPerson } from './lock-person.ts';

/**
 * Makes a code for the sign-in that asks, in place of any code before it. The mail is a notice like
 * any other, written here and sent by the worker, which makes the digits from the code's id.
 * @param signInId  the code registers devices from this sign-in only
 * @returns until when the code is good
 * @throws AppError `rate_limited` after three codes in a quarter of an hour or ten in a day
 */
export async function sendDeviceCode(
  { em, ids, actor }: Operation,
  userId: Id,
  signInId: Id,
): Promise<Instant> {
  return em.transactional(async (transaction) => {
    await lockPerson(transaction, userId);
    await refuseTooMany(transaction, userId);
    const id = ids.next();
    const row = await firstRow<{ expires_at: string }>(
      transaction,
      `insert into device_code (id, user_id, sign_in_id, expires_at)
       values (?::uuid, ?::uuid, ?::uuid, app_clock() + make_interval(mins => ${CODE_MINUTES}))
       returning expires_at`,
      [id, userId, signInId],
    );
    if (!row) throw appError('invariant_broken', 'A code was not stored.');
    await notify(transaction, ids, [
      {
        userId,
        kind: 'device_code',
        dedupeKey: `device_code:${id}`,
        payload: { code: id },
        mail: true,
      },
    ]);
    const event = auditEntry(actor, {
      chain: 'area:auth',
      action: 'auth.device_code_sent',
      entityType: 'device_code',
      entityId: id,
      after: { holder: userId },
    });
    await appendLog(transaction, ids, { audit: [event] });
    return toInstant(row.expires_at);
  });
}

async function refuseTooMany(em: Em, userId: Id): Promise<void> {
  const found = await rows<{ age: number }>(
    em,
    `select extract(epoch from app_clock() - created_at)::float8 as age from device_code
     where user_id = ?::uuid and created_at > app_clock() - interval '24 hours'`,
    [userId],
  );
  const seconds = waitForCodeSeconds(found.map(({ age }) => age));
  if (seconds === 0) return;
  throw appError(
    'rate_limited',
    `Enough codes were sent; use the latest, or ask for another in ${Math.ceil(seconds / 60)} min.`,
    { meta: { retryAfterSeconds: seconds } },
  );
}
