/** Reads of the devices people registered. */
import type { Id, Instant } from '../../domain/types.ts';
import { rows, toInstant, toInstantOrNull, type Em } from '../orm.ts';

/** A device key as its owner sees it: the latest binding of that key to them. */
export interface OwnDeviceKey {
  /** Id of the `device_key`. */
  readonly id: Id;
  readonly jkt: string;
  readonly strength: string;
  readonly status: 'active' | 'pending' | 'revoked';
  readonly validFrom: Instant;
  readonly validTo: Instant | null;
  /** A pending device is flagged until then. */
  readonly pendingUntil: Instant | null;
}

/** How many devices one answer lists; a person has a few in a lifetime. */
const LISTED_MAX = 100;

/** The devices a person ever registered, the latest first; only `deviceKeyId` when it is given. */
export async function listOwnDeviceKeys(
  em: Em,
  userId: Id,
  deviceKeyId: Id | null = null,
): Promise<OwnDeviceKey[]> {
  const found = await rows<{
    id: Id;
    jkt: string;
    strength: string;
    status: OwnDeviceKey['status'];
    valid_from: string;
    valid_to: string | null;
    pending_until: string | null;
  }>(
    em,
    `select * from (
       select distinct on (k.id) k.id, k.jkt, k.strength, b.valid_from, b.valid_to,
         case when b.status = 'pending' and b.pending_until <= app_clock() then 'active'
           else b.status end as status,
         case when b.status = 'pending' and b.pending_until > app_clock()
           then b.pending_until end as pending_until
       from device_binding b join device_key k on k.id = b.device_key_id
       where b.user_id = ?::uuid and (?::uuid is null or k.id = ?::uuid)
       order by k.id, b.valid_from desc, b.id desc) latest
     order by valid_from desc, id limit ?::int`,
    [userId, deviceKeyId, deviceKeyId, LISTED_MAX],
  );
  return found.map((row) => ({
    id: row.id,
    jkt: row.jkt,
    strength: row.strength,
    status: row.status,
    validFrom: toInstant(row.valid_from),
    validTo: toInstantOrNull(row.valid_to),
    pendingUntil: toInstantOrNull(row.pending_until),
  }));
}
