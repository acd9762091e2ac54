/** Where rooms are and which networks are the campus's, as operators enter it (presence.md section 6). */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { Fence, Point } from '../../domain/presence/geofence.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';

/** The place of a room; null where none is known. */
export type RoomPlace = Fence | null;

/** Reads the place of a room. @throws AppError `not_found` */
export async function readPlace({ em }: Pick<Operation, 'em'>, roomId: Id): Promise<RoomPlace> {
  const row = await firstRow<{
    fence_lat: number | null;
    fence_lng: number | null;
    fence_radius_m: number | null;
    fence_polygon: Point[] | null;
  }>(
    em,
    'select fence_lat, fence_lng, fence_radius_m, fence_polygon from room where id = ?::uuid',
    [roomId],
  );
  if (!row) throw roomNotFound();
  const { fence_lat: lat, fence_lng: lng, fence_radius_m: radiusM, fence_polygon: polygon } = row;
  if (lat === null || lng === null || radiusM === null) return null;
  return { centre: { lat, lng }, radiusM, polygon };
}

/** Sets or forgets the place of a room; scans from now on are compared with it. @throws AppError `not_found` */
export async function setPlace(operation: Operation, roomId: Id, place: RoomPlace): Promise<void> {
  await operation.em.transactional(async (em) => {
    const found = await rows(
      em,
      `update room set fence_lat = ?::float8, fence_lng = ?::float8, fence_radius_m = ?::int,
         fence_polygon = ?::jsonb, updated_at = app_clock() where id = ?::uuid returning id`,
      [
        place?.centre.lat ?? null,
        place?.centre.lng ?? null,
        place?.radiusM ?? null,
        place?.polygon ? JSON.stringify(place.polygon) : null,
        roomId,
      ],
    );
    if (found.length === 0) throw roomNotFound();
    await appendLog(em, operation.ids, {
      audit: [
        auditEntry(operation.actor, {
          chain: 'area:policy',
          action: place ? 'room.place_set' : 'room.place_removed',
          entityType: 'Room',
          entityId: roomId,
          after: place ? { radius_m: place.radiusM, polygon: place.polygon !== null } : null,
        }),
      ],
    });
  });
}

const roomNotFound = () => appError('not_found', 'There is no such room.');

/** A network of a building. */
export interface BuildingNetwork {
  readonly building: string;
  /** CIDR, such as `10.20.0.0/16`. */
  readonly network: string;
}

/** The networks of a campus. */
export async function readNetworks(
  { em }: Pick<Operation, 'em'>,
  campusId: Id,
): Promise<BuildingNetwork[]> {
  return rows<BuildingNetwork>(
    em,
    `select building, network::text as network from building_network
     where campus_id = ?::uuid order by building, network`,
    [campusId],
  );
}

/** Replaces the networks of a campus. @throws AppError `not_found` */
export async function setNetworks(
  operation: Operation,
  campusId: Id,
  networks: readonly BuildingNetwork[],
): Promise<void> {
  await operation.em.transactional(async (em) => {
    const campus = await firstRow(em, 'select id from campus where id = ?::uuid for update', [
      campusId,
    ]);
    if (!campus) throw appError('not_found', 'There is no such campus.');
    await rows(em, 'delete from building_network where campus_id = ?::uuid', [campusId]);
    await rows(
      em,
      `insert into building_network (id, campus_id, building, network)
       select n.id, ?::uuid, n.building, network(n.network::inet)
       from unnest(?::uuid[], ?::text[], ?::text[]) as n(id, building, network)
       on conflict do nothing`,
      [
        campusId,
        networks.map(() => operation.ids.next()),
        networks.map(({ building }) => building),
        networks.map(({ network }) => network),
      ],
    );
    await appendLog(em, operation.ids, {
      audit: [
        auditEntry(operation.actor, {
          chain: 'area:policy',
          action: 'campus.networks_set',
          entityType: 'Campus',
          entityId: campusId,
          after: { networks: networks.length },
        }),
      ],
    });
  });
}
