/** Registers a person's device key and ends that again (presence.md section 3). */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import type { DevicePublicKey } from '../../security/device-proof.ts';
import type { Operation } from '../ports.ts';
import { deviceOfAnother, recordForeignDevice, type ForeignDevice } from './proven-device.ts';

/** A key whose possession the caller proved. */
export interface KeyToBind {
  readonly jkt: string;
  readonly publicKey: DevicePublicKey;
}

/** A registered key; `isNew` is false when it was the person's before. */
export interface BoundKey {
  readonly deviceKeyId: Id;
  readonly isNew: boolean;
}

/**
 * Makes a key the device of a person, at once; the same key again changes nothing.
 * @throws AppError `device_of_another` (recorded), `device_already_bound` when the person has
 *   another device now
 */
export async function bindDevice(
  operation: Operation,
  userId: Id,
  key: KeyToBind,
): Promise<BoundKey> {
  const outcome = await operation.em.transactional((em) => bindOnce(operation, em, userId, key));
  if ('holderId' in outcome) {
    await recordForeignDevice(operation, outcome);
    throw deviceOfAnother();
  }
  return outcome;
}

async function bindOnce(
  operation: Operation,
  em: Em,
  userId: Id,
  key: KeyToBind,
): Promise<BoundKey | ForeignDevice> {
  await lockPerson(em, userId);
  const deviceKeyId = await lockKey(operation, em, key);
  const bindings = await rows<{ key: Id; user: Id }>(
    em,
    `select device_key_id as key, user_id as user from device_binding
     where status in ('active', 'pending') and (device_key_id = ?::uuid or user_id = ?::uuid)`,
    [deviceKeyId, userId],
  );
  if (bindings.some((binding) => binding.key === deviceKeyId && binding.user === userId)) {
    return { deviceKeyId, isNew: false };
  }
  const foreign = bindings.find((binding) => binding.user !== userId);
  if (foreign) return { deviceKeyId, holderId: foreign.user };
  if (bindings.length > 0) {
    throw appError('device_already_bound', 'Remove your registered device first, then try again.');
  }
  await insertBinding(operation, em, userId, deviceKeyId);
  return { deviceKeyId, isNew: true };
}

/** One registration or removal at a time per person: nobody ends up with two devices. */
async function lockPerson(em: Em, userId: Id): Promise<void> {
  await rows(em, 'select id from app_user where id = ?::uuid for no key update', [userId]);
}

/** Stores the key once, however many people send it, and holds it until the transaction ends. */
async function lockKey({ ids }: Operation, em: Em, { jkt, publicKey }: KeyToBind): Promise<Id> {
  await rows(
    em,
    `insert into device_key (id, jkt, public_key) values (?::uuid, ?, ?::jsonb)
     on conflict (jkt) do nothing`,
    [ids.next(), jkt, JSON.stringify(publicKey)],
  );
  const row = await firstRow<{ id: Id }>(
    em,
    'select id from device_key where jkt = ? for no key update',
    [jkt],
  );
  if (!row) throw appError('invariant_broken', 'A stored device key vanished.');
  return row.id;
}

/** The instant is cut to milliseconds, as claims carry theirs: a claim of that moment counts. */
async function insertBinding(
  { ids, actor }: Operation,
  em: Em,
  userId: Id,
  deviceKeyId: Id,
): Promise<void> {
  await rows(
    em,
    `insert into device_binding (id, device_key_id, user_id, status, valid_from)
     values (?::uuid, ?::uuid, ?::uuid, 'active', date_trunc('milliseconds', app_clock()))`,
    [ids.next(), deviceKeyId, userId],
  );
  const event = auditEntry(actor, {
    chain: 'area:auth',
    action: 'auth.device_bound',
    entityType: 'device_key',
    entityId: deviceKeyId,
    after: { holder: userId, status: 'active' },
  });
  await appendLog(em, ids, { audit: [event] });
}

/**
 * Ends a person's own device now; ending it again changes nothing.
 * @throws AppError `not_found` when it never was theirs
 */
export async function revokeDevice(
  operation: Operation,
  userId: Id,
  deviceKeyId: Id,
): Promise<void> {
  const { ids, actor } = operation;
  await operation.em.transactional(async (em) => {
    await lockPerson(em, userId);
    const ended = await rows(
      em,
      `update device_binding
       set status = 'revoked', valid_to = greatest(app_clock(), valid_from)
       where user_id = ?::uuid and device_key_id = ?::uuid and status in ('active', 'pending')
       returning id`,
      [userId, deviceKeyId],
    );
    if (ended.length === 0) return requireBinding(em, userId, deviceKeyId);
    const event = auditEntry(actor, {
      chain: 'area:auth',
      action: 'auth.device_revoked',
      entityType: 'device_key',
      entityId: deviceKeyId,
      after: { holder: userId, status: 'revoked' },
    });
    await appendLog(em, ids, { audit: [event] });
  });
}

async function requireBinding(em: Em, userId: Id, deviceKeyId: Id): Promise<void> {
  const known = await firstRow(
    em,
    'select id from device_binding where user_id = ?::uuid and device_key_id = ?::uuid limit 1',
    [userId, deviceKeyId],
  );
  if (!known) throw appError('not_found', 'You have no such device.');
}
