/** Registers a person's device key and ends that again (presence.md section 3). */
import { appendLog, auditEntry, type AuditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import {
  decideRebinding,
  PENDING_HOURS,
  type DeviceHistory,
} from '../../domain/devices/rebinding.ts';
import { appError, type AppError } from '../../domain/errors.ts';
import { SETTINGS } from '../../domain/settings.ts';
import type { Id } from '../../domain/types.ts';
import type { DevicePublicKey } from '../../security/device-proof.ts';
import type { Operation } from '../ports.ts';
import { COUNTED_CHANGE } from './rebinds.ts';
import { checkDeviceCode, spendDeviceCode, type CodeRequest } from './check-device-code.ts';
import { lockPerson } from './lock-person.ts';
import { deviceOfAnother, recordForeignDevice, type ForeignDevice } from './proven-device.ts';
import { tellOfDevice } from './tell-of-device.ts';

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
  /** The code that a first device may need. */
  readonly code: CodeRequest;
}

/** A registered key; `isNew` is false when it was the person's before. */
export interface BoundKey {
  readonly deviceKeyId: Id;
  readonly isNew: boolean;
}

/**
 * Makes a key the device of a person; the same key again changes nothing. A first device is active
 * at once, with a code where one is required. A later one ends the one before and is pending for a
 * day. The person is told, and of a pending device those who may approve it.
 * @throws AppError `device_of_another` (recorded) when the key has its students already,
 *   `device_already_bound` when the person has a device and did not ask to replace it,
 *   `step_up_required`, `rebind_limit`; of the code `device_code_required`, `device_code_wrong`
 *   (counted), `device_code_expired`, `too_many_attempts`
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
  if ('refusal' in outcome) throw outcome.refusal;
  return outcome;
}

async function bindOnce(
  operation: Operation,
  em: Em,
  { userId, key, request }: { userId: Id; key: KeyToBind; request: BindRequest },
): Promise<BoundKey | ForeignDevice | { readonly refusal: AppError }> {
  await lockPerson(em, userId);
  const { bound, hadDevice } = await devicesOf(em, userId);
  const known = bound.find(({ jkt }) => jkt === key.jkt);
  if (known) return { deviceKeyId: known.key, isNew: false };
  const checked = await checkDeviceCode(operation, em, userId, hadDevice, request.code);
  if ('refusal' in checked) return checked;
  const deviceKeyId = await lockKey(operation, em, key);
  const others = await rows<{ user: Id; slot: number }>(
    em,
    `select user_id as user, slot from device_binding
     where status in ('active', 'pending') and device_key_id = ?::uuid and user_id <> ?::uuid`,
    [deviceKeyId, userId],
  );
  const slot = await freeSlot(em, others);
  if (slot === null) return { deviceKeyId, holderId: others[0]?.user ?? userId };
  const present = bound[0] ?? null;
  const history = { hadDevice, hasDevice: present !== null };
  const status = await statusOfNext(operation, em, userId, history, request);
  const ended = present ? await endBinding(operation, em, userId, present.key) : null;
  const { bindingId, event } = await insertBinding(operation, em, {
    userId,
    deviceKeyId,
    status,
    slot,
    replacesId: present?.id ?? null,
  });
  const used =
    checked.codeId === null ? null : await spendDeviceCode(operation, em, userId, checked.codeId);
  await tellOfDevice(em, operation.ids, { bindingId, userId, status });
  const audit = [used, ended, event].filter((entry) => entry !== null);
  await appendLog(em, operation.ids, { audit });
  return { deviceKeyId, isNew: true };
}

/** The live devices of a person, and whether there ever was one. */
async function devicesOf(
  em: Em,
  userId: Id,
): Promise<{ bound: { id: Id; key: Id; jkt: string }[]; hadDevice: boolean }> {
  const found = await rows<{ id: Id; key: Id; jkt: string; is_live: boolean }>(
    em,
    `select b.id, k.id as key, k.jkt, b.status in ('active', 'pending') as is_live
     from device_binding b join device_key k on k.id = b.device_key_id
     where b.user_id = ?::uuid order by b.created_at desc`,
    [userId],
  );
  return { bound: found.filter((row) => row.is_live), hadDevice: found.length > 0 };
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
  history: Pick<DeviceHistory, 'hadDevice' | 'hasDevice'>,
  { replace, signedInMs }: BindRequest,
): Promise<'active' | 'pending'> {
  const row = await firstRow<{ changes: number }>(
    em,
    `select count(*)::int as changes from device_binding b
     where b.user_id = ?::uuid and ${COUNTED_CHANGE}`,
    [userId],
  );
  const decision = decideRebinding({
    ...history,
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

/** Stores the key once, however many people send it, and holds it until the transaction ends. */
async function lockKey({ ids }: Operation, em: Em, { jkt, publicKey }: KeyToBind): Promise<Id> {
  await rows(
    em,
    `insert into device_key (id, jkt, public_key) values (?::uuid, ?, ?::jsonb)
     on conflict (jkt) do update set public_key = excluded.public_key
       where device_key.public_key is null`,
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
): Promise<{ bindingId: Id; event: AuditEntry }> {
  const { userId, deviceKeyId, status, slot, replacesId } = binding;
  const bindingId = ids.next();
  await rows(
    em,
    `insert into device_binding (id, device_key_id, user_id, status, slot, replaces_id, valid_from,
       pending_until)
     values (?::uuid, ?::uuid, ?::uuid, ?, ?::int, ?::uuid,
       date_trunc('milliseconds', app_clock()),
       case when ?::boolean then app_clock() + make_interval(hours => ${PENDING_HOURS}) end)`,
    [bindingId, deviceKeyId, userId, status, slot, replacesId, status === 'pending'],
  );
  const event = auditEntry(actor, {
    chain: 'area:auth',
    action: 'auth.device_bound',
    entityType: 'device_key',
    entityId: deviceKeyId,
    after: { holder: userId, status },
  });
  return { bindingId, event };
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
    const ended = await endBinding(operation, em, userId, deviceKeyId);
    if (ended) await appendLog(em, operation.ids, { audit: [ended] });
    else await requireBinding(em, userId, deviceKeyId);
  });
}

/** Ends a live binding. @returns its audit event, null where there was none */
async function endBinding(
  { actor }: Operation,
  em: Em,
  userId: Id,
  deviceKeyId: Id,
): Promise<AuditEntry | null> {
  const ended = await rows(
    em,
    `update device_binding
     set status = 'revoked', valid_to = greatest(app_clock(), valid_from)
     where user_id = ?::uuid and device_key_id = ?::uuid and status in ('active', 'pending')
     returning id`,
    [userId, deviceKeyId],
  );
  if (ended.length === 0) return null;
  return auditEntry(actor, {
    chain: 'area:auth',
    action: 'auth.device_revoked',
    entityType: 'device_key',
    entityId: deviceKeyId,
    after: { holder: userId, status: 'revoked' },
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
