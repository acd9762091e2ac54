/** Registers a person's device key and ends that again (presence.md section 3). */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import {
  CHANGES_WITHIN_DAYS,
  decideRebinding,
  PENDING_HOURS,
} from '../../domain/devices/rebinding.ts';
import { appError } from '../../domain/errors.ts';
import { SETTINGS } from '../../domain/settings.ts';
import type { Id } from '../../domain/types.ts';
import type { DevicePublicKey } from '../../security/device-proof.ts';
import type { Operation } from '../ports.ts';
import { deviceOfAnother, recordForeignDevice, type ForeignDevice } from './proven-device.ts';

/** A key whose possession the caller proved. */
export interface KeyToBind {
  readonly jkt: string;
  readonly publicKey: DevicePublicKey;
}

/** What the person says and proved beside the key. */
export interface BindRequest {
  /** The present device is to be replaced. */
  readonly replace: boolean;
  /** When the person last proved who they are, Unix milliseconds. */
  readonly signedInMs: number;
}

/** A registered key; `isNew` is false when it was the person's before. */
export interface BoundKey {
  readonly deviceKeyId: Id;
  readonly isNew: boolean;
}

/**
 * Makes a key the device of a person; the same key again changes nothing. A first device is active
 * at once. A later one ends the one before and is pending for a day.
 * @throws AppError `device_of_another` (recorded) when the key has its students already,
 *   `device_already_bound` when the person has a device and did not ask to replace it,
 *   `step_up_required`, `rebind_limit`
 */
export async function bindDevice(
  operation: Operation,
  userId: Id,
  key: KeyToBind,
  request: BindRequest,
): Promise<BoundKey> {
  const outcome = await operation.em.transactional((em) =>
    bindOnce(operation, em, { userId, key, request }),
  );
  if ('holderId' in outcome) {
    await recordForeignDevice(operation, outcome);
    throw deviceOfAnother();
  }
  return outcome;
}

async function bindOnce(
  operation: Operation,
  em: Em,
  { userId, key, request }: { userId: Id; key: KeyToBind; request: BindRequest },
): Promise<BoundKey | ForeignDevice> {
  await lockPerson(em, userId);
  const deviceKeyId = await lockKey(operation, em, key);
  const bindings = await rows<{ id: Id; key: Id; user: Id; slot: number }>(
    em,
    `select id, device_key_id as key, user_id as user, slot from device_binding
     where status in ('active', 'pending') and (device_key_id = ?::uuid or user_id = ?::uuid)`,
    [deviceKeyId, userId],
  );
  if (bindings.some((binding) => binding.key === deviceKeyId && binding.user === userId)) {
    return { deviceKeyId, isNew: false };
  }
  const others = bindings.filter((binding) => binding.user !== userId);
  const slot = await freeSlot(em, others);
  if (slot === null) return { deviceKeyId, holderId: others[0]?.user ?? userId };
  const present = bindings.find((binding) => binding.user === userId) ?? null;
  const status = await statusOfNext(operation, em, userId, present !== null, request);
  if (present) await endBinding(operation, em, userId, present.key);
  await insertBinding(operation, em, {
    userId,
    deviceKeyId,
    status,
    slot,
    replacesId: present?.id ?? null,
  });
  return { deviceKeyId, isNew: true };
}

/** The lowest free place of a key among its students; null where it has as many as allowed. */
async function freeSlot(
  em: Em,
  others: readonly { readonly slot: number }[],
): Promise<number | null> {
  if (others.length === 0) return 1;
  const row = await firstRow<{ value: unknown }>(
    em,
    "select value from setting where name = 'MAX_STUDENTS_PER_DEVICE' and scope_kind = 'institution'",
  );
  const most = Number(row?.value ?? SETTINGS.MAX_STUDENTS_PER_DEVICE.default);
  const taken = new Set(others.map(({ slot }) => slot));
  const slots = Array.from({ length: most }, (_, index) => index + 1);
  return slots.find((slot) => !taken.has(slot)) ?? null;
}

