/** Class sessions, the sections they serve, and why they moved. */
import { defineEntity, p } from '@mikro-orm/core';
import type { Component, SessionPolicy, SessionStatus } from '../../domain/types.ts';
import { created, instant, localDate, versioned } from './base.ts';
import { AppUser, Faculty } from './people.ts';
import { Campus, CourseSection, Room } from './structure.ts';
import { TimetableSlot } from './timetable.ts';

const AttendanceSessionSchema = defineEntity({
  name: 'AttendanceSession',
  uniques: [
    { name: 'attendance_session_slot_date_unique', properties: ['timetableSlot', 'plannedDate'] },
  ],
  indexes: [
    { properties: ['courseSection', 'scheduledDate'] },
    { properties: ['faculty', 'scheduledDate'] },
    { properties: ['scheduledDate', 'startAt'] },
    { properties: ['status', 'opensAt'] },
    { properties: ['room', 'startAt'] },
  ],
  checks: [
    { name: 'attendance_session_times_check', expression: 'start_at < end_at' },
    { name: 'attendance_session_window_check', expression: 'opens_at < closes_at' },
    {
      name: 'attendance_session_status_check',
      expression: "status in ('scheduled','open','closed','locked','cancelled')",
    },
  ],
  properties: {
    ...versioned,
    campus: () => p.manyToOne(Campus).ref(),
    courseSection: () => p.manyToOne(CourseSection).ref(),
    faculty: () => p.manyToOne(Faculty).ref(),
    room: () => p.manyToOne(Room).ref(),
    timetableSlot: () => p.manyToOne(TimetableSlot).ref().nullable(),
    plannedDate: localDate().nullable(),
    scheduledDate: localDate(),
    startAt: instant(),
    endAt: instant(),
    status: p.text().$type<SessionStatus>().default('scheduled'),
    opensAt: instant(),
    closesAt: instant(),
    lockDueAt: instant().nullable(),
    openedAt: instant().nullable(),
    closedAt: instant().nullable(),
    lockedAt: instant().nullable(),
    epoch: p.integer().default(1),
    taken: p.boolean().default(false),
    kind: p.text().$type<'regular' | 'make_up' | 'merged'>().default('regular'),
    component: p.text().$type<Component>().default('L'),
    units: p.integer().default(1),
    autoOpen: p.boolean().default(true),
    autoOpened: p.boolean().default(false),
    autoClosed: p.boolean().default(false),
    biometricEnabled: p.boolean().default(true),
    notes: p.text().default(''),
    policy: p.json<SessionPolicy>(),
    lateReferenceAt: instant().nullable(),
    makeupFor: () => p.manyToOne(AttendanceSession).ref().nullable(),
    mergedInto: () => p.manyToOne(AttendanceSession).ref().nullable(),
    createdBy: () => p.manyToOne(AppUser).ref().nullable(),
    workflowStartedAt: instant().nullable(),
  },
});
/**
 * One class meeting. `opensAt`..`closesAt` is the window in which marks are admitted; `epoch`
 * grows when the window moves, so that an older timer is refused (temporal.md section 6).
 */
export class AttendanceSession extends AttendanceSessionSchema.class {}
AttendanceSessionSchema.setClass(AttendanceSession);

const SessionSectionSchema = defineEntity({
  name: 'SessionSection',
  properties: {
    session: () => p.manyToOne(AttendanceSession).ref().primary(),
    courseSection: () => p.manyToOne(CourseSection).ref().primary().index(),
  },
});
/** A section served by a session; merged classes have several. */
export class SessionSection extends SessionSectionSchema.class {}
SessionSectionSchema.setClass(SessionSection);

const SessionChangeSchema = defineEntity({
  name: 'SessionChange',
  indexes: [{ properties: ['session'] }],
  properties: {
    ...created,
    session: () => p.manyToOne(AttendanceSession).ref(),
    kind: p.text().$type<'reschedule' | 'cancel' | 'restore'>(),
    reason: p.text(),
    actor: () => p.manyToOne(AppUser).ref().nullable(),
    epoch: p.integer(),
    before: p.json<Record<string, unknown>>(),
    after: p.json<Record<string, unknown>>(),
  },
});
/** Why a session was moved, cancelled or restored, with the values before and after. */
export class SessionChange extends SessionChangeSchema.class {}
SessionChangeSchema.setClass(SessionChange);

const TeachingAssignmentSchema = defineEntity({
  name: 'TeachingAssignment',
  indexes: [
    { properties: ['courseSection'] },
    { properties: ['session'] },
    { properties: ['faculty'] },
  ],
  checks: [
    {
      name: 'teaching_assignment_target_check',
      expression: '(course_section_id is null) <> (session_id is null)',
    },
  ],
  properties: {
    ...created,
    faculty: () => p.manyToOne(Faculty).ref(),
    courseSection: () => p.manyToOne(CourseSection).ref().nullable(),
    session: () => p.manyToOne(AttendanceSession).ref().nullable(),
    role: p.text().$type<'owner' | 'assistant' | 'substitute'>().default('owner'),
    validFrom: localDate(),
    validTo: localDate().nullable(),
  },
});
/** Dated authority to teach a section, or one session (substitute); half-open dates. */
export class TeachingAssignment extends TeachingAssignmentSchema.class {}
TeachingAssignmentSchema.setClass(TeachingAssignment);
