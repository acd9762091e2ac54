/** Schemas of places: where a room is, and the networks of a campus (presence.md section 6). */
import { z } from 'zod';
import { idField } from '../fields.ts';
import { pagingQuery } from '../paging.ts';

const degrees = (most: number) => {
  const error = `Give degrees from -${most} to ${most}`;
  return z.number().min(-most, { error }).max(most, { error });
};
const point = { lat: degrees(90), lng: degrees(180) };

const radius = { error: 'Give a radius from 5 to 2000 metres, without fractions' };

export const placeBody = z.strictObject({
  ...point,
  radius_m: z
    .int(radius)
    .min(5, radius)
    .max(2_000, radius)
    .default(60)
    .describe('60 for a room, 120 for a building'),
  polygon: z
    .array(z.strictObject(point))
    .min(3, { error: 'An outline has at least three corners' })
    .max(100, { error: 'An outline has at most 100 corners' })
    .nullish()
    .describe('corners in order; their edge counts instead of the radius'),
});

const place = placeBody.nullable();
const version = z.int().describe('for If-Match');

export const placeReply = z.strictObject({ place, version });

export const placesQuery = z.strictObject(pagingQuery);

export const campusReply = z.strictObject({
  id: idField,
  code: z.string(),
  name: z.string(),
  zone: z.string(),
});

export const placedRoomReply = z.strictObject({
  id: idField,
  code: z.string(),
  building: z.string(),
  capacity: z.int(),
  place,
  version,
});

const network = z.strictObject({
  building: z.string().trim().min(1).max(100),
  network: z
    .union([z.cidrv4(), z.cidrv6()], {
      error: 'Give a network with its length, such as 10.20.0.0/16 or fd00::/8',
    })
    .describe('such as 10.20.0.0/16'),
});

export const networksBody = z.strictObject({ networks: z.array(network).max(500) });

export const networksReply = z.strictObject({
  networks: z.array(network),
  version,
  you: z
    .strictObject({ address: z.string(), inside: z.boolean() })
    .nullable()
    .describe('the address this request came from, and whether a scan from it is on campus'),
});
