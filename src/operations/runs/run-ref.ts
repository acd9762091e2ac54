/** Names the run of a row: a session's or a case's (temporal.md section 2). */
import type { CaseKind, Id } from '../../domain/types.ts';

/** The row a workflow belongs to. */
export interface RunRef {
  readonly kind: 'session' | CaseKind;
  readonly id: Id;
}

/** The table of each kind of row that has a workflow. */
export const RUN_TABLES = {
  session: 'attendance_session',
  leave: 'leave_application',
  correction: 'correction_request',
  self_entry: 'self_entry',
  unlock: 'unlock_request',
} as const satisfies Record<RunRef['kind'], string>;
