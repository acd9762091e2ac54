/** Keys of phones and browsers, and whose they are (presence.md section 3). */
import { defineEntity, p } from '@mikro-orm/core';
import { created, instant } from './base.ts';
import { AppUser } from './people.ts';

const DeviceKeySchema = defineEntity({
  name: 'DeviceKey',
  properties: {
    ...created,
    jkt: p.text().unique(),
    publicKey: p.json<Record<string, string>>().nullable(),
    strength: p.text().$type<'hardware' | 'webauthn' | 'software'>().default('software'),
  },
});
/**
 * A public key of one app installation or browser profile; `jkt` is its RFC 7638 thumbprint, which the
 * ledger knows it by. The key itself is forgotten a year after it was last anybody's.
 */
export class DeviceKey extends DeviceKeySchema.class {}
DeviceKeySchema.setClass(DeviceKey);

const DeviceBindingSchema = defineEntity({
  name: 'DeviceBinding',
  indexes: [{ properties: ['user'] }, { properties: ['deviceKey'] }],
  checks: [
    {
      name: 'device_binding_status_check',
      expression: "status in ('active','pending','revoked')",
    },
  ],
  properties: {
    ...created,
    deviceKey: () => p.manyToOne(DeviceKey).ref(),
    user: () => p.manyToOne(AppUser).ref(),
    status: p.text().$type<'active' | 'pending' | 'revoked'>().default('active'),
    slot: p.integer().default(1),
    validFrom: instant(),
    validTo: instant().nullable(),
    pendingUntil: instant().nullable(),
    replaces: () => p.manyToOne(DeviceBinding).ref().nullable(),
    approvedBy: () => p.manyToOne(AppUser).ref().nullable(),
  },
});
/**
 * A device key in somebody's hands from `validFrom` until `validTo`; one active per person. One that
 * replaced another is `pending` until `pendingUntil`: its scans count and are flagged.
 */
export class DeviceBinding extends DeviceBindingSchema.class {}
DeviceBindingSchema.setClass(DeviceBinding);

const DeviceCodeSchema = defineEntity({
  name: 'DeviceCode',
  indexes: [{ properties: ['user', 'createdAt'] }],
  properties: {
    ...created,
    user: () => p.manyToOne(AppUser).ref(),
    signInId: p.uuid(),
    expiresAt: instant(),
    attempts: p.integer().default(0),
    usedAt: instant().nullable(),
  },
});
/**
 * A code of six digits sent to a person's registered channel, to register a first device from the
 * sign-in that asked for it. The digits are not here: they follow from `id` under a secret key.
 * `attempts` counts the wrong tries; the latest code of a person is the only one that is good.
 */
export class DeviceCode extends DeviceCodeSchema.class {}
DeviceCodeSchema.setClass(DeviceCode);
