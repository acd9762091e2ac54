/** Turns the policy table into SQL predicates, so that every lookup carries its scope (rule O2). */
import type { Role } from '../domain/types.ts';
import { PERMISSIONS, POLICIES, type Permission, type Scope } from './policies.ts';
import type { Principal, RoleGrant } from './principal.ts';

/** A boolean SQL expression with `?` placeholders and the values for them, in order. */
export interface SqlScope {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Says whether a person holds a permission in any scope. */
export function holds(principal: Principal, permission: Permission): boolean {
  return grantsOf(principal, permission).length > 0;
}

/** The permissions a person holds in any scope, in the order of the policy table. */
export function permissionsOf(principal: Principal): Permission[] {
  return PERMISSIONS.filter((permission) => holds(principal, permission));
}

/** The role a person acts in when using a permission; their first role when none holds it. */
export function actingRole(principal: Principal, permission?: Permission): Role | 'none' {
  const granted = permission && grantsOf(principal, permission)[0];
  return granted ? granted.grant.role : (principal.roles[0]?.role ?? 'none');
}

/**
 * Sessions a person reaches with a permission. It says nothing about the students in them: rows of
 * a roster or of records need `recordScope`.
 * @param alias  alias of `attendance_session` in the statement
 */
export function sessionScope(
  principal: Principal,
  permission: Permission,
  alias: string,
): SqlScope {
  return union(principal, permission, (scope, grant) =>
    sessionRule(principal, scope, grant, name(alias)),
  );
}

/**
 * Course sections a person reaches with a permission, on today's date or, outside the semester, on
 * its nearest day. Rows of the section's students need `sectionStudentScope`.
 * @param alias  alias of `course_section` in the statement
 */
export function sectionScope(
  principal: Principal,
  permission: Permission,
  alias: string,
): SqlScope {
  return union(principal, permission, (scope, grant) =>
    sectionRule(principal, scope, grant, name(alias)),
  );
}

/**
 * Students a person reaches with a permission, today.
 * @param alias  alias of `student` in the statement
 */
export function studentScope(
  principal: Principal,
  permission: Permission,
  alias: string,
): SqlScope {
  return union(principal, permission, (scope, grant) =>
    studentRule(principal, scope, grant, name(alias)),
  );
}

/**
 * One student in one session: the session's staff see every student, mentors their mentees and
 * students themselves.
 */
export function recordScope(
  principal: Principal,
  permission: Permission,
  sessionAlias: string,
  studentAlias: string,
): SqlScope {
  return union(principal, permission, (scope, grant) =>
    pairRule(principal, permission, scope, grant, name(studentAlias), () =>
      sessionRule(principal, scope, grant, name(sessionAlias)),
    ),
  );
}

/** One student in one section; the rule of `recordScope` over sections. */
export function sectionStudentScope(
  principal: Principal,
  permission: Permission,
  sectionAlias: string,
  studentAlias: string,
): SqlScope {
  return union(principal, permission, (scope, grant) =>
    pairRule(principal, permission, scope, grant, name(studentAlias), () =>
      sectionRule(principal, scope, grant, name(sectionAlias)),
    ),
  );
}

/** A person without one of their roles, where a permission gives that role less than it says. */
export function withoutRole(principal: Principal, role: Role): Principal {
  return { ...principal, roles: principal.roles.filter((grant) => grant.role !== role) };
}

const NOTHING: SqlScope = { sql: 'false', parameters: [] };
const EVERYTHING: SqlScope = { sql: 'true', parameters: [] };

interface HeldGrant {
  readonly grant: RoleGrant;
  readonly scope: Scope;
}

function grantsOf(principal: Principal, permission: Permission): HeldGrant[] {
  return principal.roles.flatMap((grant) => {
    const scope = POLICIES[permission][grant.role];
    return scope === undefined ? [] : [{ grant, scope }];
  });
}

function union(
  principal: Principal,
  permission: Permission,
  rule: (scope: Scope, grant: RoleGrant) => SqlScope,
): SqlScope {
  const parts = grantsOf(principal, permission)
    .map(({ scope, grant }) => rule(scope, grant))
    .filter((part) => part !== NOTHING);
  if (parts.includes(EVERYTHING)) return EVERYTHING;
  if (parts.length === 0) return NOTHING;
  return {
    sql: `(${parts.map((part) => part.sql).join(' or ')})`,
    parameters: parts.flatMap((part) => part.parameters),
  };
}

/** Half-open dates: `validTo` is the first day without the right. */
function covers(alias: string, day: string): string {
  return `${alias}.valid_from <= ${day} and (${alias}.valid_to is null or ${alias}.valid_to > ${day})`;
}

/** Today where the row lives: the date of `app_clock()` in the zone of its campus. */
function todayAt(campusColumn: string): string {
  return `(app_clock() at time zone (select zc.zone from campus zc where zc.id = ${campusColumn}))::date`;
}

function sessionRule(principal: Principal, scope: Scope, grant: RoleGrant, s: string): SqlScope {
  switch (scope) {
    case 'T':
      return principal.facultyId === null ? NOTHING : taughtSession(principal.facultyId, s);
    case 'D':
    case 'I':
      return within(grant, `${s}.campus_id`, (department) =>
        sectionDepartment(`${s}.course_section_id`, department),
      );
    case 'O':
    case 'S':
      return principal.studentId === null
        ? NOTHING
        : attendedSession(s, 'e.student_id = ?::uuid', principal.studentId);
    case 'M':
      return attendedSession(
        s,
        `exists (select 1 from mentor_assignment ma where ma.student_id = e.student_id
           and ma.mentor_id = ?::uuid and ${covers('ma', todayAt(`${s}.campus_id`))})`,
        principal.userId,
      );
    case 'R':
    case 'IP':
    case 'V':
      return NOTHING;
    default:
      return scope satisfies never;
  }
}

function taughtSession(facultyId: string, s: string): SqlScope {
  return {
    sql: `exists (select 1 from teaching_assignment ta where ta.faculty_id = ?::uuid
        and ${covers('ta', `${s}.scheduled_date`)}
        and (ta.session_id = ${s}.id or ta.course_section_id in (
          select ss.course_section_id from session_section ss where ss.session_id = ${s}.id)))`,
    parameters: [facultyId],
  };
}

function attendedSession(s: string, whose: string, parameter: string): SqlScope {
  return {
    sql: `exists (select 1 from session_section ss
        join enrolment e on e.course_section_id = ss.course_section_id and e.status = 'enrolled'
          and ${covers('e', `${s}.scheduled_date`)}
        where ss.session_id = ${s}.id and ${whose})`,
    parameters: [parameter],
  };
}

function sectionRule(principal: Principal, scope: Scope, grant: RoleGrant, cs: string): SqlScope {
  switch (scope) {
    case 'T':
      return principal.facultyId === null ? NOTHING : taughtSection(principal.facultyId, cs);
    case 'D':
    case 'I':
      return within(grant, `${cs}.campus_id`, (department) =>
        sectionDepartment(`${cs}.id`, department),
      );
    case 'O':
    case 'S':
      return principal.studentId === null
        ? NOTHING
        : {
            sql: `exists (select 1 from enrolment e where e.course_section_id = ${cs}.id
              and e.status = 'enrolled' and e.student_id = ?::uuid)`,
            parameters: [principal.studentId],
          };
    case 'M':
      return {
        sql: `exists (select 1 from enrolment e
            join mentor_assignment ma on ma.student_id = e.student_id and ma.mentor_id = ?::uuid
              and ${covers('ma', todayAt(`${cs}.campus_id`))}
            where e.course_section_id = ${cs}.id and e.status = 'enrolled')`,
        parameters: [principal.userId],
      };
    case 'R':
    case 'IP':
    case 'V':
      return NOTHING;
    default:
      return scope satisfies never;
  }
}

/** The day a section's teaching is judged on: today, kept inside its semester. */
function sectionDay(cs: string): string {
  return `(select greatest(least(${todayAt(`${cs}.campus_id`)}, sem.ends_on), sem.starts_on)
    from semester sem where sem.id = ${cs}.semester_id)`;
}

function taughtSection(facultyId: string, cs: string): SqlScope {
  return {
    sql: `exists (select 1 from teaching_assignment ta where ta.faculty_id = ?::uuid
        and ta.course_section_id = ${cs}.id and ${covers('ta', sectionDay(cs))})`,
    parameters: [facultyId],
  };
}

function studentRule(principal: Principal, scope: Scope, grant: RoleGrant, st: string): SqlScope {
  switch (scope) {
    case 'T':
      return principal.facultyId === null ? NOTHING : taughtStudent(principal.facultyId, st);
    case 'D':
    case 'I':
      return within(grant, `${st}.campus_id`, (department) => ({
        sql: `${st}.department_id = ?::uuid`,
        parameters: [department],
      }));
    case 'O':
    case 'S':
      return principal.studentId === null
        ? NOTHING
        : { sql: `${st}.id = ?::uuid`, parameters: [principal.studentId] };
    case 'M':
      return {
        sql: `exists (select 1 from mentor_assignment ma where ma.student_id = ${st}.id
          and ma.mentor_id = ?::uuid and ${covers('ma', todayAt(`${st}.campus_id`))})`,
        parameters: [principal.userId],
      };
    case 'R':
    case 'IP':
    case 'V':
      return NOTHING;
    default:
      return scope satisfies never;
  }
}

function taughtStudent(facultyId: string, st: string): SqlScope {
  return {
    sql: `exists (select 1 from enrolment e
        join course_section tcs on tcs.id = e.course_section_id
        join teaching_assignment ta on ta.course_section_id = tcs.id and ta.faculty_id = ?::uuid
        where e.student_id = ${st}.id and e.status = 'enrolled'
          and ${covers('e', sectionDay('tcs'))} and ${covers('ta', sectionDay('tcs'))})`,
    parameters: [facultyId],
  };
}

/** Reading follows the student's department too; changing only the department of the course. */
const READING: readonly Permission[] = ['view_attendance', 'view_statistics', 'export_data'];

function pairRule(
  principal: Principal,
  permission: Permission,
  scope: Scope,
  grant: RoleGrant,
  st: string,
  byPlace: () => SqlScope,
): SqlScope {
  if (scope === 'O' || scope === 'S' || scope === 'M')
    return studentRule(principal, scope, grant, st);
  const place = byPlace();
  if (scope !== 'D' || !READING.includes(permission) || place === EVERYTHING) return place;
  const student = studentRule(principal, scope, grant, st);
  return {
    sql: `(${place.sql} or ${student.sql})`,
    parameters: [...place.parameters, ...student.parameters],
  };
}

function within(
  grant: RoleGrant,
  campusColumn: string,
  byDepartment: (departmentId: string) => SqlScope,
): SqlScope {
  if (grant.scopeKind === 'institution') return EVERYTHING;
  if (grant.scopeId === null) return NOTHING;
  if (grant.scopeKind === 'department') return byDepartment(grant.scopeId);
  return { sql: `${campusColumn} = ?::uuid`, parameters: [grant.scopeId] };
}

function sectionDepartment(sectionColumn: string, departmentId: string): SqlScope {
  return {
    sql: `exists (select 1 from course_section dcs join course dc on dc.id = dcs.course_id
        where dcs.id = ${sectionColumn} and dc.department_id = ?::uuid)`,
    parameters: [departmentId],
  };
}

/** Aliases of the predicates themselves; a caller's alias of the same name would be hidden. */
const INNER_ALIASES = ['ta', 'ss', 'e', 'ma', 'tcs', 'dcs', 'dc', 'sem', 'zc'];

/** Aliases come from our own statements; the check keeps it that way. */
function name(alias: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(alias) || INNER_ALIASES.includes(alias)) {
    throw new Error(`not usable as an SQL alias here: ${alias}`);
  }
  return alias;
}
