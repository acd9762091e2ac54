/** Leave applications, correction requests and the decisions on them. */
import { defineEntity, p } from '@mikro-orm/core';
import type {
  CaseKind,
  CaseStatus,
  DecisionChannel,
  ExcuseCategory,
  Mark,
  Verdict,
} from '../../domain/types.ts';
import { created, edited, instant, versioned } from './base.ts';
import { AppUser, Student } from './people.ts';
import { AttendanceSession } from './sessions.ts';

const LeaveTypeSchema = defineEntity({
  name: 'LeaveType',
  properties: {
    ...edited,
    code: p.text().unique(),
    name: p.text(),
    excuseCategory: p.text().$type<ExcuseCategory>(),
    isActive: p.boolean().default(true),
  },
});
/** A kind of leave and the excuse category its approval gives. */
export class LeaveType extends LeaveTypeSchema.class {}
LeaveTypeSchema.setClass(LeaveType);

const caseColumns = {
  status: p.text().$type<CaseStatus>().default('pending'),
  level: p.integer().default(1),
  submittedAt: instant(),
  expiresAt: instant(),
  decidedAt: instant().nullable(),
  outcomeCode: p.text().nullable(),
  workflowStartedAt: instant().nullable(),
};

const LeaveApplicationSchema = defineEntity({
  name: 'LeaveApplication',
  indexes: [{ properties: ['student'] }, { properties: ['status', 'submittedAt'] }],
  checks: [{ name: 'leave_application_times_check', expression: 'starts_at < ends_at' }],
  properties: {
    ...versioned,
    ...caseColumns,
    student: () => p.manyToOne(Student).ref(),
    leaveType: () => p.manyToOne(LeaveType).ref(),
    startsAt: instant(),
    endsAt: instant(),
    reasonSealed: p.text(),
    decidedBy: () => p.manyToOne(AppUser).ref().nullable(),
  },
});
/**
 * A student's leave over [startsAt, endsAt). An exclusion constraint forbids overlapping pending
 * or approved leaves of one student (marks.md section 9).
 */
export class LeaveApplication extends LeaveApplicationSchema.class {}
LeaveApplicationSchema.setClass(LeaveApplication);

const CorrectionRequestSchema = defineEntity({
  name: 'CorrectionRequest',
  indexes: [{ properties: ['student'] }, { properties: ['status', 'submittedAt'] }],
  properties: {
    ...versioned,
    ...caseColumns,
    session: () => p.manyToOne(AttendanceSession).ref(),
    student: () => p.manyToOne(Student).ref(),
    requestedBy: () => p.manyToOne(AppUser).ref(),
    fromMark: p.text().$type<Mark>().nullable(),
    toMark: p.text().$type<Mark>(),
    excuseCategory: p.text().$type<ExcuseCategory>().nullable(),
    reasonSealed: p.text(),
    decidedBy: () => p.manyToOne(AppUser).ref().nullable(),
  },
});
/**
 * A request to change one record; `fromMark` null means `unmarked`. One pending request per
 * session and student, by a partial unique index.
 */
export class CorrectionRequest extends CorrectionRequestSchema.class {}
CorrectionRequestSchema.setClass(CorrectionRequest);

const SelfEntrySchema = defineEntity({
  name: 'SelfEntry',
  indexes: [{ properties: ['student'] }, { properties: ['status', 'submittedAt'] }],
  properties: {
    ...versioned,
    ...caseColumns,
    session: () => p.manyToOne(AttendanceSession).ref(),
    student: () => p.manyToOne(Student).ref(),
    opId: p.uuid(),
    notesSealed: p.text().nullable(),
    decidedBy: () => p.manyToOne(AppUser).ref().nullable(),
  },
});
/**
 * A student's own entry of presence, behind the pending claim `opId`. One pending entry per session
 * and student, by a partial unique index.
 */
export class SelfEntry extends SelfEntrySchema.class {}
SelfEntrySchema.setClass(SelfEntry);

const UnlockRequestSchema = defineEntity({
  name: 'UnlockRequest',
  indexes: [{ properties: ['session'] }, { properties: ['status', 'submittedAt'] }],
  checks: [{ name: 'unlock_request_hours_check', expression: 'hours between 1 and 24' }],
  properties: {
    ...versioned,
    ...caseColumns,
    session: () => p.manyToOne(AttendanceSession).ref(),
    requestedBy: () => p.manyToOne(AppUser).ref(),
    hours: p.integer(),
    reasonSealed: p.text(),
    unlockedUntil: instant().nullable(),
    relockedAt: instant().nullable(),
    decidedBy: () => p.manyToOne(AppUser).ref().nullable(),
  },
});
/**
 * A request to open a locked register again for at most `hours`, decided by a second person. One
 * pending request per session, by a partial unique index.
 */
export class UnlockRequest extends UnlockRequestSchema.class {}
UnlockRequestSchema.setClass(UnlockRequest);

const DecisionSchema = defineEntity({
  name: 'Decision',
  indexes: [{ properties: ['caseKind', 'caseId'] }],
  properties: {
    ...created,
    caseKind: p.text().$type<CaseKind>(),
    caseId: p.uuid(),
    verdict: p.text().$type<Verdict>(),
    decider: () => p.manyToOne(AppUser).ref(),
    channel: p.text().$type<DecisionChannel>(),
    level: p.integer(),
    noteSealed: p.text().nullable(),
  },
});
/** One decision on a case; its id is the decider's decision id, so a repeat is a no-op. */
export class Decision extends DecisionSchema.class {}
DecisionSchema.setClass(Decision);
