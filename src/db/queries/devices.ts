/** Named reads of gateways and terminals for their administrators. */
import type { Id, Instant } from '../../domain/types.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../orm.ts';
import type { Condition, Page } from './sessions.ts';

/** A gateway with its keys; never a private one. */
export interface GatewayListRow {
  readonly id: Id;
  readonly name: string;
  readonly status: 'active' | 'revoked';
  readonly lastSeenAt: Instant | null;
  readonly keys: readonly { readonly kid: string; readonly status: string }[];
  readonly deviceCount: number;
}

/** A terminal with the rooms it serves. */
export interface DeviceListRow {
  readonly id: Id;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly deviceType: string;
  readonly location: string;
  readonly status: string;
  readonly ipAddress: string | null;
  readonly apiEndpoint: string | null;
  readonly gatewayId: Id;
  readonly rooms: readonly string[];
  readonly lastSeenAt: Instant | null;
  readonly createdAt: Instant;
}

interface GatewayRow {
  id: Id;
  name: string;
  status: 'active' | 'revoked';
  last_seen_at: string | null;
  keys: { kid: string; status: string }[];
  device_count: number;
}

/** The gateways within a scope over `g`, by name. */
export async function listGateways(
  em: Em,
  scope: Condition,
  { page, pageSize }: Page,
): Promise<{ count: number; results: GatewayListRow[] }> {
  const total = await firstRow<{ count: number }>(
    em,
    `select count(*)::int as count from gateway g where ${scope.sql}`,
    scope.parameters,
  );
  const found = await rows<GatewayRow>(
    em,
    `select g.id, g.name, g.status, g.last_seen_at,
       coalesce((select json_agg(json_build_object('kid', k.kid, 'status', k.status)
         order by k.created_at, k.kid) from gateway_key k where k.gateway_id = g.id), '[]') as keys,
       (select count(*)::int from biometric_device d where d.gateway_id = g.id) as device_count
     from gateway g where ${scope.sql} order by g.name limit ?::int offset ?::int`,
    [...scope.parameters, pageSize, (page - 1) * pageSize],
  );
  const results = found.map((row) => ({
    id: row.id,
    name: row.name,
    status: row.status,
    lastSeenAt: toInstantOrNull(row.last_seen_at),
    keys: row.keys,
    deviceCount: row.device_count,
  }));
  return { count: total?.count ?? 0, results };
}

interface DeviceRow {
  id: Id;
  device_id: string;
  device_name: string;
  device_type: string;
  location: string;
  status: string;
  ip_address: string | null;
  api_endpoint: string | null;
  gateway_id: Id;
  rooms: string[];
  last_seen_at: string | null;
  created_at: string;
}

/** The terminals within a scope over `d`, by serial. */
export async function listDevices(
  em: Em,
  scope: Condition,
  { page, pageSize }: Page,
): Promise<{ count: number; results: DeviceListRow[] }> {
  const total = await firstRow<{ count: number }>(
    em,
    `select count(*)::int as count from biometric_device d where ${scope.sql}`,
    scope.parameters,
  );
  const found = await rows<DeviceRow>(
    em,
    `select d.id, d.device_id, d.device_name, d.device_type, d.location, d.status, d.ip_address,
       d.api_endpoint, d.gateway_id, d.last_seen_at, d.created_at,
       array(select r.code from biometric_device_room dr join room r on r.id = dr.room_id
         where dr.device_id = d.id order by r.code) as rooms
     from biometric_device d where ${scope.sql} order by d.device_id limit ?::int offset ?::int`,
    [...scope.parameters, pageSize, (page - 1) * pageSize],
  );
  const results = found.map((row) => ({
    id: row.id,
    deviceId: row.device_id,
    deviceName: row.device_name,
    deviceType: row.device_type,
    location: row.location,
    status: row.status,
    ipAddress: row.ip_address,
    apiEndpoint: row.api_endpoint,
    gatewayId: row.gateway_id,
    rooms: row.rooms,
    lastSeenAt: toInstantOrNull(row.last_seen_at),
    createdAt: toInstant(row.created_at),
  }));
  return { count: total?.count ?? 0, results };
}
