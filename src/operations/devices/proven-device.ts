/** The registered device behind a proven key: the caller's own, or a refusal that is recorded. */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { preparedRows, toInstant } from '../../db/orm.ts';
import { appError, type AppError } from '../../domain/errors.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';

/** A device of the person who asks. */
export interface ProvenDevice {
  /** Id of the `device_key`. */
  readonly deviceKeyId: Id;
  /** RFC 7638 thumbprint of its key. */
  readonly jkt: string;
  /** Since when it is this person's. */
  readonly registeredAt: Instant;
}

/**
 * Finds the caller's binding of a key that was just proven.
 * @throws AppError `device_not_registered`; `device_of_another` when it is somebody else's now, which
 *   is recorded
 */
export async function findProvenDevice(
  operation: Operation,
  userId: Id,
  jkt: string,
): Promise<ProvenDevice> {
  const bindings = await preparedRows<LiveBinding>(
    operation.em,
    `select k.id, b.user_id as "userId", b.valid_from as "validFrom"
     from device_key k join device_binding b on b.device_key_id = k.id
     where k.jkt = ? and b.status in ('active', 'pending')`,
    [jkt],
  );
  const own = bindings.find((binding) => binding.userId === userId);
  if (own) return { deviceKeyId: own.id, jkt, registeredAt: toInstant(own.validFrom) };
  const foreign = bindings[0];
  if (!foreign) throw notRegistered();
  await recordForeignDevice(operation, { deviceKeyId: foreign.id, holderId: foreign.userId });
  throw deviceOfAnother();
}

interface LiveBinding {
  readonly id: Id;
  readonly userId: Id;
  readonly validFrom: string;
}

const notRegistered = (): AppError =>
  appError('device_not_registered', 'This device is not registered for you; register it first.');

/** The refusal of somebody else's device; it never says whose it is. */
export const deviceOfAnother = (): AppError =>
  appError(
    'device_of_another',
    'This device is registered for another person; use your own or ask your teacher.',
  );

/** Somebody else's device and its holder. */
export interface ForeignDevice {
  readonly deviceKeyId: Id;
  readonly holderId: Id;
}

/** Records that the caller used somebody else's device: two people share a phone or a sign-in. */
export async function recordForeignDevice(
  operation: Operation,
  { deviceKeyId, holderId }: ForeignDevice,
): Promise<void> {
  const event = auditEntry(operation.actor, {
    chain: 'area:auth',
    action: 'security.foreign_device',
    entityType: 'device_key',
    entityId: deviceKeyId,
    after: { holder: holderId },
  });
  await operation.em.transactional((em) => appendLog(em, operation.ids, { audit: [event] }));
}
