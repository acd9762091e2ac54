/** People: accounts, roles, students, faculty, and who is enrolled, teaching or mentoring when. */
import { defineEntity, p } from '@mikro-orm/core';
import type { Role } from '../../domain/types.ts';
import { created, edited, instant, localDate } from './base.ts';
import { Batch, Campus, CourseSection, Department, Programme } from './structure.ts';

const AppUserSchema = defineEntity({
  name: 'AppUser',
  properties: {
    ...edited,
    email: p.text().unique(),
    firstName: p.text(),
    lastName: p.text(),
    passwordHash: p.text().nullable(),
    status: p.text().$type<'active' | 'suspended' | 'disabled'>().default('active'),
    tokenVersion: p.integer().default(1),
    authChangedAt: instant().defaultRaw('app_clock()').index(),
    failedSignIns: p.integer().default(0),
    nextSignInAt: instant().nullable(),
  },
});
/** An account. `email` is lower case; `tokenVersion` grows when rights or password change. */
export class AppUser extends AppUserSchema.class {}
AppUserSchema.setClass(AppUser);

const RoleAssignmentSchema = defineEntity({
  name: 'RoleAssignment',
  indexes: [{ properties: ['user'] }],
  properties: {
    ...created,
    user: () => p.manyToOne(AppUser).ref(),
    role: p.text().$type<Role>(),
    scopeKind: p.text().$type<'institution' | 'campus' | 'department'>().default('institution'),
    scopeId: p.uuid().nullable(),
  },
});
/** A role held by a person inside a scope; `scopeId` is null for the institution. */
export class RoleAssignment extends RoleAssignmentSchema.class {}
RoleAssignmentSchema.setClass(RoleAssignment);

const StudentSchema = defineEntity({
  name: 'Student',
  properties: {
    ...edited,
    user: () => p.oneToOne(AppUser).ref().owner(),
    rollNumber: p.text().unique(),
    programme: () => p.manyToOne(Programme).ref(),
    batch: () => p.manyToOne(Batch).ref(),
    department: () => p.manyToOne(Department).ref(),
    campus: () => p.manyToOne(Campus).ref(),
    admittedOn: localDate(),
  },
});
/** A student. */
export class Student extends StudentSchema.class {}
StudentSchema.setClass(Student);

const FacultySchema = defineEntity({
  name: 'Faculty',
  properties: {
    ...edited,
    user: () => p.oneToOne(AppUser).ref().owner(),
    employeeCode: p.text().unique(),
    department: () => p.manyToOne(Department).ref(),
  },
});
/** A member of the teaching staff. */
export class Faculty extends FacultySchema.class {}
FacultySchema.setClass(Faculty);

const EnrolmentSchema = defineEntity({
  name: 'Enrolment',
  indexes: [{ properties: ['courseSection'] }, { properties: ['student'] }],
  checks: [
    { name: 'enrolment_dates_check', expression: 'valid_to is null or valid_from <= valid_to' },
  ],
  properties: {
    ...created,
    student: () => p.manyToOne(Student).ref(),
    courseSection: () => p.manyToOne(CourseSection).ref(),
    validFrom: localDate(),
    validTo: localDate().nullable(),
    status: p.text().$type<'enrolled' | 'dropped'>().default('enrolled'),
  },
});
/**
 * A dated enrolment: half-open [validFrom, validTo), open-ended when `validTo` is null.
 * An exclusion constraint forbids overlaps per student and section (marks.md section 9).
 */
export class Enrolment extends EnrolmentSchema.class {}
EnrolmentSchema.setClass(Enrolment);

const MentorAssignmentSchema = defineEntity({
  name: 'MentorAssignment',
  indexes: [{ properties: ['mentor'] }, { properties: ['student'] }],
  properties: {
    ...created,
    mentor: () => p.manyToOne(AppUser).ref(),
    student: () => p.manyToOne(Student).ref(),
    validFrom: localDate(),
    validTo: localDate().nullable(),
  },
});
/** A mentor's dated care for a student; half-open dates. */
export class MentorAssignment extends MentorAssignmentSchema.class {}
MentorAssignmentSchema.setClass(MentorAssignment);

const RefreshTokenFamilySchema = defineEntity({
  name: 'RefreshTokenFamily',
  indexes: [{ properties: ['user'] }],
  properties: {
    ...created,
    user: () => p.manyToOne(AppUser).ref(),
    client: p.text().$type<'browser' | 'app'>(),
    authenticatedAt: instant(),
    lastUsedAt: instant(),
    idleSeconds: p.integer(),
    expiresAt: instant(),
    revokedAt: instant().nullable(),
    revokedReason: p.text().nullable(),
  },
});
/** One sign-in: all refresh tokens descended from it end together. */
export class RefreshTokenFamily extends RefreshTokenFamilySchema.class {}
RefreshTokenFamilySchema.setClass(RefreshTokenFamily);

const RefreshTokenSchema = defineEntity({
  name: 'RefreshToken',
  properties: {
    tokenHash: p.text().primary(),
    family: () => p.manyToOne(RefreshTokenFamily).ref().index(),
    createdAt: instant().defaultRaw('app_clock()'),
    usedAt: instant().nullable(),
  },
});
/** A single-use refresh token, stored as the SHA-256 of its 256 random bits (hex). */
export class RefreshToken extends RefreshTokenSchema.class {}
RefreshTokenSchema.setClass(RefreshToken);
