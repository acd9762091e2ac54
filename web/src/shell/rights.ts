/** What a person's permissions open on the screens. The API decides; this only hides what it would refuse. */
import type { User } from '../api/types.ts';

/** Pages and powers of a person. */
export interface Rights {
  readonly isStudent: boolean;
  readonly isFaculty: boolean;
  /** Sees classes of others: heads of department, exam cell, administrators and the like. */
  readonly overseesSessions: boolean;
  readonly createsSessions: boolean;
  readonly approves: boolean;
  /** Approves later devices of students. */
  readonly approvesDevices: boolean;
  /** Lets a student change devices beyond the limit. */
  readonly clearsDeviceLimit: boolean;
  /** Asks for the unlock of registers. */
  readonly asksToUnlock: boolean;
  readonly seesConflicts: boolean;
  readonly seesStatistics: boolean;
  readonly seesReport: boolean;
  /** Sets the system up: places, networks, settings. */
  readonly operates: boolean;
  /** Reads of doubtful scans of named students: those who teach or lead. */
  readonly seesIntegrity: boolean;
}

const OVERSEERS = ['hod', 'exam_cell', 'admin', 'auditor', 'mentor'];
const SESSION_MAKERS = ['faculty', 'hod', 'admin'];
const REPORT_READERS = ['hod', 'exam_cell', 'admin'];
const INTEGRITY_READERS = ['faculty', ...REPORT_READERS];

/** Reads a person's permissions. */
export function rightsOf(user: User): Rights {
  const has = (permission: string): boolean => user.permissions.includes(permission);
  const isOneOf = (roles: readonly string[]): boolean =>
    user.roles.some((grant) => roles.includes(grant.role));
  const isStaff = user.roles.some((grant) => grant.role !== 'student');
  return {
    isStudent: user.student_id !== null,
    isFaculty: user.faculty_id !== null,
    overseesSessions: has('view_attendance') && isOneOf(OVERSEERS),
    createsSessions: has('manage_sessions') && isOneOf(SESSION_MAKERS),
    approves:
      has('approve_leave') ||
      has('approve_corrections') ||
      has('approve_self_entry') ||
      has('approve_unlock'),
    approvesDevices: has('approve_rebind'),
    clearsDeviceLimit: has('approve_rebind') && has('manage_people'),
    asksToUnlock: has('file_requests') && isStaff,
    seesConflicts: has('mark_attendance') && isStaff,
    seesStatistics: has('view_statistics') && isStaff,
    seesReport: has('view_statistics') && isOneOf(REPORT_READERS),
    operates: has('operate'),
    seesIntegrity: has('view_statistics') && isOneOf(INTEGRITY_READERS),
  };
}
