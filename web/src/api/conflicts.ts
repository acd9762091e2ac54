/** Calls about contradictions between claims. */
import type { ApiClient } from './client.ts';
import type { Listed, Mark, RollMark, SessionStatus, StudentName } from './types.ts';

const BASE = '/api/v1/attendance/conflicts/';

export const CONFLICT_KINDS = [
  'human_vs_machine',
  'human_vs_human',
  'human_vs_leave',
  'leave_vs_machine',
  'shared_device',
] as const;
export type ConflictKind = (typeof CONFLICT_KINDS)[number];
export type ConflictState = 'open' | 'settled' | 'void';

/** A contradiction of a list; `student` is null where several students used one device. */
export interface Conflict {
  readonly id: string;
  readonly session: string;
  readonly kind: ConflictKind;
  readonly state: ConflictState;
  readonly opened_at: string;
  readonly settled_at: string | null;
  readonly resolved_by: string | null;
  readonly version: number;
  readonly student: StudentName | null;
  readonly mark: Mark | null;
  readonly session_detail: {
    readonly scheduled_date: string;
    readonly start_datetime: string;
    readonly course_code: string;
    readonly section_name: string;
    readonly status: SessionStatus;
  };
  readonly can_resolve: boolean;
}

/** A claim that a contradiction names. */
export interface ConflictClaim {
  readonly op_id: string;
  readonly student: StudentName;
  readonly mark: Mark | null;
  readonly source: string;
  readonly capture_mode: string;
  readonly effective_at: string;
  readonly received_at: string;
  readonly by: string | null;
  readonly holds_record: boolean;
  /** False once the student left the class; nothing is asked about them. */
  readonly on_roster: boolean;
}

export interface ConflictDetail extends Conflict {
  readonly claims: readonly ConflictClaim[];
}

/** Filters of the list. */
export interface ConflictFilters {
  readonly state?: ConflictState | null;
  readonly kind?: ConflictKind | null;
  readonly session?: string | null;
  readonly page?: number;
  readonly page_size?: number;
}

export const readConflicts = (api: ApiClient, filters: ConflictFilters, signal?: AbortSignal) =>
  api.request<Listed<Conflict>>({ path: BASE, query: { ...filters }, signal });

export const readConflict = (api: ApiClient, id: string, signal?: AbortSignal) =>
  api.request<ConflictDetail>({ path: `${BASE}${id}/`, signal });

/** A person's word on every student a contradiction concerns. */
export interface Resolution {
  readonly marks: readonly { readonly student: string; readonly mark: RollMark }[];
  readonly reason: string;
}

/** Settles what was read at `version`; the API refuses when it changed since. */
export const resolveConflict = (
  api: ApiClient,
  { id, version }: Pick<Conflict, 'id' | 'version'>,
  body: Resolution,
  idempotencyKey: string,
) =>
  api.request<{ readonly conflict: ConflictDetail }>({
    method: 'POST',
    path: `${BASE}${id}/resolve/`,
    body,
    idempotencyKey,
    ifMatch: version,
  });
