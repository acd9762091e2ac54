/** Where rooms are and which networks are the campus's, as operators enter it (presence.md section 6). */
import { appendLog, auditEntry } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { appError, type FieldError } from '../../domain/errors.ts';
import { distanceM, type Fence, type Point } from '../../domain/presence/geofence.ts';
import type { Id } from '../../domain/types.ts';
import type { CanonicalValue } from '../../security/canonical-json.ts';
import type { Operation } from '../ports.ts';

/** The place of a room; null where none is known. */
export type RoomPlace = Fence | null;

/** A place and the version of its room, for If-Match. */
export interface PlacedRoom {
  readonly place: RoomPlace;
  readonly version: number;
}

/** The columns of a place, null together where none is known. */
export interface PlaceColumns {
  readonly fence_lat: number | null;
  readonly fence_lng: number | null;
  readonly fence_radius_m: number | null;
  readonly fence_polygon: readonly Point[] | null;
}

/** A corner further away than this is a slip of the pen: latitude and longitude swapped, a lost digit. */
const CORNER_MAX_M = 5_000;

/** The place that columns hold. */
export function placeOf(row: PlaceColumns): RoomPlace {
  const { fence_lat: lat, fence_lng: lng, fence_radius_m: radiusM, fence_polygon: polygon } = row;
  if (lat === null || lng === null || radiusM === null) return null;
  return { centre: { lat, lng }, radiusM, polygon };
}

/** Reads the place of a room. @throws AppError `not_found` */
export async function readPlace({ em }: Pick<Operation, 'em'>, roomId: Id): Promise<PlacedRoom> {
  const row = await firstRow<PlaceColumns & { readonly version: number }>(
    em,
    `select fence_lat, fence_lng, fence_radius_m, fence_polygon, version
     from room where id = ?::uuid`,
    [roomId],
  );
  if (!row) throw appError('not_found', 'There is no such room.');
  return { place: placeOf(row), version: row.version };
}

/**
 * Sets or forgets the place of a room; scans from now on are compared with it.
 * @param version  of the room as it was read
 * @returns the version after it
 * @throws AppError `not_found`, `stale`, `validation_failed` for a corner far from the centre
 */
export async function setPlace(
  operation: Operation,
  roomId: Id,
  version: number,
  place: RoomPlace,
): Promise<number> {
  refuseFarCorners(place);
  return operation.em.transactional(async (em) => {
    await rows(em, 'select 1 from room where id = ?::uuid for update', [roomId]);
    const before = await readPlace({ em }, roomId);
    refuseStale(before.version, version, 'The place of this room');
    await rows(
      em,
      `update room set fence_lat = ?::float8, fence_lng = ?::float8, fence_radius_m = ?::int,
         fence_polygon = ?::jsonb, version = version + 1, updated_at = app_clock()
       where id = ?::uuid`,
      [
        place?.centre.lat ?? null,
        place?.centre.lng ?? null,
        place?.radiusM ?? null,
        place?.polygon ? JSON.stringify(place.polygon) : null,
        roomId,
      ],
    );
    await audit(operation, em, {
      action: place ? 'room.place_set' : 'room.place_removed',
      entityType: 'Room',
      entityId: roomId,
      before: inAudit(before.place),
      after: inAudit(place),
    });
    return version + 1;
  });
}

function refuseFarCorners(place: RoomPlace): void {
  const errors = (place?.polygon ?? []).flatMap((corner, index): FieldError[] => {
    const far = distanceM(place?.centre ?? corner, corner);
    if (far <= CORNER_MAX_M) return [];
    const detail = `This corner is ${Math.round(far / 1_000)} km from the centre; give latitude first, then longitude.`;
    return [{ path: `polygon.${index}`, code: 'not_acceptable', detail }];
  });
  const [first] = errors;
  if (first) throw appError('validation_failed', `${first.path}: ${first.detail}`, { errors });
}

/** A place in the audit trail: rooms are no secret, and a moved fence lets in who is not there. */
function inAudit(place: RoomPlace): Details {
  if (!place) return null;
  const { centre, radiusM, polygon } = place;
  const at = ({ lat, lng }: Point): string => `${lat}, ${lng}`;
  return { centre: at(centre), radius_m: radiusM, polygon: polygon?.map(at) ?? null };
}

/** A network of a building. */
export interface BuildingNetwork {
  readonly building: string;
  /** CIDR, such as `10.20.0.0/16`. */
  readonly network: string;
}

/** The networks of a campus and its version, for If-Match. */
export interface CampusNetworks {
  readonly networks: readonly BuildingNetwork[];
  readonly version: number;
  /** Whether the asker's address lies in one of them; null where the address is not known. */
  readonly isAskerInside: boolean | null;
}

/**
 * The networks of a campus.
 * @param address  the asker's own, to tell whether it would count as on campus; null where unknown
 * @throws AppError `not_found`
 */
export async function readNetworks(
  { em }: Pick<Operation, 'em'>,
  campusId: Id,
  address: string | null,
): Promise<CampusNetworks> {
  const campus = await firstRow<{ version: number; is_inside: boolean | null }>(
    em,
    `select version, case when ?::inet is not null then exists (
       select 1 from building_network n where n.campus_id = campus.id and ?::inet <<= n.network)
       end as is_inside
     from campus where id = ?::uuid`,
    [address, address, campusId],
  );
  if (!campus) throw appError('not_found', 'There is no such campus.');
  const networks = await rows<BuildingNetwork>(
    em,
    `select building, network::text as network from building_network
     where campus_id = ?::uuid order by building, network`,
    [campusId],
  );
  return { networks, version: campus.version, isAskerInside: campus.is_inside };
}

/**
 * Replaces the networks of a campus; host bits are dropped and repeats count once.
 * @param version  of the campus as it was read
 * @throws AppError `not_found`, `stale`
 */
export async function setNetworks(
  operation: Operation,
  campusId: Id,
  version: number,
  networks: readonly BuildingNetwork[],
): Promise<void> {
  await operation.em.transactional(async (em) => {
    await rows(em, 'select 1 from campus where id = ?::uuid for update', [campusId]);
    const before = await readNetworks({ em }, campusId, null);
    refuseStale(before.version, version, 'The list of networks');
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
    await rows(
      em,
      'update campus set version = version + 1, updated_at = app_clock() where id = ?::uuid',
      [campusId],
    );
    const after = await readNetworks({ em }, campusId, null);
    const listed = (list: readonly BuildingNetwork[]): CanonicalValue =>
      list.map(({ building, network }) => `${building}: ${network}`);
    await audit(operation, em, {
      action: 'campus.networks_set',
      entityType: 'Campus',
      entityId: campusId,
      before: { networks: listed(before.networks) },
      after: { networks: listed(after.networks) },
    });
  });
}

function refuseStale(stored: number, read: number, what: string): void {
  if (stored !== read) {
    throw appError('stale', `${what} changed since you read it; read it again, then change it.`);
  }
}

type Details = Readonly<Record<string, CanonicalValue>> | null;

interface Change {
  readonly action: string;
  readonly entityType: string;
  readonly entityId: Id;
  readonly before: Details;
  readonly after: Details;
}

async function audit({ actor, ids }: Operation, em: Em, change: Change): Promise<void> {
  await appendLog(em, ids, { audit: [auditEntry(actor, { chain: 'area:policy', ...change })] });
}
