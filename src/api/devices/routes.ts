/** Routes of gateways and terminals: the lists of their administrators. */
import type { Principal } from '../../auth/principal.ts';
import { POLICIES } from '../../auth/policies.ts';
import { listDevices, listGateways } from '../../db/queries/devices.ts';
import type { Condition } from '../../db/queries/sessions.ts';
import { listBody, listOf } from '../paging.ts';
import { authorize, route, type Route } from '../route.ts';
import { presentDevice, presentGateway } from './presenter.ts';
import { deviceReply, devicesQuery, gatewayReply } from './schema.ts';

const BASE = '/api/v1/devices';
const TAG = 'Devices';
const PERMISSION = 'manage_biometric';

/** The device routes. */
export function deviceRoutes(): Route[] {
  return [gateways, devices];
}

const gateways = route({
  method: 'get',
  path: `${BASE}/gateways`,
  summary: 'List the gateways with their keys and last contact',
  tag: TAG,
  access: authorize(PERMISSION),
  query: devicesQuery,
  replies: { 200: listOf(gatewayReply) },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const scope = gatewayScope(principal);
    const page = { page: query.page, pageSize: query.page_size };
    const { count, results } = await listGateways(operation.em, scope, page);
    const nowMs = operation.clock.now().getTime();
    const body = { count, results: results.map((row) => presentGateway(row, nowMs)) };
    return { status: 200, body: listBody(request.originalUrl, query, body) };
  },
});

const devices = route({
  method: 'get',
  path: `${BASE}/biometric-devices`,
  summary: 'List the terminals with their rooms and last contact',
  tag: TAG,
  access: authorize(PERMISSION),
  query: devicesQuery,
  replies: { 200: listOf(deviceReply) },
  errors: [],
  handler: async ({ query, principal, operation, request }) => {
    const scope = deviceScope(principal, 'd');
    const page = { page: query.page, pageSize: query.page_size };
    const { count, results } = await listDevices(operation.em, scope, page);
    const nowMs = operation.clock.now().getTime();
    const body = { count, results: results.map((row) => presentDevice(row, nowMs)) };
    return { status: 200, body: listBody(request.originalUrl, query, body) };
  },
});

/** Terminals with a room on a campus of the person; an institution's administrator sees all. */
function deviceScope(principal: Principal, alias: string): Condition {
  const held = principal.roles.filter(({ role }) => POLICIES[PERMISSION][role] === 'I');
  if (held.some(({ scopeKind }) => scopeKind === 'institution')) {
    return { sql: 'true', parameters: [] };
  }
  const campuses = held.flatMap(({ scopeKind, scopeId }) =>
    scopeKind === 'campus' && scopeId !== null ? [scopeId] : [],
  );
  return {
    sql: `exists (select 1 from biometric_device_room sdr join room sr on sr.id = sdr.room_id
      where sdr.device_id = ${alias}.id and sr.campus_id = any(?::uuid[]))`,
    parameters: [campuses],
  };
}

/** Gateways of such terminals. */
function gatewayScope(principal: Principal): Condition {
  const scope = deviceScope(principal, 'sd');
  if (scope.parameters.length === 0) return scope;
  return {
    sql: `exists (select 1 from biometric_device sd where sd.gateway_id = g.id and ${scope.sql})`,
    parameters: scope.parameters,
  };
}
