/** Which sessions a person marks, as conditions for the operations that store marks. */
import type { Principal } from '../../auth/principal.ts';
import { sessionScope, withoutRole } from '../../auth/scope.ts';
import type { MarkScope } from '../../operations/records/mark-records.ts';

/** The sessions a person sees and marks. */
export function markScope(principal: Principal): MarkScope {
  return {
    view: sessionScope(principal, 'view_attendance', 's'),
    // A student's own marking right (S) is for scans and self-entry, never for the roll.
    mark: sessionScope(withoutRole(principal, 'student'), 'mark_attendance', 's'),
    facultyId: principal.facultyId,
  };
}
