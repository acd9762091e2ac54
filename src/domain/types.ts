/** Value types shared by every layer: the words of docs/architecture.md as unions and branded-free ids. */

/** A UUID in lower-case text form. Rows made by the application carry UUIDv7. */
export type Id = string;
/** An ISO 8601 instant in UTC, for example `2026-11-24T03:30:00.000Z`. */
export type Instant = string;
/** A calendar date `YYYY-MM-DD`, meant in the campus zone. */
export type LocalDate = string;

/** The states of a class session (marks.md section 6). */
export const SESSION_STATUSES = ['scheduled', 'open', 'closed', 'locked', 'cancelled'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** The edges of the session state machine (temporal.md section 7). */
export const SESSION_EDGES = [
  'open',
  'close',
  'reopen',
  'lock',
  'cancel',
  'restore',
  'reschedule',
] as const;
export type SessionEdge = (typeof SESSION_EDGES)[number];

/** What a record can say (marks.md section 1). A missing or null mark reads as `unmarked`. */
export const MARKS = ['present', 'late', 'absent', 'excused'] as const;
export type Mark = (typeof MARKS)[number];

/** Why an `excused` record excuses (marks.md section 1). */
export const EXCUSE_CATEGORIES = [
  'medical',
  'on_duty',
  'sport',
  'ncc',
  'nss',
  'maternity',
  'personal',
  'exam',
  'other',
] as const;
export type ExcuseCategory = (typeof EXCUSE_CATEGORIES)[number];

/** Where a claim came from (marks.md section 1). */
export const MARK_SOURCES = [
  'manual',
  'qr',
  'biometric',
  'card',
  'self',
  'leave',
  'correction',
  'system',
] as const;
export type MarkSource = (typeof MARK_SOURCES)[number];

/** What became of a claim at first receipt: counted by its rank, waiting for a person, or never counted. */
export const OPERATION_OUTCOMES = ['admitted', 'review', 'rejected'] as const;
export type OperationOutcome = (typeof OPERATION_OUTCOMES)[number];

/** How far the time of an offline claim is trusted (marks.md rule R2). */
export type ClockTrust = 'server' | 'high' | 'measured' | 'low';

/** Kinds of contradiction between claims (marks.md rules R6, R7, R9 and R11). */
export const CONFLICT_KINDS = [
  'human_vs_machine',
  'human_vs_human',
  'human_vs_leave',
  'leave_vs_machine',
  'shared_device',
] as const;
export type ConflictKind = (typeof CONFLICT_KINDS)[number];

/** Open until a person settled it; void where later claims left no contradiction. */
export const CONFLICT_STATES = ['open', 'settled', 'void'] as const;
export type ConflictState = (typeof CONFLICT_STATES)[number];

/** Where a setting holds, from the widest place to the narrowest. */
export const SETTING_SCOPES = [
  'institution',
  'campus',
  'course_kind',
  'component',
  'room',
  'course',
  'section',
] as const;
export type SettingScope = (typeof SETTING_SCOPES)[number];

/** How a claim travelled; transport, not evidence (marks.md section 1). */
export type CaptureMode = 'online' | 'offline';

/** Teaching components of a course: lecture, tutorial, practical (eligibility.md section 1). */
export const COMPONENTS = ['L', 'T', 'P'] as const;
export type Component = (typeof COMPONENTS)[number];

/** Roles of architecture.md section 6; each is a named set of permissions in auth/policies.ts. */
export const ROLES = [
  'student',
  'faculty',
  'mentor',
  'hod',
  'exam_cell',
  'admin',
  'privacy_officer',
  'auditor',
  'gateway',
] as const;
export type Role = (typeof ROLES)[number];

/** Life of a leave application or correction request. */
export const CASE_STATUSES = ['pending', 'approved', 'rejected', 'withdrawn', 'expired'] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

/** What a decider may say. */
export const VERDICTS = ['approved', 'rejected'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** How a decision reached us (temporal.md section 7). */
export const DECISION_CHANNELS = ['api', 'operator_signal', 'operator_update'] as const;
export type DecisionChannel = (typeof DECISION_CHANNELS)[number];

/** Kinds of approval case that have a workflow today. */
export const CASE_KINDS = ['leave', 'correction', 'self_entry', 'unlock'] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

/**
 * Policy values copied onto a session when it is created or moved (marks.md section 5).
 * Durations are whole minutes or hours as their names say; `absentAfterMinutes` null means never.
 */
export interface SessionPolicy {
  readonly earlyOpenMinutes: number;
  readonly lateAfterMinutes: number;
  readonly absentAfterMinutes: number | null;
  readonly lateCaptureMinutes: number;
  readonly stayMode: 'single' | 'first_last';
  readonly minStayMinutes: number;
  readonly autoAbsent: boolean;
  readonly lateFrom: 'reference' | 'scheduled_start';
  readonly lockAfterHours: number;
  readonly takenMinShareBp: number;
  readonly offlineQr: 'off' | 'confirm_first' | 'provisional';
  readonly selfEntryEnabled: boolean;
  readonly selfEntryMinutes: number;
  /** Length of a step of the displayed code, whole seconds, and how many past steps still count. */
  readonly qrStepSeconds: number;
  readonly qrPreviousSteps: number;
  /** What a scan's risk brings about (presence.md section 7). */
  readonly presenceLevel: 'open' | 'standard' | 'strict';
  /** How much a position weighs; `level` leaves it to the presence level. */
  readonly geofenceMode: 'level' | 'off' | 'warn' | 'enforce';
  readonly recheckEnabled: boolean;
  /** Share of the students who scanned that a re-check draws, percent. */
  readonly recheckPercent: number;
}
