/** Calls about students' own entries. */
import type { ApiClient } from './client.ts';
import type { Listed, MarkResult, SelfEntry } from './types.ts';

const BASE = '/api/v1/attendance/self-entries/';

/** Filters of the list. */
export interface SelfEntryFilters {
  readonly status?: string;
  readonly waiting_for_me?: boolean;
  readonly page_size?: number;
}

/** What became of one entry of a bulk decision. */
export interface EntryResult {
  readonly id: string;
  readonly status: 'applied' | 'rejected' | 'retry';
  readonly code: string | null;
  readonly detail: string | null;
}

/** The answer of a bulk decision. */
export interface BulkDecided {
  readonly results: readonly EntryResult[];
  readonly counts: { readonly applied: number; readonly rejected: number; readonly retry: number };
}

/** One verdict on many entries. */
export interface EntryVerdict {
  readonly ids: readonly string[];
  readonly verdict: 'approved' | 'rejected';
  readonly note?: string;
}

/** Most entries of one bulk decision. */
export const BULK_DECISIONS_MAX = 200;

/** Enters the signed-in student as present; the teacher decides. */
export const enterSelf = (api: ApiClient, session: string, idempotencyKey: string) =>
  api.request<MarkResult & { readonly entry: string }>({
    method: 'POST',
    path: BASE,
    body: { session },
    idempotencyKey,
  });

export const readSelfEntries = (api: ApiClient, filters: SelfEntryFilters, signal?: AbortSignal) =>
  api.request<Listed<SelfEntry>>({ path: BASE, query: { ...filters }, signal });

export const decideEntries = (api: ApiClient, body: EntryVerdict, idempotencyKey: string) =>
  api.request<BulkDecided>({ method: 'POST', path: `${BASE}bulk-decide/`, body, idempotencyKey });
