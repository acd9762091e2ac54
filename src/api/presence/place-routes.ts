/** Routes of places: where a room is, and the networks of a campus. */
import { z } from 'zod';
import { listCampuses, listPlacedRooms } from '../../db/queries/academics.ts';
import {
  placeOf,
  readNetworks,
  readPlace,
  setNetworks,
  setPlace,
  type CampusNetworks,
  type PlacedRoom,
  type RoomPlace,
} from '../../operations/presence/set-place.ts';
import { addressOf } from '../../security/network.ts';
import { idParams } from '../fields.ts';
import { listBody, listOf } from '../paging.ts';
import { requireVersion } from '../preconditions.ts';
import { authorize, route, type Route, type RouteReply } from '../route.ts';
import {
  campusReply,
  networksBody,
  networksReply,
  placeBody,
  placedRoomReply,
  placeReply,
  placesQuery,
} from './place-schema.ts';

const TAG = 'Presence';

/** The routes of places. */
export function placeRoutes(): Route[] {
  return [campuses, rooms, readRoom, setRoom, removeRoom, readCampus, setCampus];
}

const pageOf = (query: z.output<typeof placesQuery>) => ({
  page: query.page,
  pageSize: query.page_size,
});

const campuses = route({
  method: 'get',
  path: '/api/v1/campuses',
  summary: 'List the campuses',
  tag: TAG,
  access: authorize('operate'),
  query: placesQuery,
  replies: { 200: listOf(campusReply) },
  errors: [],
  handler: async ({ query, operation, request }) => ({
    status: 200,
    body: listBody(request.originalUrl, query, await listCampuses(operation.em, pageOf(query))),
  }),
});

const rooms = route({
  method: 'get',
  path: '/api/v1/campuses/:id/rooms',
  summary: 'List the rooms of a campus and where they are',
  tag: TAG,
  access: authorize('operate'),
  params: idParams,
  query: placesQuery,
  replies: { 200: listOf(placedRoomReply) },
  errors: [],
  handler: async ({ params, query, operation, request }) => {
    const { count, results } = await listPlacedRooms(operation.em, params.id, pageOf(query));
    const listed = results.map(({ id, code, building, capacity, version, ...columns }) => ({
      id,
      code,
      building,
      capacity,
      place: present(placeOf(columns)),
      version,
    }));
    return { status: 200, body: listBody(request.originalUrl, query, { count, results: listed }) };
  },
});

const readRoom = route({
  method: 'get',
  path: '/api/v1/rooms/:id/place',
  summary: 'Read where a room is',
  tag: TAG,
  access: authorize('operate'),
  params: idParams,
  replies: { 200: placeReply },
  errors: ['not_found'],
  handler: async ({ params, operation }) => placed(await readPlace(operation, params.id)),
});

const setRoom = route({
  method: 'put',
  path: '/api/v1/rooms/:id/place',
  summary: 'Say where a room is; scans are compared with it from then on',
  tag: TAG,
  access: authorize('operate'),
  ifMatch: 'required',
  params: idParams,
  body: placeBody,
  replies: { 200: placeReply },
  errors: ['not_found', 'stale', 'precondition_required'],
  handler: async ({ params, body, operation, ifMatch }) => {
    const place: RoomPlace = {
      centre: { lat: body.lat, lng: body.lng },
      radiusM: body.radius_m,
      polygon: body.polygon ?? null,
    };
    const version = await setPlace(operation, params.id, requireVersion(ifMatch), place);
    return placed({ place, version });
  },
});

const removeRoom = route({
  method: 'delete',
  path: '/api/v1/rooms/:id/place',
  summary: 'Forget where a room is; positions say nothing there any more',
  tag: TAG,
  access: authorize('operate'),
  ifMatch: 'required',
  params: idParams,
  replies: { 204: z.undefined() },
  errors: ['not_found', 'stale', 'precondition_required'],
  handler: async ({ params, operation, ifMatch }) => {
    await setPlace(operation, params.id, requireVersion(ifMatch), null);
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
  replies: { 200: networksReply },
  errors: ['not_found'],
  handler: async ({ params, operation, request }) => {
    const address = addressOf(request.ip);
    return networked(address, await readNetworks(operation, params.id, address));
  },
});

const setCampus = route({
  method: 'put',
  path: '/api/v1/campuses/:id/networks',
  summary: 'Replace the networks of a campus; a scan from one of them is on campus',
  tag: TAG,
  access: authorize('operate'),
  ifMatch: 'required',
  params: idParams,
  body: networksBody,
  replies: { 200: networksReply },
  errors: ['not_found', 'stale', 'precondition_required'],
  handler: async ({ params, body, operation, request, ifMatch }) => {
    await setNetworks(operation, params.id, requireVersion(ifMatch), body.networks);
    const address = addressOf(request.ip);
    return networked(address, await readNetworks(operation, params.id, address));
  },
});

function placed({ place, version }: PlacedRoom): RouteReply {
  const body: z.input<typeof placeReply> = { place: present(place), version };
  return { status: 200, body, headers: { ETag: `"${version}"` } };
}

function networked(
  address: string | null,
  { networks, version, isAskerInside }: CampusNetworks,
): RouteReply {
  const you =
    address === null || isAskerInside === null ? null : { address, inside: isAskerInside };
  const body: z.input<typeof networksReply> = { networks: [...networks], version, you };
  return { status: 200, body, headers: { ETag: `"${version}"` } };
}

function present(fence: RoomPlace): z.input<typeof placeReply>['place'] {
  if (!fence) return null;
  const polygon = fence.polygon?.map(({ lat, lng }) => ({ lat, lng })) ?? null;
  return { ...fence.centre, radius_m: fence.radiusM, polygon };
}
