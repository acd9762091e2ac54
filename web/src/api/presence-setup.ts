/** Calls about places of rooms, networks of a campus and settings. */
import type { ApiClient } from './client.ts';
import { readAll } from './pages.ts';
import type { Room } from './types.ts';

const CAMPUSES = '/api/v1/campuses/';
const SETTINGS = '/api/v1/settings/';

export interface Campus {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly zone: string;
}

/** A point, degrees. */
export interface Point {
  readonly lat: number;
  readonly lng: number;
}

/** Where a room is: a circle, or an outline that counts instead. */
export interface Place extends Point {
  readonly radius_m: number;
  readonly polygon: readonly Point[] | null;
}

/** A room and where it is; null where nobody said. */
export interface PlacedRoom extends Room {
  readonly place: Place | null;
  readonly version: number;
}

/** A network of a building, as CIDR. */
export interface BuildingNetwork {
  readonly building: string;
  readonly network: string;
}

export interface CampusNetworks {
  readonly networks: readonly BuildingNetwork[];
  readonly version: number;
  /** The reader's own address and whether it lies in one of them. */
  readonly you: { readonly address: string; readonly inside: boolean } | null;
}

export type SettingValue = number | string | boolean | null;

/** A setting with its legal values and where it is stored. */
export interface Setting {
  readonly name: string;
  readonly default: SettingValue;
  readonly values: {
    readonly type: string;
    readonly min?: number;
    readonly max?: number;
    readonly of?: readonly string[];
  };
  readonly stored: readonly (SettingPlace & { readonly value: SettingValue })[];
}

/** Where a setting holds; the id is empty for the institution. */
export interface SettingPlace {
  readonly scope_kind: string;
  readonly scope_id: string;
}

export const readCampuses = (api: ApiClient, signal?: AbortSignal) =>
  readAll<Campus>(api, CAMPUSES, {}, signal);

export const readPlacedRooms = (api: ApiClient, campus: string, signal?: AbortSignal) =>
  readAll<PlacedRoom>(api, `${CAMPUSES}${campus}/rooms/`, {}, signal);

const placePath = (room: string): string => `/api/v1/rooms/${room}/place/`;

export const setPlace = (api: ApiClient, room: string, ifMatch: number, body: Place) =>
  api.request({ method: 'PUT', path: placePath(room), body, ifMatch });

export const forgetPlace = (api: ApiClient, room: string, ifMatch: number) =>
  api.request({ method: 'DELETE', path: placePath(room), ifMatch });

const networksPath = (campus: string): string => `${CAMPUSES}${campus}/networks/`;

export const readNetworks = (api: ApiClient, campus: string, signal?: AbortSignal) =>
  api.request<CampusNetworks>({ path: networksPath(campus), signal });

export const setNetworks = (
  api: ApiClient,
  campus: string,
  ifMatch: number,
  networks: readonly BuildingNetwork[],
) =>
  api.request<CampusNetworks>({
    method: 'PUT',
    path: networksPath(campus),
    body: { networks },
    ifMatch,
  });

export async function readSettings(
  api: ApiClient,
  signal?: AbortSignal,
): Promise<readonly Setting[]> {
  const { settings } = await api.request<{ readonly settings: readonly Setting[] }>({
    path: SETTINGS,
    signal,
  });
  return settings;
}

interface Changed {
  readonly sessions_changed: number;
}

export const changeSetting = (
  api: ApiClient,
  name: string,
  body: SettingPlace & { readonly value: SettingValue; readonly reason?: string },
) => api.request<Changed>({ method: 'PUT', path: `${SETTINGS}${name}/`, body });

export const removeSetting = (api: ApiClient, name: string, place: SettingPlace, reason?: string) =>
  api.request<Changed>({
    method: 'DELETE',
    path: `${SETTINGS}${name}/`,
    query: { scope_kind: place.scope_kind, scope_id: place.scope_id, reason },
  });
