/** A signed-in person on the wire. */
import { z } from 'zod';
import { PERMISSIONS } from '../../auth/policies.ts';
import type { Principal } from '../../auth/principal.ts';
import { permissionsOf } from '../../auth/scope.ts';
import { ROLES } from '../../domain/types.ts';
import { idField } from '../fields.ts';

/** Schema of `user`. */
export const userReply = z.strictObject({
  id: idField,
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  roles: z.array(
    z.strictObject({
      role: z.enum(ROLES),
      scope_kind: z.enum(['institution', 'campus', 'department']),
      scope_id: idField.nullable(),
    }),
  ),
  permissions: z.array(z.enum(PERMISSIONS)),
  student_id: idField.nullable(),
  faculty_id: idField.nullable(),
});

/** Presents a principal as `user`. */
export function presentUser(principal: Principal): z.input<typeof userReply> {
  return {
    id: principal.userId,
    email: principal.email,
    first_name: principal.firstName,
    last_name: principal.lastName,
    roles: principal.roles.map(({ role, scopeKind, scopeId }) => ({
      role,
      scope_kind: scopeKind,
      scope_id: scopeId,
    })),
    permissions: permissionsOf(principal),
    student_id: principal.studentId,
    faculty_id: principal.facultyId,
  };
}
