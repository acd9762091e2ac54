/** Calls about the integrity report of a section. */
import type { ApiClient } from './client.ts';
import type { Fallback, PersonName, StudentName } from './types.ts';

/** What speaks against a scan. */
export type RiskSignal =
  | 'geofence_outside'
  | 'geofence_unknown'
  | 'mock_location'
  | 'key_pending'
  | 'key_of_another'
  | 'overlapping_mark'
  | 'attestation_failed'
  | 'text_code'
  | 'software_key'
  | 'old_ticket'
  | 'other_network';

/** A class by its date. */
export interface DatedSession {
  readonly id: string;
  readonly scheduled_date: string;
  readonly start_datetime: string;
}

/** Marks of presence by staff without a scan. */
export interface Unscanned {
  readonly marks: number;
  /** Of them without a category. */
  readonly unexplained: number;
  readonly reasons: readonly { readonly fallback: Fallback; readonly marks: number }[];
}

/** A student whose entries stand out. */
export interface StudentSigns {
  readonly student: StudentName;
  readonly flagged: number;
  readonly refused: number;
  readonly missed_rechecks: number;
  readonly device_changes: number;
  readonly offline: number;
  readonly scans: number;
  readonly offline_often: boolean;
  readonly fallbacks: Unscanned;
  readonly attended: number;
  readonly fallback_often: boolean;
  readonly latest_session: DatedSession | null;
}

/** A scan that was accepted, with what spoke against it. */
export interface FlaggedScan {
  readonly session: DatedSession;
  readonly student: StudentName;
  readonly via: 'qr' | 'static_qr' | 'text_code';
  readonly risk_score: number;
  readonly risk_parts: readonly { readonly signal: RiskSignal; readonly points: number }[];
  readonly at: string;
}

/** One attempt to mark a second student with one phone. */
export interface SharedAttempt {
  readonly session: DatedSession;
  readonly student: StudentName;
  /** Null where they are of another section of the class. */
  readonly other_student: StudentName | null;
  readonly at: string;
}

/** A head count that did not fit the marks. */
export interface HeadCountGap {
  readonly session: DatedSession;
  readonly heads: number;
  readonly marked: number;
  readonly outcome: 'ok' | 'headcount_excess' | 'headcount_short';
  readonly counted_by: PersonName;
  readonly at: string;
}

/** A later device of a student. */
export interface DeviceChange {
  readonly student: StudentName;
  readonly at: string;
  readonly status: 'active' | 'pending' | 'revoked';
}

/** The report of a section. */
export interface IntegrityReport {
  readonly sessions: number;
  readonly sessions_with_codes: number;
  readonly scans: {
    readonly scans: number;
    readonly offline: number;
    readonly offline_percent: number | null;
    readonly flagged: number;
  };
  readonly fallbacks: Unscanned & {
    readonly by_staff: readonly (Unscanned & { readonly staff: PersonName })[];
  };
  readonly refusals: readonly { readonly code: string; readonly times: number }[];
  readonly rechecks: {
    readonly held: number;
    readonly picked: number;
    readonly passed: number;
    readonly missed: number;
  };
  readonly shared_device_attempts: readonly SharedAttempt[];
  /** How many there are; the list has the newest. */
  readonly shared_device_attempts_total: number;
  readonly flagged_scans: readonly FlaggedScan[];
  readonly device_changes: readonly DeviceChange[];
  readonly head_count_gaps: readonly HeadCountGap[];
  readonly head_count_gaps_total: number;
  readonly students: readonly StudentSigns[];
}

/** What the report looks at. */
export interface IntegrityFilters {
  readonly course_section: string;
  readonly date_from: string | null;
  readonly date_to: string | null;
}

export const readIntegrity = (api: ApiClient, filters: IntegrityFilters, signal?: AbortSignal) =>
  api.request<IntegrityReport>({
    path: '/api/v1/attendance/reports/integrity/',
    query: { ...filters },
    signal,
  });
