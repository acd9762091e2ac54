/** The policy table: which role holds which permission, and in which scope (trust.md section 3). */
import type { Role } from '../domain/types.ts';

/** The original's seven permissions, then this product's own. */
export const PERMISSIONS = [
  'view_attendance',
  'mark_attendance',
  'manage_sessions',
  'approve_corrections',
  'manage_biometric',
  'view_statistics',
  'export_data',
  'approve_leave',
  'approve_self_entry',
  'approve_unlock',
  'approve_rebind',
  'file_requests',
  'decide_eligibility',
  'condone_shortage',
  'manage_timetable',
  'manage_people',
  'manage_policy',
  'manage_privacy',
  'read_audit',
  'submit_device_events',
  'operate',
] as const;
/** A permission of the table. */
export type Permission = (typeof PERMISSIONS)[number];

/**
 * Scope letters of trust.md section 3: own rows (O), self-marking (S), sections taught on the date
 * (T), mentees (M), department (D), institution or campus of the assignment (I), the person of an
 * open privacy request (R), pseudonymised institution (IP), own devices (V).
 */
export type Scope = 'O' | 'S' | 'T' | 'M' | 'D' | 'I' | 'R' | 'IP' | 'V';

type RoleTable = Readonly<Partial<Record<Role, Scope>>>;

/** One row per permission, one entry per role that holds it; absent means none. */
export const POLICIES: Readonly<Record<Permission, RoleTable>> = {
  view_attendance: {
    student: 'O',
    faculty: 'T',
    mentor: 'M',
    hod: 'D',
    exam_cell: 'I',
    admin: 'I',
    privacy_officer: 'R',
    auditor: 'IP',
  },
  mark_attendance: { student: 'S', faculty: 'T', hod: 'D', admin: 'I' },
  manage_sessions: { faculty: 'T', hod: 'D', exam_cell: 'I', admin: 'I' },
  approve_corrections: { faculty: 'T', hod: 'D', exam_cell: 'I' },
  manage_biometric: { admin: 'I' },
  view_statistics: {
    student: 'O',
    faculty: 'T',
    mentor: 'M',
    hod: 'D',
    exam_cell: 'I',
    admin: 'I',
    auditor: 'IP',
  },
  export_data: {
    student: 'O',
    faculty: 'T',
    mentor: 'M',
    hod: 'D',
    exam_cell: 'I',
    admin: 'I',
    privacy_officer: 'R',
    auditor: 'IP',
  },
  approve_leave: { faculty: 'T', mentor: 'M', hod: 'D' },
  approve_self_entry: { faculty: 'T', hod: 'D' },
  approve_unlock: { hod: 'D', exam_cell: 'I' },
  approve_rebind: { faculty: 'T', mentor: 'M', hod: 'D', admin: 'I' },
  file_requests: { student: 'O', faculty: 'T', hod: 'D', exam_cell: 'I', admin: 'I' },
  decide_eligibility: { hod: 'D', exam_cell: 'I' },
  condone_shortage: { hod: 'D', exam_cell: 'I' },
  manage_timetable: { hod: 'D', admin: 'I' },
  manage_people: { admin: 'I' },
  manage_policy: { exam_cell: 'I', admin: 'I' },
  manage_privacy: { student: 'O', privacy_officer: 'I' },
  read_audit: { student: 'O', admin: 'I', privacy_officer: 'I', auditor: 'IP' },
  submit_device_events: { gateway: 'V' },
  operate: { admin: 'I' },
};
