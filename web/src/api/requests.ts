/** Calls about leave applications and correction requests. */
import type { ApiClient } from './client.ts';
import type { CorrectionRequest, LeaveApplication, LeaveType, Listed, Mark } from './types.ts';

const BASE = '/api/v1/attendance/';
const LEAVES = `${BASE}leave-applications/`;
const CORRECTIONS = `${BASE}correction-requests/`;

/** Filters of both lists. */
export interface CaseFilters {
  readonly status?: string | null;
  readonly student?: string | null;
  readonly waiting_for_me?: boolean;
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

/** A decision about a request. */
export interface Decision {
  readonly status: 'approved' | 'rejected';
  readonly note?: string;
}

/** The two kinds of request, which share their life. */
export type CaseKind = 'leave' | 'correction';

const pathOf = (kind: CaseKind): string => (kind === 'leave' ? LEAVES : CORRECTIONS);

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

export const applyForLeave = (api: ApiClient, body: NewLeave, idempotencyKey: string) =>
  api.request<LeaveApplication>({ method: 'POST', path: LEAVES, body, idempotencyKey });

export const askForCorrection = (api: ApiClient, body: NewCorrection, idempotencyKey: string) =>
  api.request<CorrectionRequest>({ method: 'POST', path: CORRECTIONS, body, idempotencyKey });

export const readCase = (api: ApiClient, kind: CaseKind, id: string, signal?: AbortSignal) =>
  api.request<LeaveApplication | CorrectionRequest>({ path: `${pathOf(kind)}${id}/`, signal });

export const decideCase = (
  api: ApiClient,
  kind: CaseKind,
  id: string,
  body: Decision,
  idempotencyKey: string,
) =>
  api.request<LeaveApplication | CorrectionRequest>({
    method: 'PATCH',
    path: `${pathOf(kind)}${id}/`,
    body,
    idempotencyKey,
  });

export const withdrawCase = (api: ApiClient, kind: CaseKind, id: string, idempotencyKey: string) =>
  api.request<LeaveApplication | CorrectionRequest>({
    method: 'POST',
    path: `${pathOf(kind)}${id}/withdraw/`,
    body: {},
    idempotencyKey,
  });
