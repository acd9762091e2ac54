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
import { idField, idParams, instantReply } from '../fields.ts';
import { authorize, route, type Route } from '../route.ts';

const BASE = '/api/v1/device-rebinds';
const TAG = 'Devices';

const rebindReply = z.strictObject({
  id: idField,
  student: z.strictObject({
    id: idField,
    roll_number: z.string(),
    first_name: z.string(),
    last_name: z.string(),
  }),
  status: z.enum(['active', 'pending', 'revoked']),
  bound_at: instantReply,
  pending_until: instantReply.nullable(),
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
  replies: { 200: z.strictObject({ results: z.array(rebindReply) }) },
  errors: [],
  handler: async ({ principal, operation }) => {
    const found = await listRebinds(operation.em, scopeOf(principal));
    return { status: 200, body: { results: found.map(present) } };
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
  replies: { 200: z.strictObject({ cleared: z.int() }) },
  errors: ['not_found', 'own_request'],
  handler: async ({ params, principal, operation }) => {
    const scope = studentScope(principal, 'manage_people', 'st');
    return { status: 200, body: { cleared: await clearRebinds(operation, scope, params.id) } };
  },
});

const scopeOf = (principal: Principal) => studentScope(principal, 'approve_rebind', 'st');

function present({ student, ...rebind }: Rebind): z.input<typeof rebindReply> {
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
    pending_until: rebind.pendingUntil,
  };
}
