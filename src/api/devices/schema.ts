/** Schemas of the device routes. */
import { z } from 'zod';
import { CONTACTS } from '../../domain/devices/contact.ts';
import { idField, instantReply } from '../fields.ts';
import { pagingQuery } from '../paging.ts';

export const devicesQuery = z.strictObject(pagingQuery);

export const gatewayReply = z.strictObject({
  id: idField,
  name: z.string(),
  status: z.enum(['active', 'revoked']),
  contact: z.enum(CONTACTS),
  last_seen: instantReply.nullable(),
  keys: z.array(z.strictObject({ kid: z.string(), status: z.string() })),
  device_count: z.number().int(),
});

export const deviceReply = z.strictObject({
  id: idField,
  device_id: z.string(),
  device_name: z.string(),
  device_type: z.string(),
  location: z.string(),
  status: z.string(),
  ip_address: z.string().nullable(),
  api_endpoint: z.string().nullable(),
  gateway: idField,
  rooms: z.array(z.string()),
  contact: z.enum(CONTACTS),
  last_seen: instantReply.nullable(),
  created_at: instantReply,
});
