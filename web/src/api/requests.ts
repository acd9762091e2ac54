/** Calls about leave applications, correction requests and requests to unlock a register. */
import type { ApiClient } from './client.ts';
import type {
  CorrectionRequest,
  LeaveApplication,
  LeaveType,
  Listed,
  Mark,
  UnlockRequest,
} from './types.ts';

const BASE = '/api/v1/attendance/';
const LEAVES = `${BASE}leave-applications/`;
const CORRECTIONS = `${BASE}correction-requests/`;
const UNLOCKS = `${BASE}unlocks/`;

/** Filters of the lists. */
export interface CaseFilters {
  readonly status?: string | null;
  readonly student?: string | null;
  readonly waiting_for_me?: boolean;
  readonly filed_by_me?: boolean;
  readonly page?: number;
  readonly page_size?: number;
}

/** A leave in whole days, or between two instants. */
export type NewLeave = { readonly leave_type: string; readonly reason: string } & (
  | { readonly start_date: string; readonly end_date: string }
  | { readonly starts_at: string; readonly ends_at: string }
);

/** What should be changed on a record, and why. */
export interface NewCorrection {
  readonly session: string;
  readonly to_mark: Mark;
  readonly excuse_category?: string;
  readonly reason: string;
}

/** A locked register to open again, for how many hours, and why. */
export interface NewUnlock {
  readonly session: string;
  readonly hours: number;
  readonly reason: string;
}

/** A decision about a request. */
export interface Decision {
  readonly status: 'approved' | 'rejected';
  readonly note?: string;
}

/** The kinds of request, which share their life. */
export type CaseKind = 'leave' | 'correction' | 'unlock';

/** A request of any kind. */
export type AnyRequest = LeaveApplication | CorrectionRequest | UnlockRequest;

const PATHS: Readonly<Record<CaseKind, string>> = {
  leave: LEAVES,
  correction: CORRECTIONS,
  unlock: UNLOCKS,
};
const pathOf = (kind: CaseKind): string => PATHS[kind];

/** Leave types; the API may answer a plain array or a page. */
export async function readLeaveTypes(api: ApiClient, signal?: AbortSignal) {
  const answer = await api.request<readonly LeaveType[] | Listed<LeaveType>>({
    path: `${BASE}leave-types/`,
    signal,
  });
  return 'results' in answer ? answer.results : answer;
}

export const readLeaves = (api: ApiClient, filters: CaseFilters, signal?: AbortSignal) =>
  api.request<Listed<LeaveApplication>>({ path: LEAVES, query: { ...filters }, signal });

export const readCorrections = (api: ApiClient, filters: CaseFilters, signal?: AbortSignal) =>
  api.request<Listed<CorrectionRequest>>({ path: CORRECTIONS, query: { ...filters }, signal });

export const readUnlocks = (api: ApiClient, filters: CaseFilters, signal?: AbortSignal) =>
  api.request<Listed<UnlockRequest>>({ path: UNLOCKS, query: { ...filters }, signal });

/** One page of the requests of one kind. */
export const readCases = (
  api: ApiClient,
  kind: CaseKind,
  filters: CaseFilters,
  signal?: AbortSignal,
) => api.request<Listed<AnyRequest>>({ path: pathOf(kind), query: { ...filters }, signal });

export const applyForLeave = (api: ApiClient, body: NewLeave, idempotencyKey: string) =>
  api.request<LeaveApplication>({ method: 'POST', path: LEAVES, body, idempotencyKey });

export const askForCorrection = (api: ApiClient, body: NewCorrection, idempotencyKey: string) =>
  api.request<CorrectionRequest>({ method: 'POST', path: CORRECTIONS, body, idempotencyKey });

export const askToUnlock = (api: ApiClient, body: NewUnlock, idempotencyKey: string) =>
  api.request<UnlockRequest>({ method: 'POST', path: UNLOCKS, body, idempotencyKey });

export const readCase = (api: ApiClient, kind: CaseKind, id: string, signal?: AbortSignal) =>
  api.request<AnyRequest>({ path: `${pathOf(kind)}${id}/`, signal });

export const decideCase = (
  api: ApiClient,
  kind: CaseKind,
  id: string,
  body: Decision,
  idempotencyKey: string,
) =>
  api.request<AnyRequest>({
    method: 'PATCH',
    path: `${pathOf(kind)}${id}/`,
    body,
    idempotencyKey,
  });

export const withdrawCase = (api: ApiClient, kind: CaseKind, id: string, idempotencyKey: string) =>
  api.request<AnyRequest>({
    method: 'POST',
    path: `${pathOf(kind)}${id}/withdraw/`,
    body: {},
    idempotencyKey,
  });
