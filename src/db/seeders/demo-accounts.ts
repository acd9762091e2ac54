/** The named accounts of the demo university; they exist only in the demo data. */
import type { Role } from '../../domain/types.ts';

/** Password of every demo account. Production refuses to start while one of them exists. */
export const DEMO_PASSWORD = 'demo-campus-2026';

/** A named account, and what it is for. */
export interface DemoAccount {
  readonly email: string;
  readonly role: Role;
  readonly firstName: string;
  readonly lastName: string;
  readonly note: string;
}

const account = (
  email: string,
  role: Role,
  [firstName, lastName]: readonly [string, string],
  note: string,
): DemoAccount => ({ email: `${email}@demo.campus`, role, firstName, lastName, note });

/** One account or more for every role (architecture.md section 6). */
export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  account('student', 'student', ['Ananya', 'Rao'], 'CSE group A, good attendance'),
  account('student2', 'student', ['Rohan', 'Mehta'], 'CSE group A, below the threshold'),
  account('faculty', 'faculty', ['Kavya', 'Iyer'], 'teaches CS301-A, CS301-B and CS303-A'),
  account('faculty2', 'faculty', ['Sanjay', 'Kulkarni'], 'teaches CS302-B and CS304-B'),
  account('mentor', 'mentor', ['Leela', 'Thomas'], 'mentor of forty students of CSE'),
  account('hod', 'hod', ['Vikram', 'Shenoy'], 'head of department, CSE'),
  account('exam', 'exam_cell', ['Nisha', 'Verma'], 'examination cell'),
  account('admin', 'admin', ['Mohan', 'Das'], 'administrator'),
  account('privacy', 'privacy_officer', ['Farah', 'Khan'], 'privacy officer'),
  account('auditor', 'auditor', ['Joseph', 'Mathew'], 'auditor'),
];
