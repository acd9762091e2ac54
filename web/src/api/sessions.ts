/** Calls about class sessions. */
import type { ApiClient } from './client.ts';
import { readAll } from './pages.ts';
import type { Listed, Roster, Room, Section, Session, SessionEvent } from './types.ts';

const BASE = '/api/v1/attendance/sessions/';
const ACADEMICS = '/api/v1/academics/';

/** Filters of the list; absent ones do not narrow. */
export interface SessionFilters {
  readonly date_from?: string | undefined;
  readonly date_to?: string | undefined;
  readonly faculty?: string | null | undefined;
  readonly status?: string | null | undefined;
  readonly course_section?: string | null | undefined;
}

/** What a new session is made of. */
export interface NewSession {
  readonly course_section: string;
  readonly scheduled_date: string;
  readonly start_datetime: string;
  readonly end_datetime: string;
  readonly room: string;
  readonly notes?: string;
  readonly component: string;
  readonly units: number;
}

/** The lifecycle steps a person takes. */
export type SessionStep = 'open' | 'close' | 'lock' | 'cancel' | 'restore';

export const readSessions = (api: ApiClient, filters: SessionFilters, signal?: AbortSignal) =>
  readAll<Session>(api, BASE, { ...filters, ordering: 'start_datetime' }, signal);

export const readSession = (api: ApiClient, id: string, signal?: AbortSignal) =>
  api.request<Session>({ path: `${BASE}${id}/`, signal });

/** The newest session the asker may see, if any; for what only sessions tell, like the zone. */
export async function readAnySession(api: ApiClient, signal?: AbortSignal) {
  const listed = await api.request<Listed<Session>>({
    path: BASE,
    query: { page_size: 1, ordering: '-start_datetime' },
    signal,
  });
  return listed.results[0] ?? null;
}

export const readRoster = (api: ApiClient, session: string, signal?: AbortSignal) =>
  api.request<Roster>({ path: `${BASE}${session}/roster/`, signal });

export const readEvents = (api: ApiClient, session: string, after: number) =>
  api.request<{ readonly seq: number; readonly events: readonly SessionEvent[] }>({
    path: `${BASE}${session}/events/`,
    query: { after },
  });

export const createSession = (api: ApiClient, body: NewSession, idempotencyKey: string) =>
  api.request<Session>({ method: 'POST', path: BASE, body, idempotencyKey });

export const takeStep = (
  api: ApiClient,
  session: string,
  step: SessionStep,
  reason: string | undefined,
  idempotencyKey: string,
) =>
  api.request<Session>({
    method: 'POST',
    path: `${BASE}${session}/${step}/`,
    body: reason === undefined ? {} : { reason },
    idempotencyKey,
  });

/** Where a session moves to. */
export interface Move {
  readonly start_datetime: string;
  readonly end_datetime: string;
  readonly room?: string;
  readonly reason: string;
}

export const moveSession = (api: ApiClient, session: string, body: Move, idempotencyKey: string) =>
  api.request<Session>({
    method: 'POST',
    path: `${BASE}${session}/reschedule/`,
    body,
    idempotencyKey,
  });

export const readSections = (api: ApiClient, signal?: AbortSignal) =>
  readAll<Section>(api, `${ACADEMICS}sections/`, {}, signal);

export const readRooms = (api: ApiClient, signal?: AbortSignal) =>
  readAll<Room>(api, `${ACADEMICS}rooms/`, {}, signal);