/** How a new device of a person starts. @throws AppError as `bindDevice` says */
async function statusOfNext(
  { clock }: Operation,
  em: Em,
  userId: Id,
  hasDevice: boolean,
  { replace, signedInMs }: BindRequest,
): Promise<'active' | 'pending'> {
  const row = await firstRow<{ had: boolean; changes: number }>(
    em,
    `select count(*) > 0 as had, count(*) filter (
       where b.pending_until is not null
         and b.created_at > app_clock() - make_interval(days => ${CHANGES_WITHIN_DAYS})
         and not exists (select 1 from role_assignment ra
           where ra.user_id = b.approved_by_id and ra.role = 'admin'))::int as changes
     from device_binding b where b.user_id = ?::uuid`,
    [userId],
  );
  const decision = decideRebinding({
    hadDevice: row?.had === true,
    hasDevice,
    recentChanges: row?.changes ?? 0,
    wantsToReplace: replace,
    sinceSignInMs: clock.now().getTime() - signedInMs,
  });
  switch (decision) {
    case 'active':
    case 'pending':
      return decision;
    case 'not_asked':
      throw appError(
        'device_already_bound',
        'You have a registered device. Send "replace": true to end it; the new one is pending for a day.',
      );
    case 'step_up':
      throw appError('step_up_required', 'Sign in again, then register the new device.');
    case 'limit':
      throw appError(
        'rebind_limit',
        'You changed your device twice within 120 days. Ask the administration to clear it.',
      );
    default:
      return decision satisfies never;
  }
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
  binding: {
    readonly userId: Id;
    readonly deviceKeyId: Id;
    readonly status: 'active' | 'pending';
    readonly slot: number;
    readonly replacesId: Id | null;
  },
): Promise<void> {
  const { userId, deviceKeyId, status, slot, replacesId } = binding;
  await rows(
    em,
    `insert into device_binding (id, device_key_id, user_id, status, slot, replaces_id, valid_from,
       pending_until)
     values (?::uuid, ?::uuid, ?::uuid, ?, ?::int, ?::uuid,
       date_trunc('milliseconds', app_clock()),
       case when ?::boolean then app_clock() + make_interval(hours => ${PENDING_HOURS}) end)`,
    [ids.next(), deviceKeyId, userId, status, slot, replacesId, status === 'pending'],
  );
  const event = auditEntry(actor, {
    chain: 'area:auth',
    action: 'auth.device_bound',
    entityType: 'device_key',
    entityId: deviceKeyId,
    after: { holder: userId, status },
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
  await operation.em.transactional(async (em) => {
    await lockPerson(em, userId);
    const hasEnded = await endBinding(operation, em, userId, deviceKeyId);
    if (!hasEnded) await requireBinding(em, userId, deviceKeyId);
  });
}

/** Ends a live binding. @returns whether there was one */
async function endBinding(
  { ids, actor }: Operation,
  em: Em,
  userId: Id,
  deviceKeyId: Id,
): Promise<boolean> {
  const ended = await rows(
    em,
    `update device_binding
     set status = 'revoked', valid_to = greatest(app_clock(), valid_from)
     where user_id = ?::uuid and device_key_id = ?::uuid and status in ('active', 'pending')
     returning id`,
    [userId, deviceKeyId],
  );
  if (ended.length === 0) return false;
  const event = auditEntry(actor, {
    chain: 'area:auth',
    action: 'auth.device_revoked',
    entityType: 'device_key',
    entityId: deviceKeyId,
    after: { holder: userId, status: 'revoked' },
  });
  await appendLog(em, ids, { audit: [event] });
  return true;
}

async function requireBinding(em: Em, userId: Id, deviceKeyId: Id): Promise<void> {
  const known = await firstRow(
    em,
    'select id from device_binding where user_id = ?::uuid and device_key_id = ?::uuid limit 1',
    [userId, deviceKeyId],
  );
  if (!known) throw appError('not_found', 'You have no such device.');
}
