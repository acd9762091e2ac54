/** Wire forms of gateways and terminals. */
import type { DeviceListRow, GatewayListRow } from '../../db/queries/devices.ts';
import { contactOf } from '../../domain/devices/contact.ts';
import type { Instant } from '../../domain/types.ts';

const milliseconds = (at: Instant | null): number | null => (at === null ? null : Date.parse(at));

/** A gateway as lists show it. */
export function presentGateway(row: GatewayListRow, nowMs: number) {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    contact: contactOf('gateway', milliseconds(row.lastSeenAt), nowMs),
    last_seen: row.lastSeenAt,
    keys: row.keys,
    device_count: row.deviceCount,
  };
}

/** A terminal with the original's fields. */
export function presentDevice(row: DeviceListRow, nowMs: number) {
  return {
    id: row.id,
    device_id: row.deviceId,
    device_name: row.deviceName,
    device_type: row.deviceType,
    location: row.location,
    status: row.status,
    ip_address: row.ipAddress,
    api_endpoint: row.apiEndpoint,
    gateway: row.gatewayId,
    rooms: row.rooms,
    contact: contactOf('terminal', milliseconds(row.lastSeenAt), nowMs),
    last_seen: row.lastSeenAt,
    created_at: row.createdAt,
  };
}
