/** The wire's shapes as docs/api.md gives them; snake_case stays as it travels. */

/** What a record can say; null reads as unmarked. */
export const MARKS = ['present', 'late', 'absent', 'excused'] as const;
export type Mark = (typeof MARKS)[number];

/** The marks a person gives in a roll call; excused comes from leave and corrections. */
export const ROLL_MARKS = ['present', 'late', 'absent'] as const;
export type RollMark = (typeof ROLL_MARKS)[number];

/** Why staff marked a student who did not scan. */
export const FALLBACKS = [
  'no_phone',
  'flat_battery',
  'no_camera',
  'shared_phone',
  'id_card',
  'other',
] as const;
export type Fallback = (typeof FALLBACKS)[number];

export const SESSION_STATUSES = ['scheduled', 'open', 'closed', 'locked', 'cancelled'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

export const CASE_STATUSES = ['pending', 'approved', 'rejected', 'withdrawn', 'expired'] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

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

export type Component = 'L' | 'T' | 'P';
/** What the regulation says of a student in a course, best first. */
export const VERDICTS = [
  'eligible',
  'provisional',
  'condonable',
  'not_eligible',
  'insufficient_data',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One page of a list. */
export interface Listed<T> {
  readonly count: number;
  readonly next: string | null;
  readonly previous: string | null;
  readonly results: readonly T[];
}

/** The person signed in. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly roles: readonly {
    readonly role: string;
    readonly scope_kind: string;
    readonly scope_id: string | null;
  }[];
  readonly permissions: readonly string[];
  readonly student_id: string | null;
  readonly faculty_id: string | null;
}

/** The answer of sign-in and refresh for browsers. */
export interface SignedIn {
  readonly access_token: string;
  readonly expires_in: number;
  readonly user: User;
}

/** How a roll stands by mark. */
export interface MarkCounts {
  readonly present: number;
  readonly late: number;
  readonly absent: number;
  readonly excused: number;
  readonly unmarked: number;
  readonly roster: number;
}

/** How a class stands: its marks, and how many contradictions wait for a word. */
export interface Counts extends MarkCounts {
  readonly conflicts: number;
}

export interface CourseReference {
  readonly id: string;
  readonly code: string;
  readonly name: string;
}

export interface SectionReference {
  readonly id: string;
  readonly course: CourseReference;
  readonly section_name: string;
}

export interface PersonName {
  readonly id: string;
  readonly first_name: string;
  readonly last_name: string;
}

export interface StudentName extends PersonName {
  readonly roll_number: string;
}

/** What the asker may do with a session now. */
export interface SessionRights {
  readonly mark: boolean;
  readonly open: boolean;
  readonly close: boolean;
  readonly reopen: boolean;
  readonly lock: boolean;
  readonly cancel: boolean;
  readonly restore: boolean;
  readonly reschedule: boolean;
}

export interface Session {
  readonly id: string;
  readonly course_section: SectionReference;
  readonly faculty: PersonName;
  readonly scheduled_date: string;
  readonly start_datetime: string;
  readonly end_datetime: string;
  readonly opens_at: string;
  readonly closes_at: string;
  readonly lock_due_at: string | null;
  readonly timezone: string;
  readonly room: string;
  readonly status: SessionStatus;
  readonly kind: string;
  readonly component: Component;
  readonly units: number;
  readonly attendance_count: number;
  readonly counts: Counts;
  readonly auto_open: boolean;
  readonly taken: boolean;
  /** A code of the class was on a screen. */
  readonly shows_codes: boolean;
  readonly notes: string;
  /** Until when students may enter themselves; null where they may not. */
  readonly self_entry: { readonly enabled: boolean; readonly closes_at: string | null };
  readonly epoch: number;
  readonly version: number;
  readonly can: SessionRights;
}

export interface AttendanceRecord {
  readonly id: string;
  readonly session: string;
  readonly student: string;
  readonly mark: Mark | null;
  readonly marked_at: string | null;
  readonly source: string | null;
  readonly capture_mode: string | null;
  readonly arrival_at: string | null;
  readonly excuse_category: string | null;
  /** Why staff marked without a scan; null where they gave none. */
  readonly fallback: Fallback | null;
  readonly flags: readonly string[];
  readonly winner_op_id: string | null;
  readonly version: number;
  readonly updated_at: string;
}

export interface ListedRecord extends AttendanceRecord {
  readonly session_detail: SessionDetail & { readonly status: SessionStatus };
}

export interface SessionDetail {
  readonly scheduled_date: string;
  readonly start_datetime: string;
  readonly course_code: string;
  readonly course_name: string;
  readonly section_name: string;
}

/** A claim about a student that waits for a person. */
export interface WaitingClaim {
  readonly op_id: string;
  readonly source: string;
  readonly capture_mode: 'online' | 'offline';
  /** Why it waits. */
  readonly code: string;
  readonly effective_at: string;
}

export interface RosterRow {
  readonly student: StudentName;
  readonly record: AttendanceRecord | null;
  /** Claims that wait for a person, the oldest first; a mark that names them answers them. */
  readonly waiting: readonly WaitingClaim[];
}

export interface Roster {
  readonly session: string;
  readonly seq: number;
  readonly students: readonly RosterRow[];
}

/** One committed fact about a session, numbered without gaps. */
export interface SessionEvent {
  readonly seq: number;
  /** By socket: whoever has everything up to this number misses nothing before `seq`. */
  readonly after?: number;
  readonly at: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The record part of a mark's result. */
export interface ResultRecord {
  readonly mark: Mark | null;
  readonly source: string | null;
  readonly winner_op_id: string | null;
  readonly version: number;
  readonly updated_at: string;
}

/** What became of one mark. */
export interface MarkResult {
  readonly op_id: string;
  readonly student: string;
  readonly status:
    | 'applied'
    | 'superseded'
    | 'conflict_resolved'
    | 'needs_review'
    | 'duplicate'
    | 'rejected'
    | 'retry';
  readonly code: string | null;
  readonly detail: string | null;
  /** The times of the class, where they are why it was refused. */
  readonly opens_at?: string;
  readonly closes_at?: string;
  readonly lock_due_at?: string | null;
  readonly record: ResultRecord | null;
  /** The first result, where this one is a `duplicate`. */
  readonly original?: MarkResult | null;
}

export interface BulkResult {
  readonly results: readonly MarkResult[];
}

export interface LeaveType {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly excuse_category: string;
}

interface CaseFields {
  readonly id: string;
  readonly student: StudentName;
  /** Null for readers who may not see it, as is the note. */
  readonly reason: string | null;
  readonly status: CaseStatus;
  readonly level: number;
  readonly submitted_at: string;
  readonly expires_at: string | null;
  readonly decided_at: string | null;
  readonly decided_by: PersonName | null;
  readonly outcome_code: string | null;
  readonly note: string | null;
  readonly can: { readonly decide: boolean; readonly withdraw: boolean };
  readonly version: number;
}

export interface LeaveApplication extends CaseFields {
  readonly leave_type: { readonly id: string; readonly code: string; readonly name: string };
  readonly starts_at: string;
  readonly ends_at: string;
}

export interface CorrectionRequest extends CaseFields {
  readonly session: SessionDetail & { readonly id: string };
  readonly from_mark: Mark | null;
  readonly to_mark: Mark;
  readonly excuse_category: string | null;
}

/** A request to open a locked register again for some hours. */
export interface UnlockRequest extends Omit<CaseFields, 'student'> {
  readonly session: SessionDetail & { readonly id: string };
  readonly hours: number;
  readonly unlocked_until: string | null;
  readonly relocked_at: string | null;
  readonly requested_by: PersonName;
}

/** A student's own entry in a class, which its teacher decides. */
export interface SelfEntry extends CaseFields {
  readonly session: SessionDetail & { readonly id: string };
  readonly op_id: string;
  readonly record_mark: Mark | null;
}

/** The numbers of one student in one course. */
export interface CourseNumbers {
  readonly total_sessions: number;
  readonly held: number;
  readonly attended: number;
  readonly present_count: number;
  readonly late_count: number;
  readonly absent_count: number;
  readonly excused_count: number;
  readonly not_recorded: number;
  readonly not_taken: number;
  readonly attendance_percentage: string | null;
  readonly threshold_percent: number;
  readonly value_bp: number | null;
  readonly verdict: Verdict;
  readonly is_eligible_for_exam: boolean | null;
  readonly components: Readonly<
    Partial<Record<Component, { readonly held: number; readonly attended: number }>>
  >;
  /** Classes in a row; null: out of reach, or any number. */
  readonly projection: {
    readonly consecutive_needed: number | null;
    readonly may_miss: number | null;
  };
}

export interface StudentCourse extends CourseNumbers {
  readonly course_section: SectionReference;
}

export interface StudentStatistics {
  readonly student: StudentName;
  readonly academic_year: string | null;
  readonly semester: string | null;
  readonly as_of: string;
  readonly threshold_percent: number;
  readonly overall: {
    readonly held: number;
    readonly attended: number;
    readonly value_bp: number | null;
    readonly shown: string | null;
  };
  readonly courses: readonly StudentCourse[];
}

export interface CourseStudent extends CourseNumbers {
  readonly student: StudentName;
}

export interface CourseStatistics {
  readonly course_section: SectionReference;
  readonly as_of: string;
  readonly threshold_percent: number;
  readonly total_sessions: number;
  readonly not_taken: number;
  readonly average_bp: number | null;
  readonly students: readonly CourseStudent[];
}

export interface EligibilityRow {
  readonly student: StudentName;
  readonly course_section: SectionReference;
  readonly held: number;
  readonly attended: number;
  readonly attendance_percentage: string | null;
  readonly threshold_percent: number;
  readonly verdict: Verdict;
  readonly is_eligible_for_exam: boolean | null;
  readonly consequence: string;
}

export interface EligibilityReport extends Listed<EligibilityRow> {
  readonly threshold_percent: number;
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
}

export interface Section {
  readonly id: string;
  readonly course: CourseReference;
  readonly section_name: string;
  readonly semester: string;
  readonly student_count: number;
}

export interface Room {
  readonly id: string;
  readonly code: string;
  readonly building: string;
  readonly capacity: number;
}
