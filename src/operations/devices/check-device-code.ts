/** Checks the code that a registration brings, and counts its wrong tries. */
import { appendLog, auditEntry, type AuditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { CODE_TRIES_MAX, judgeDeviceCode } from '../../domain/devices/device-code.ts';
import { appError, type AppError, type ErrorCode } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import type { DeviceCodes } from '../../security/device-codes.ts';
import type { Operation } from '../ports.ts';

/** What a registration says of its code. */
export interface CodeRequest {
  readonly codes: DeviceCodes;
  /** A first device needs a code here. */
  readonly isRequired: boolean;
  /** The digits that were sent; null: none. */
  readonly code: string | null;
  /** The sign-in of the registration. */
  readonly signInId: Id;
}

/** The code to spend once the device is registered, null where none was needed; or the refusal. */
export type CheckedCode = { readonly codeId: Id | null } | { readonly refusal: AppError };

interface StoredCode {
  readonly id: Id;
  readonly attempts: number;
  readonly is_live: boolean;
}

/**
 * Checks the code of a person whose lock is held. A refusal is a value, so that the count of a wrong
 * try and its audit event are committed; a right code is not spent yet.
 * @param hadDevice  the person registered a device before
 */
export async function checkDeviceCode(
  operation: Operation,
  em: Em,
  userId: Id,
  hadDevice: boolean,
  { codes, isRequired, code, signInId }: CodeRequest,
): Promise<CheckedCode> {
  const stored = code === null ? undefined : await latestCode(em, userId, signInId);
  const given =
    code === null
      ? null
      : {
          isLive: stored?.is_live === true,
          wrongTries: stored?.attempts ?? 0,
          isRight: stored !== undefined && codes.matches(stored.id, code),
        };
  const verdict = judgeDeviceCode({ isRequired, hadDevice, given });
  switch (verdict) {
    case 'not_needed':
      return { codeId: null };
    case 'right':
      return { codeId: stored?.id ?? null };
    case 'wrong':
      return { refusal: await countWrongTry(operation, em, userId, stored) };
    case 'required':
      return { refusal: refused('device_code_required', `A first device needs a code. ${ASK}`) };
    case 'expired':
      return { refusal: refused('device_code_expired', `This code is good no longer. ${ASK}`) };
    case 'spent':
      return { refusal: refused('too_many_attempts', `This code was tried too often. ${ASK}`) };
    default:
      return verdict satisfies never;
  }
}

/** Uses up a right code, in the transaction that registers the device. Gives its audit event. */
export async function spendDeviceCode(
  { actor }: Operation,
  em: Em,
  userId: Id,
  codeId: Id,
): Promise<AuditEntry> {
  const used = await rows(
    em,
    `update device_code set used_at = app_clock()
     where id = ?::uuid and used_at is null returning id`,
    [codeId],
  );
  if (used.length === 0) throw appError('invariant_broken', 'A checked code was gone.');
  return auditEntry(actor, {
    chain: 'area:auth',
    action: 'auth.device_code_used',
    entityType: 'device_code',
    entityId: codeId,
    after: { holder: userId },
  });
}

const ASK = 'Ask for one with POST /api/v1/me/device-keys/code; it is mailed to you.';

/** The latest code of a person, if this sign-in asked for it: a new code ends the one before. */
function latestCode(em: Em, userId: Id, signInId: Id): Promise<StoredCode | undefined> {
  return firstRow<StoredCode>(
    em,
    `select id, attempts, used_at is null and expires_at > app_clock() as is_live
     from (select * from device_code where user_id = ?::uuid
       order by created_at desc, id desc limit 1) latest
     where sign_in_id = ?::uuid`,
    [userId, signInId],
  );
}

async function countWrongTry(
  { ids, actor }: Operation,
  em: Em,
  userId: Id,
  stored: StoredCode | undefined,
): Promise<AppError> {
  if (!stored) throw appError('invariant_broken', 'A wrong code has no row.');
  const tries = stored.attempts + 1;
  await rows(em, 'update device_code set attempts = ? where id = ?::uuid', [tries, stored.id]);
  const event = auditEntry(actor, {
    chain: 'area:auth',
    action: 'auth.device_code_wrong',
    entityType: 'device_code',
    entityId: stored.id,
    after: { holder: userId, tries },
  });
  await appendLog(em, ids, { audit: [event] });
  const left = CODE_TRIES_MAX - tries;
  return refused(
    'device_code_wrong',
    left > 0
      ? `This is not the code of the latest mail; ${left} ${left === 1 ? 'try is' : 'tries are'} left.`
      : 'This is not the code of the latest mail, and it was the last try; ask for a new code.',
  );
}

function refused(code: ErrorCode, detail: string): AppError {
  return appError(code, detail, { errors: [{ path: 'code', code, detail }] });
}
