/** Accounts as sign-in and every request read them: status, rights and who the person is. */
import { firstRow, type Em } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import type { Principal, RoleGrant } from './principal.ts';

/** An account with its rights. */
export interface Account {
  readonly id: Id;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly status: 'active' | 'suspended' | 'disabled';
  readonly tokenVersion: number;
  readonly passwordHash: string | null;
  readonly failedSignIns: number;
  /** Milliseconds until the next try is allowed; zero or less when it is. */
  readonly waitMs: number;
  readonly studentId: Id | null;
  readonly facultyId: Id | null;
  readonly roles: readonly RoleGrant[];
}

const SELECT = `
  select u.id, u.email, u.first_name as "firstName", u.last_name as "lastName", u.status,
    u.token_version as "tokenVersion", u.password_hash as "passwordHash",
    u.failed_sign_ins as "failedSignIns",
    coalesce(ceil(extract(epoch from u.next_sign_in_at - app_clock()) * 1000), 0)::int as "waitMs",
    (select s.id from student s where s.user_id = u.id) as "studentId",
    (select f.id from faculty f where f.user_id = u.id) as "facultyId",
    coalesce((select json_agg(json_build_object('role', ra.role, 'scopeKind', ra.scope_kind,
        'scopeId', ra.scope_id) order by ra.created_at, ra.id)
      from role_assignment ra where ra.user_id = u.id), '[]') as roles
  from app_user u`;

/** Finds the account of an email address, a roll number or an employee code. */
export function findAccountByName(em: Em, name: string): Promise<Account | undefined> {
  return firstRow<Account>(
    em,
    `${SELECT} where u.email = ? or u.id = (
       select user_id from student where roll_number = ?
       union all select user_id from faculty where employee_code = ? limit 1)
     order by u.email = ? desc limit 1`,
    [name.toLowerCase(), name, name, name.toLowerCase()],
  );
}

/** Finds the account of a live sign-in: the family is not revoked and not past its end. */
export function findAccountOfFamily(em: Em, userId: Id, sid: Id): Promise<Account | undefined> {
  return firstRow<Account>(
    em,
    `${SELECT} join refresh_token_family rf on rf.user_id = u.id
     where u.id = ?::uuid and rf.id = ?::uuid and rf.revoked_at is null
       and rf.expires_at > app_clock()`,
    [userId, sid],
  );
}

/** Finds an account by id. */
export function findAccountById(em: Em, userId: Id): Promise<Account | undefined> {
  return firstRow<Account>(em, `${SELECT} where u.id = ?::uuid`, [userId]);
}

/** The principal of an account within one sign-in. */
export function principalOf(
  account: Account,
  signIn: { readonly sid: Id; readonly amr: readonly string[]; readonly authTime: number },
): Principal {
  return {
    userId: account.id,
    email: account.email,
    firstName: account.firstName,
    lastName: account.lastName,
    roles: account.roles,
    studentId: account.studentId,
    facultyId: account.facultyId,
    ...signIn,
  };
}
