/** Who is asking: the one shape every authentication strategy yields. */
import type { Id, Role } from '../domain/types.ts';

/** A role held inside a scope; `scopeId` is null for the institution. */
export interface RoleGrant {
  readonly role: Role;
  readonly scopeKind: 'institution' | 'campus' | 'department';
  readonly scopeId: Id | null;
}

/** A signed-in person. `studentId` and `facultyId` are set when the person is one. */
export interface Principal {
  readonly userId: Id;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly roles: readonly RoleGrant[];
  readonly studentId: Id | null;
  readonly facultyId: Id | null;
  /** The refresh token family of this sign-in. */
  readonly sid: Id;
  /** Authentication methods, RFC 8176 names. */
  readonly amr: readonly string[];
  readonly authTime: number;
}
