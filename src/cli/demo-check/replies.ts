/** The fields of the API's answers that the checks read (docs/api.md). */

export interface Page<T> {
  readonly results: readonly T[];
}

export interface SectionReply {
  readonly id: string;
  readonly student_count: number;
}

export interface RoomReply {
  readonly code: string;
}

export interface Counts {
  readonly present: number;
  readonly late: number;
  readonly absent: number;
  readonly unmarked: number;
}

export interface SessionReply {
  readonly id: string;
  readonly status: string;
  readonly room: string;
  readonly start_datetime: string;
  readonly opens_at: string;
  readonly closes_at: string;
  readonly auto_opened: boolean;
  readonly auto_closed: boolean;
  readonly counts: Counts;
  readonly course_section: {
    readonly id: string;
    readonly section_name: string;
    readonly course: { readonly code: string };
  };
}

export interface StudentReply {
  readonly id: string;
}

export interface RosterReply {
  readonly students: readonly { readonly student: StudentReply }[];
}

export interface MarkReply {
  readonly status: string;
}

export interface CourseNumbers {
  readonly held: number;
  readonly attended: number;
  readonly attendance_percentage: string | null;
  readonly verdict: string;
}

export interface StatisticsReply {
  readonly courses: readonly CourseNumbers[];
}

export interface LeaveTypeReply {
  readonly id: string;
}

export interface LeaveReply {
  readonly id: string;
  readonly status: string;
  readonly starts_at: string;
  readonly decided_by: { readonly id: string } | null;
}

/** An event of the namespace /live. */
export interface LiveEvent {
  readonly seq: number;
  readonly type: string;
  readonly payload: { readonly status?: string; readonly counts?: Counts };
}
