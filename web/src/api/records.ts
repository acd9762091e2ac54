/** Calls about attendance records. */
import type { ApiClient } from './client.ts';
import type { BulkResult, Fallback, Listed, ListedRecord, MarkResult, RollMark } from './types.ts';

const BASE = '/api/v1/attendance/records/';

/** One mark as it is sent; `op_id` stays the same however often it is. */
export interface MarkOperation {
  readonly op_id: string;
  readonly student: string;
  readonly mark: RollMark;
  readonly reason?: string;
  /** Why there was no scan; with present and late only. */
  readonly fallback?: Fallback;
  /** The operation that decided the record as it was shown when this mark was made. */
  readonly base_op_id?: string;
  /** Claims that were shown as waiting: this mark answers them. */
  readonly acks?: readonly string[];
}

/** Marks one student; the operation's id is the Idempotency-Key. */
export const sendMark = (
  api: ApiClient,
  session: string,
  { op_id: idempotencyKey, ...claim }: MarkOperation,
) =>
  api.request<MarkResult>({
    method: 'POST',
    path: BASE,
    body: { session, ...claim },
    idempotencyKey,
  });

/** Marks several students at once; each keeps the id it would have alone. */
export const sendMarks = (
  api: ApiClient,
  session: string,
  records: readonly MarkOperation[],
  idempotencyKey: string,
) =>
  api.request<BulkResult>({
    method: 'POST',
    path: `${BASE}bulk-mark/`,
    body: { session, records },
    idempotencyKey,
  });

/** Marks everyone who has no mark when the request arrives; each mark answers its student's `acks`. */
export const markRest = (
  api: ApiClient,
  session: string,
  rest: { readonly mark: RollMark; readonly acks: readonly string[] },
  idempotencyKey: string,
) =>
  api.request<BulkResult>({
    method: 'POST',
    path: `${BASE}bulk-mark/`,
    body: { session, records: [], default: rest },
    idempotencyKey,
  });

/** Filters of the list. */
export interface RecordFilters {
  readonly session?: string;
  readonly student?: string;
  readonly course_section?: string | null;
  readonly date_from?: string;
  readonly date_to?: string;
  readonly page?: number;
  readonly page_size?: number;
}

export const readRecords = (api: ApiClient, filters: RecordFilters, signal?: AbortSignal) =>
  api.request<Listed<ListedRecord>>({ path: BASE, query: { ...filters }, signal });
