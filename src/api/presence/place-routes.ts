/** Routes of places: where a room is, and the networks of a campus. */
import { z } from 'zod';
import {
  readNetworks,
  readPlace,
  setNetworks,
  setPlace,
  type RoomPlace,
} from '../../operations/presence/set-place.ts';
import { idParams } from '../fields.ts';
import { authorize, route, type Route } from '../route.ts';

const TAG = 'Presence';

const point = { lat: z.number().min(-90).max(90), lng: z.number().min(-180).max(180) };
const place = z.strictObject({
  ...point,
  radius_m: z.int().min(5).max(2_000).default(60).describe('60 for a room, 120 for a building'),
  polygon: z.array(z.strictObject(point)).min(3).max(100).nullish(),
});
const placeReply = z.strictObject({ place: place.nullable() });

const network = z.strictObject({
  building: z.string().trim().min(1).max(100),
  network: z.union([z.cidrv4(), z.cidrv6()]).describe('such as 10.20.0.0/16'),
});
const networks = z.strictObject({ networks: z.array(network).max(500) });

/** The routes of places. */
export function placeRoutes(): Route[] {
  return [readRoom, setRoom, removeRoom, readCampus, setCampus];
}

const readRoom = route({
  method: 'get',
  path: '/api/v1/rooms/:id/place',
  summary: 'Read where a room is',
  tag: TAG,
  access: authorize('operate'),
  params: idParams,
  replies: { 200: placeReply },
  errors: ['not_found'],
  handler: async ({ params, operation }) => ({
    status: 200,
    body: { place: present(await readPlace(operation, params.id)) },
  }),
});

const setRoom = route({
  method: 'put',
  path: '/api/v1/rooms/:id/place',
  summary: 'Say where a room is; scans are compared with it from then on',
  tag: TAG,
  access: authorize('operate'),
  params: idParams,
  body: place,
  replies: { 200: placeReply },
  errors: ['not_found'],
  handler: async ({ params, body, operation }) => {
    const fence: RoomPlace = {
      centre: { lat: body.lat, lng: body.lng },
      radiusM: body.radius_m,
      polygon: body.polygon ?? null,
    };
    await setPlace(operation, params.id, fence);
    return { status: 200, body: { place: present(fence) } };
  },
});

const removeRoom = route({
  method: 'delete',
  path: '/api/v1/rooms/:id/place',
  summary: 'Forget where a room is; positions say nothing there any more',
  tag: TAG,
  access: authorize('operate'),
  params: idParams,
  replies: { 204: z.undefined() },
  errors: ['not_found'],
  handler: async ({ params, operation }) => {
    await setPlace(operation, params.id, null);
    return { status: 204 };
  },
});

const readCampus = route({
  method: 'get',
  path: '/api/v1/campuses/:id/networks',
  summary: 'Read the networks of a campus',
  tag: TAG,
  access: authorize('operate'),
  params: idParams,
  replies: { 200: networks },
  errors: [],
  handler: async ({ params, operation }) => ({
    status: 200,
    body: { networks: await readNetworks(operation, params.id) },
  }),
});

const setCampus = route({
  method: 'put',
  path: '/api/v1/campuses/:id/networks',
  summary: 'Replace the networks of a campus; a scan from one of them is on campus',
  tag: TAG,
  access: authorize('operate'),
  params: idParams,
  body: networks,
  replies: { 200: networks },
  errors: ['not_found'],
  handler: async ({ params, body, operation }) => {
    await setNetworks(operation, params.id, body.networks);
    return { status: 200, body: { networks: await readNetworks(operation, params.id) } };
  },
});

function present(fence: RoomPlace): z.input<typeof placeReply>['place'] {
  if (!fence) return null;
  const polygon = fence.polygon?.map(({ lat, lng }) => ({ lat, lng })) ?? null;
  return { ...fence.centre, radius_m: fence.radiusM, polygon };
}
