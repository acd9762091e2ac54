/** Routes of the caller's own devices: ask for a code, register a key, list, remove. */
import { z } from 'zod';
import { listOwnDeviceKeys, type OwnDeviceKey } from '../../db/queries/device-keys.ts';
import { appError } from '../../domain/errors.ts';
import { bindDevice, revokeDevice } from '../../operations/devices/bind-device.ts';
import { sendDeviceCode } from '../../operations/devices/send-device-code.ts';
import { createDeviceCodes } from '../../security/device-codes.ts';
import type { DevicePublicKey } from '../../security/device-proof.ts';
import type { ApiDeps } from '../api-deps.ts';
import { idField, idParams, instantReply, noBody } from '../fields.ts';
import { route, selfAccess, type Route } from '../route.ts';

const BASE = '/api/v1/me/device-keys';
const TAG = 'Your devices';

const coordinate = z.string().length(43).describe('base64url of 32 bytes');
/** What WebCrypto and other libraries add to an exported key; not stored. */
const remarks = {
  alg: z.string().max(20).optional(),
  use: z.literal('sig').optional(),
  key_ops: z.array(z.string().max(20)).max(10).optional(),
  ext: z.boolean().optional(),
  kid: z.string().max(200).optional(),
};
const publicKey = z.discriminatedUnion('kty', [
  z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: coordinate,
    y: coordinate,
    ...remarks,
  }),
  z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate, ...remarks }),
]);

const deviceKeyReply = z.strictObject({
  id: idField,
  jkt: z.string().describe('RFC 7638 thumbprint of the key'),
  strength: z.enum(['hardware', 'webauthn', 'software']),
  status: z.enum(['active', 'pending', 'revoked']),
  valid_from: instantReply,
  valid_to: instantReply.nullable(),
  pending_until: instantReply.nullable().describe('a pending device is flagged until then'),
});

const codeReply = z.strictObject({
  sent_to: z.string().describe('the address, with all but its first letter and its domain hidden'),
  expires_at: instantReply,
});

/** The routes under `/api/v1/me/device-keys`. */
export function deviceKeyRoutes(deps: Pick<ApiDeps, 'keys' | 'environment'>): Route[] {
  return [sendCode, register(deps), list, remove];
}

const sendCode = route({
  method: 'post',
  path: `${BASE}/code`,
  summary: 'Have a code mailed to you, for your first device',
  tag: TAG,
  access: selfAccess,
  body: noBody,
  replies: { 202: codeReply },
  errors: ['rate_limited'],
  handler: async ({ principal, operation }) => {
    const { userId, sid, email } = principal;
    const expiresAt = await sendDeviceCode(operation, userId, sid);
    return { status: 202, body: { sent_to: hiddenAddress(email), expires_at: expiresAt } };
  },
});

function register({ keys, environment }: Pick<ApiDeps, 'keys' | 'environment'>): Route {
  const codes = createDeviceCodes(keys);
  const isRequired = environment.secondFactor === 'required';
  return route({
    method: 'post',
    path: BASE,
    summary: 'Register this device, with a proof by the very key that is sent',
    tag: TAG,
    access: selfAccess,
    deviceProof: 'any_key',
    body: z.strictObject({
      public_key: publicKey,
      replace: z
        .boolean()
        .default(false)
        .describe('end the present device; the new one is pending for a day'),
      code: z
        .string()
        .regex(/^\d{6}$/, 'Send the six digits of the mail.')
        .optional()
        .describe('the six digits of the mail, for a first device'),
    }),
    replies: { 200: deviceKeyReply, 201: deviceKeyReply },
    errors: [
      'device_of_another',
      'device_already_bound',
      'step_up_required',
      'rebind_limit',
      'device_code_required',
      'device_code_wrong',
      'device_code_expired',
      'too_many_attempts',
    ],
    handler: async ({ body, principal, operation, deviceKey }) => {
      if (!isSameKey(body.public_key, deviceKey.publicKey)) throw otherKey();
      const { deviceKeyId, isNew } = await bindDevice(operation, principal.userId, deviceKey, {
        replace: body.replace,
        signedInMs: principal.authTime * 1_000,
        code: { codes, isRequired, code: body.code ?? null, signInId: principal.sid },
      });
      const [bound] = await listOwnDeviceKeys(operation.em, principal.userId, deviceKeyId);
      if (!bound) throw appError('invariant_broken', 'A registered device vanished.');
      return { status: isNew ? 201 : 200, body: present(bound) };
    },
  });
}

const list = route({
  method: 'get',
  path: BASE,
  summary: 'List the devices you registered, the latest first',
  tag: TAG,
  access: selfAccess,
  replies: { 200: z.strictObject({ results: z.array(deviceKeyReply) }) },
  errors: [],
  handler: async ({ principal, operation }) => {
    const found = await listOwnDeviceKeys(operation.em, principal.userId);
    return { status: 200, body: { results: found.map(present) } };
  },
});

const remove = route({
  method: 'delete',
  path: `${BASE}/:id`,
  summary: 'Remove one of your devices; it proves nothing from now on',
  tag: TAG,
  access: selfAccess,
  params: idParams,
  replies: { 204: z.undefined() },
  errors: ['not_found'],
  handler: async ({ params, principal, operation }) => {
    await revokeDevice(operation, principal.userId, params.id);
    return { status: 204 };
  },
});

function isSameKey(sent: z.output<typeof publicKey>, proven: DevicePublicKey): boolean {
  const isSamePoint = sent.crv === proven.crv && sent.x === proven.x;
  return isSamePoint && (sent.kty !== 'EC' || (proven.kty === 'EC' && sent.y === proven.y));
}

const otherKey = () => {
  const detail = 'Send the key that signed the proof.';
  return appError('validation_failed', `public_key: ${detail}`, {
    errors: [{ path: 'public_key', code: 'other_key', detail }],
  });
};

/** `a***@college.example`: enough to know one's own address by. */
const hiddenAddress = (email: string): string => email.replace(/^(.)[^@]*/, '$1***');

function present(key: OwnDeviceKey) {
  return {
    id: key.id,
    jkt: key.jkt,
    strength: key.strength,
    status: key.status,
    valid_from: key.validFrom,
    valid_to: key.validTo,
    pending_until: key.pendingUntil,
  };
}
