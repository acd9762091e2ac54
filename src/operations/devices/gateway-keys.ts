/** Reads of gateways and their keys, and the times they were last heard. */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';

/** A key that may speak for a gateway now. */
export interface GatewayKeyRow {
  readonly kid: string;
  readonly gatewayId: Id;
  /** base64url of the 32 bytes. */
  readonly publicKey: string;
}

const USABLE = "k.status in ('active', 'retiring') and g.status = 'active'";

/** The key with this id, or undefined when it is unknown or revoked, or its gateway is. */
export function findGatewayKey(em: Em, kid: string): Promise<GatewayKeyRow | undefined> {
  return firstRow<GatewayKeyRow>(
    em,
    `select k.kid, k.gateway_id as "gatewayId", k.public_key as "publicKey"
     from gateway_key k join gateway g on g.id = k.gateway_id where k.kid = ? and ${USABLE}`,
    [kid],
  );
}

/** Which of these keys may still speak for their gateways. */
export async function usableKeys(em: Em, kids: readonly string[]): Promise<Set<string>> {
  const found = await rows<{ kid: string }>(
    em,
    `select k.kid from gateway_key k join gateway g on g.id = k.gateway_id
     where k.kid = any(?::text[]) and ${USABLE}`,
    [kids],
  );
  return new Set(found.map((row) => row.kid));
}

/** Notes that a gateway and terminals were heard, at most every 10 s each (devices.md section 6). */
export async function noteContact(
  em: Em,
  gatewayId: Id,
  deviceIds: readonly string[],
): Promise<void> {
  const isOld = "(last_seen_at is null or last_seen_at < app_clock() - interval '10 seconds')";
  await rows(em, `update gateway set last_seen_at = app_clock() where id = ?::uuid and ${isOld}`, [
    gatewayId,
  ]);
  await rows(
    em,
    `update biometric_device set last_seen_at = app_clock()
     where gateway_id = ?::uuid and device_id = any(?::text[]) and ${isOld}`,
    [gatewayId, deviceIds],
  );
}
