/** Keys of phones and browsers, and whose they are (presence.md section 3). */
import { defineEntity, p } from '@mikro-orm/core';
import { created, instant } from './base.ts';
import { AppUser } from './people.ts';

const DeviceKeySchema = defineEntity({
  name: 'DeviceKey',
  properties: {
    ...created,
    jkt: p.text().unique(),
    publicKey: p.json<Record<string, string>>(),
    strength: p.text().$type<'hardware' | 'webauthn' | 'software'>().default('software'),
  },
});
/** A public key of one app installation or browser profile; `jkt` is its RFC 7638 thumbprint. */
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
    validFrom: instant(),
    validTo: instant().nullable(),
  },
});
/** A device key in somebody's hands from `validFrom` until `validTo`; one active per person. */
export class DeviceBinding extends DeviceBindingSchema.class {}
DeviceBindingSchema.setClass(DeviceBinding);
