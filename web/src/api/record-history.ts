/** Calls about everything behind one record. */
import type { ApiClient } from './client.ts';
import { readRecords } from './records.ts';
import type { Fallback, ListedRecord, Mark } from './types.ts';

const BASE = '/api/v1/attendance/records/';

/** The roles the texts know. */
export type HistoryRole =
  | 'student'
  | 'faculty'
  | 'mentor'
  | 'hod'
  | 'exam_cell'
  | 'admin'
  | 'privacy_officer'
  | 'auditor'
  | 'gateway';

/** One claim, and why it won or lost. */
export interface HistoryOperation {
  readonly op_id: string;
  readonly kind: 'mark' | 'withdraw';
  readonly mark: Mark | null;
  readonly source: string;
  readonly capture_mode: 'online' | 'offline';
  readonly phase: 'entry' | 'exit';
  readonly rank_word: string;
  readonly who: {
    readonly name: string;
    readonly role: HistoryRole | null;
    readonly is_self: boolean;
  } | null;
  readonly effective_at: string;
  readonly received_at: string;
  readonly device_id: string | null;
  readonly location: {
    readonly verdict: 'inside' | 'outside' | 'unknown';
    readonly distance_m: number | null;
  } | null;
  /** Why staff marked without a scan; null where they gave none. */
  readonly fallback: Fallback | null;
  readonly notes: string | null;
  readonly reason: string | null;
  readonly has_notes: boolean;
  readonly has_reason: boolean;
  readonly is_withdrawn: boolean;
  readonly is_winner: boolean;
  readonly why: { readonly code: string; readonly text: string };
}

/** A contradiction that names claims of the record. */
export interface HistoryConflict {
  readonly id: string;
  readonly kind:
    | 'human_vs_machine'
    | 'human_vs_human'
    | 'human_vs_leave'
    | 'leave_vs_machine'
    | 'shared_device';
  readonly state: 'open' | 'settled' | 'void';
}

/** A record with every claim behind it, oldest first. */
export interface RecordHistory {
  readonly record: ListedRecord;
  readonly operations: readonly HistoryOperation[];
  readonly conflicts: readonly HistoryConflict[];
}

/** A record by its id, or by its session and student where the id is not known yet. */
export interface RecordPlace {
  readonly id: string | null;
  readonly session: string;
  readonly student: string;
}

/** Reads the history of a record; null where nothing was recorded. */
export async function readRecordHistory(
  api: ApiClient,
  { id, session, student }: RecordPlace,
  signal?: AbortSignal,
): Promise<RecordHistory | null> {
  const known = id ?? (await findRecordId(api, { session, student }, signal));
  if (known === null) return null;
  return api.request<RecordHistory>({ path: `${BASE}${known}/history/`, signal });
}

async function findRecordId(
  api: ApiClient,
  place: { readonly session: string; readonly student: string },
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const { results } = await readRecords(api, { ...place, page_size: 1 }, signal);
  return results[0]?.id ?? null;
}
