/** What the integrity report of a section says. */
import type { Fallback } from '../../domain/presence/fallback.ts';
import type { HeadCountOutcome } from '../../domain/presence/head-count.ts';
import type { RiskPart } from '../../domain/presence/risk.ts';
import type { Id, Instant, LocalDate } from '../../domain/types.ts';

/** A condition over `course_section cs` with its values. */
export interface SectionScope {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Which classes the report looks at. */
export interface IntegrityPeriod {
  readonly sectionId: Id;
  readonly from: LocalDate | null;
  readonly to: LocalDate | null;
}

/** A person by name. */
export interface Named {
  readonly id: Id;
  readonly firstName: string;
  readonly lastName: string;
}

/** A student by name. */
export interface NamedStudent extends Named {
  readonly rollNumber: string;
}

/** A class by its date. */
export interface DatedSession {
  readonly id: Id;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
}

/** How many marks by staff carry each category; those without one are not in it. */
export type FallbackCounts = Readonly<Partial<Record<Fallback, number>>>;

/** Marks of presence without a scan. */
export interface Unscanned {
  readonly reasons: FallbackCounts;
  /** Without a category, in a class that showed codes. */
  readonly unexplained: number;
}

/** A person of the staff who marked without scans. */
export interface StaffFallbacks extends Unscanned {
  readonly staff: Named;
}

/** How scans went in all. */
export interface ScanTotals {
  readonly scans: number;
  readonly offline: number;
  readonly flagged: number;
}

/** How re-checks went in all. */
export interface RecheckTotals {
  readonly held: number;
  readonly picked: number;
  readonly passed: number;
  readonly missed: number;
}

/** One attempt to mark a second student with one phone. */
export interface SharedAttempt {
  readonly session: DatedSession;
  readonly student: NamedStudent;
  /** Whom the phone had marked; null where they are of another section of the class. */
  readonly otherStudent: NamedStudent | null;
  readonly at: Instant;
}

/** A scan that was accepted, with what spoke against it. */
export interface FlaggedScan {
  readonly session: DatedSession;
  readonly student: NamedStudent;
  readonly via: 'qr' | 'static_qr' | 'text_code';
  readonly riskScore: number;
  readonly riskParts: readonly RiskPart[];
  readonly at: Instant;
}

/** A later device of a student; never which one. */
export interface DeviceChange {
  readonly student: NamedStudent;
  readonly at: Instant;
  readonly status: 'active' | 'pending' | 'revoked';
}

/** A head count that did not fit the marks. */
export interface HeadCountGap {
  readonly session: DatedSession;
  readonly heads: number;
  readonly marked: number;
  readonly outcome: HeadCountOutcome;
  readonly countedBy: Named;
  readonly at: Instant;
}

/** A student whose entries stand out. */
export interface StudentSigns extends Unscanned {
  readonly student: NamedStudent;
  readonly flagged: number;
  /** Refused scans that say something about the student. */
  readonly refused: number;
  readonly missedRechecks: number;
  readonly deviceChanges: number;
  readonly offline: number;
  readonly scans: number;
  /** Marks of presence in classes that showed codes, or with a category. */
  readonly attended: number;
  /** The newest class with one of the signs; null where only a device changed. */
  readonly latestSession: DatedSession | null;
}

/** The newest of a kind, and how many there are in all. */
export interface Listed<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

/** The report. */
export interface IntegrityReport {
  readonly sessions: number;
  /** Those of them that showed codes. */
  readonly sessionsWithCodes: number;
  /** Records by the source that decided them. */
  readonly sources: readonly { readonly source: string; readonly records: number }[];
  readonly scans: ScanTotals;
  readonly fallbacks: Unscanned;
  readonly staff: readonly StaffFallbacks[];
  readonly refusals: readonly { readonly code: string; readonly times: number }[];
  readonly rechecks: RecheckTotals;
  readonly sharedAttempts: Listed<SharedAttempt>;
  readonly flaggedScans: readonly FlaggedScan[];
  readonly deviceChanges: readonly DeviceChange[];
  readonly headCountGaps: Listed<HeadCountGap>;
  readonly students: readonly StudentSigns[];
}
