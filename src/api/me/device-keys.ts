/** Routes of the caller's own devices: register a key, list, remove. */
import { z } from 'zod';
import { listOwnDeviceKeys, type OwnDeviceKey } from '../../db/queries/device-keys.ts';
import { appError } from '../../domain/errors.ts';
import { bindDevice, revokeDevice } from '../../operations/devices/bind-device.ts';
import type { DevicePublicKey } from '../../security/device-proof.ts';
import { idField, idParams, instantReply } from '../fields.ts';
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
});

/** The routes under `/api/v1/me/device-keys`. */
export function deviceKeyRoutes(): Route[] {
  return [register, list, remove];
}

const register = route({
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
  }),
  replies: { 200: deviceKeyReply, 201: deviceKeyReply },
  errors: ['device_of_another', 'device_already_bound', 'step_up_required', 'rebind_limit'],
  handler: async ({ body, principal, operation, deviceKey }) => {
    if (!isSameKey(body.public_key, deviceKey.publicKey)) throw otherKey();
    const { deviceKeyId, isNew } = await bindDevice(operation, principal.userId, deviceKey, {
      replace: body.replace,
      signedInMs: principal.authTime * 1_000,
    });
    const [bound] = await listOwnDeviceKeys(operation.em, principal.userId, deviceKeyId);
    if (!bound) throw appError('invariant_broken', 'A registered device vanished.');
    return { status: isNew ? 201 : 200, body: present(bound) };
  },
});

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

function present(key: OwnDeviceKey) {
  return {
    id: key.id,
    jkt: key.jkt,
    strength: key.strength,
    status: key.status,
    valid_from: key.validFrom,
    valid_to: key.validTo,
  };
}
