/** What people are told of, and what each kind of notice carries: ids, codes, counts, instants. */
import type { CaseKind, CaseStatus, Id, Instant, LocalDate, Mark } from './types.ts';

/** Every kind of notice (marks.md R6 and R7, temporal.md section 5, presence.md sections 3 and 8). */
export const NOTICE_KINDS = [
  'mark_overruled',
  'marks_disagree',
  'record_overridden',
  'conflict_digest',
  'case_decided',
  'device_code',
  'device_registered',
  'device_approved',
  'device_pending',
  'headcount_excess',
  'headcount_short',
  'recheck_asked',
  'recheck_missed',
  'device_shared',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** How many contradictions of one class still wait for a word. */
export interface SessionConflicts {
  readonly session: Id;
  readonly conflicts: number;
}

/** A head count that did not fit the marks. */
export interface MiscountedHeads {
  readonly session: Id;
  readonly heads: number;
  /** Records present or late at that moment. */
  readonly marked: number;
}

/** The payload of each kind; never personal text. */
export interface NoticePayloads {
  /** To the student: a person's word beat machine evidence of presence. */
  readonly mark_overruled: { readonly session: Id; readonly mark: Mark | null };
  /** To both authors: two people said different things of one student. */
  readonly marks_disagree: {
    readonly session: Id;
    readonly student: Id | null;
    readonly conflict: Id;
  };
  /** To the student and the faculty of the class: an override of rank 90 holds the record. */
  readonly record_overridden: {
    readonly session: Id;
    readonly student: Id;
    readonly mark: Mark | null;
  };
  /** To a faculty member, once a day: own classes with open contradictions. */
  readonly conflict_digest: {
    readonly date: LocalDate;
    readonly total: number;
    readonly sessions: readonly SessionConflicts[];
  };
  /** To the applicant: a request came to its end. */
  readonly case_decided: {
    readonly case: Id;
    readonly case_kind: CaseKind;
    readonly status: CaseStatus;
  };
  /** To whoever asked for it: a code to register a device was sent; the mail alone carries it. */
  readonly device_code: { readonly code: Id };
  /** To its person: a device was registered, at once or pending for a day. */
  readonly device_registered: { readonly binding: Id; readonly status: 'active' | 'pending' };
  /** To its person: the pending device was activated by somebody of the staff. */
  readonly device_approved: { readonly binding: Id };
  /** To the mentor, else the course staff: a student's later device waits for approval. */
  readonly device_pending: { readonly binding: Id; readonly student: Id };
  /** To the staff of the class: more students are marked than heads were seen. */
  readonly headcount_excess: MiscountedHeads;
  /** To the staff of the class: more heads were seen than students are marked. */
  readonly headcount_short: MiscountedHeads;
  /** To a student who was drawn: scan again until then. */
  readonly recheck_asked: { readonly session: Id; readonly until: Instant };
  /** To the staff of the class: how many did not scan again. */
  readonly recheck_missed: { readonly session: Id; readonly missed: number };
  /** To the staff of the class alone: the student a phone marked, and another it was refused for. */
  readonly device_shared: { readonly session: Id; readonly students: readonly [Id, Id] };
}

/** One message to one person; a second one with the same `dedupeKey` is a no-op. */
export type Notice = {
  readonly [K in NoticeKind]: {
    readonly userId: Id;
    readonly kind: K;
    readonly dedupeKey: string;
    readonly payload: NoticePayloads[K];
    /** Whether it is also sent by mail, where mail is configured. */
    readonly mail: boolean;
  };
}[NoticeKind];
