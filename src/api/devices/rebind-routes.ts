/** Routes of students' later devices, for those who decide on them. */
import { z } from 'zod';
import type { Principal } from '../../auth/principal.ts';
import { studentScope } from '../../auth/scope.ts';
import {
  approveRebind,
  clearRebinds,
  listRebinds,
  type Rebind,
} from '../../operations/devices/rebinds.ts';
import { idField, idParams, instantReply, textField } from '../fields.ts';
import { authorize, route, type Route } from '../route.ts';

const BASE = '/api/v1/device-rebinds';
const TAG = 'Devices';

const seenDevice = {
  bound_at: instantReply,
  ended_at: instantReply.nullable(),
};

const rebindReply = z.strictObject({
  id: idField,
  student: z.strictObject({
    id: idField,
    roll_number: z.string(),
    first_name: z.string(),
    last_name: z.string(),
  }),
  status: z.enum(['active', 'pending', 'revoked']),
  ...seenDevice,
  pending_until: instantReply.nullable(),
  previous: z.strictObject(seenDevice).nullable().describe('the device before it'),
  changes: z.int().describe('later devices of the student within 120 days, this one included'),
  limit_reached: z.boolean().describe('the next one needs an administrator to clear the changes'),
});

const rebindsReply = z.strictObject({
  pending: z.int().describe('how many wait, of all of them'),
  results: z.array(rebindReply),
});

const rebindsQuery = z.strictObject({
  status: z.literal('pending').optional().describe('those that wait, and no others'),
});

/** The routes of later devices. */
export function rebindRoutes(): Route[] {
  return [list, approve, clear];
}

const list = route({
  method: 'get',
  path: BASE,
  summary: 'List the devices that replaced another within 120 days, of students you decide on',
  tag: TAG,
  access: authorize('approve_rebind'),
  query: rebindsQuery,
  replies: { 200: rebindsReply },
  errors: [],
  handler: async ({ query, principal, operation }) => {
    const pendingOnly = query.status === 'pending';
    const found = await listRebinds(operation.em, scopeOf(principal), pendingOnly);
    return { status: 200, body: { pending: found.pending, results: found.results.map(present) } };
  },
});

const approve = route({
  method: 'post',
  path: `${BASE}/:id/approve`,
  summary: 'Activate a pending device at once, after seeing the student with it',
  tag: TAG,
  access: authorize('approve_rebind'),
  params: idParams,
  replies: { 204: z.undefined() },
  errors: ['not_found', 'own_request', 'already_decided'],
  handler: async ({ params, principal, operation }) => {
    await approveRebind(operation, scopeOf(principal), params.id);
    return { status: 204 };
  },
});

const clear = route({
  method: 'post',
  path: '/api/v1/students/:id/clear-device-changes',
  summary: 'Let a student register another device although two were changed within 120 days',
  tag: TAG,
  access: authorize('manage_people'),
  params: idParams,
  body: z.strictObject({ reason: textField }),
  replies: { 200: z.strictObject({ cleared: z.int() }) },
  errors: ['not_found', 'own_request'],
  handler: async ({ params, body, principal, operation }) => {
    const scope = studentScope(principal, 'manage_people', 'st');
    const cleared = await clearRebinds(operation, scope, params.id, body.reason);
    return { status: 200, body: { cleared } };
  },
});

const scopeOf = (principal: Principal) => studentScope(principal, 'approve_rebind', 'st');

function present({ student, previous, ...rebind }: Rebind): z.input<typeof rebindReply> {
  return {
    id: rebind.id,
    student: {
      id: student.id,
      roll_number: student.rollNumber,
      first_name: student.firstName,
      last_name: student.lastName,
    },
    status: rebind.status,
    bound_at: rebind.boundAt,
    ended_at: rebind.endedAt,
    pending_until: rebind.pendingUntil,
    previous: previous && {
      bound_at: previous.boundAt,
      ended_at: previous.endedAt,
    },
    changes: rebind.changes,
    limit_reached: rebind.isAtLimit,
  };
}
