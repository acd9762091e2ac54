/** Creates one session outside the timetable, for example a make-up class. */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { appError, type FieldError } from '../../domain/errors.ts';
import { windowProblem } from '../../domain/session/window.ts';
import type { Component, Id, Instant, LocalDate } from '../../domain/types.ts';
import { appendMarks } from '../records/apply-operations.ts';
import { applyLeavesToSession } from '../requests/apply-leaves-to-session.ts';
import type { Operation } from '../ports.ts';
import { findOverlap } from './find-overlap.ts';
import { loadSessionPolicy } from './session-policy.ts';
import { lockSessionForUpdate, readClock } from './session-row.ts';

/** The class to create; `facultyId` absent means the asker, or the owner of the section. */
export interface NewSession {
  readonly courseSectionId: Id;
  readonly facultyId: Id | undefined;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
  readonly endAt: Instant;
  readonly roomCode: string;
  readonly notes: string;
  readonly component: Component;
  readonly units: number;
  readonly kind: 'regular' | 'make_up';
  readonly autoOpen: boolean;
  readonly biometricEnabled: boolean;
}

interface ScopeCondition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** What the asker may create, and the asker's own faculty id. */
export interface CreateScope {
  /** Over `course_section cs`, as of today. */
  readonly sections: ScopeCondition;
  /**
   * Over `attendance_session s`: the new session must be one the asker may run on its date (O3).
   * Absent for callers that act for the institution itself.
   */
  readonly sessions?: ScopeCondition;
  readonly facultyId: Id | null;
}

/**
 * Inserts a session with its section, policy, outbox row and audit event; approved leaves apply.
 * Runs in the caller's transaction.
 * @returns the new id
 * @throws AppError `not_found`, `validation_failed`, `window_inverted`, `window_in_past`, `duplicate_session`
 */
export async function createSession(
  operation: Operation,
  em: Em,
  scope: CreateScope,
  input: NewSession,
): Promise<Id> {
  const section = await findSection(em, scope, input);
  await checkTimes(em, input, section.zone);
  const roomId = await findRoom(em, section.campus_id, input.roomCode);
  const facultyId = await findTeacher(em, scope, input);
  await refuseOverlap(em, input);
  const id = operation.ids.next();
  await insertSession(operation, em, input, { id, roomId, facultyId, section });
  await requireOwn(em, scope, id);
  const session = await lockSessionForUpdate(em, id);
  await appendMarks(em, operation, session, [], [], {
    audit: [
      auditEntry(operation.actor, {
        chain: sessionChain(id),
        action: 'session.created',
        entityType: 'AttendanceSession',
        entityId: id,
        sessionId: id,
        after: {
          status: 'scheduled',
          course_section: input.courseSectionId,
          faculty: facultyId,
          room: roomId,
          start_at: input.startAt,
          end_at: input.endAt,
          kind: input.kind,
        },
      }),
    ],
    sessionChanged: true,
  });
  await applyLeavesToSession(operation, em, id);
  return id;
}

interface SectionRow {
  campus_id: Id;
  course_id: Id;
  zone: string;
}

async function findSection(em: Em, scope: CreateScope, input: NewSession): Promise<SectionRow> {
  const section = await firstRow<SectionRow>(
    em,
    `select cs.campus_id, cs.course_id, ca.zone from course_section cs join campus ca on ca.id = cs.campus_id
     where cs.id = ?::uuid and (${scope.sections.sql})`,
    [input.courseSectionId, ...scope.sections.parameters],
  );
  if (section) return section;
  throw appError('not_found', 'There is no such section, or it is not one of yours.');
}

async function checkTimes(em: Em, input: NewSession, zone: string): Promise<void> {
  const nowMs = await readClock(em);
  const problem = windowProblem(input.startAt, input.endAt, nowMs);
  if (problem?.code === 'window_inverted') throw appError(problem.code, problem.detail);
  if (problem) throw fieldError(`${problem.bound}_datetime`, problem.code, problem.detail);
  if (Date.parse(input.endAt) <= nowMs) {
    throw appError('window_in_past', 'The class would be over already; give a time in the future.');
  }
  const local = await firstRow<{ date: LocalDate }>(
    em,
    'select (?::timestamptz at time zone ?)::date as date',
    [input.startAt, zone],
  );
  if (local?.date !== input.scheduledDate) {
    throw fieldError(
      'scheduled_date',
      'date_mismatch',
      `The start lies on ${local?.date ?? 'another day'} in the zone of the campus (${zone}).`,
    );
  }
}

async function findRoom(em: Em, campusId: Id, code: string): Promise<Id> {
  const room = await firstRow<{ id: Id }>(
    em,
    'select id from room where campus_id = ?::uuid and code = ?',
    [campusId, code],
  );
  if (room) return room.id;
  throw fieldError('room', 'unknown_room', 'Give the code of a room of this campus.');
}

async function findTeacher(em: Em, scope: CreateScope, input: NewSession): Promise<Id> {
  const teacher = await firstRow<{ faculty_id: Id }>(
    em,
    `select ta.faculty_id from teaching_assignment ta
     where ta.course_section_id = ?::uuid and ta.valid_from <= ?::date
       and (ta.valid_to is null or ta.valid_to > ?::date)
       and (?::uuid is null or ta.faculty_id = ?::uuid)
     order by (ta.faculty_id = ?::uuid) desc nulls last, (ta.role = 'owner') desc, ta.id limit 1`,
    [
      input.courseSectionId,
      input.scheduledDate,
      input.scheduledDate,
      input.facultyId ?? null,
      input.facultyId ?? null,
      scope.facultyId,
    ],
  );
  if (teacher) return teacher.faculty_id;
  throw fieldError(
    'faculty',
    'not_teaching',
    'Give a member of staff who teaches this section on that date.',
  );
}

/** Two live sessions of one section cannot overlap. */
async function refuseOverlap(
  em: Em,
  { courseSectionId, startAt, endAt }: NewSession,
): Promise<void> {
  const session = await findOverlap(em, { sections: [courseSectionId], startAt, endAt });
  if (session === undefined) return;
  throw appError('duplicate_session', 'The section has a class at that time already.', {
    meta: { session },
  });
}

/** Teaching authority is dated (trust.md O3): who teaches a section today may not on that date. */
async function requireOwn(em: Em, { sessions }: CreateScope, id: Id): Promise<void> {
  if (sessions === undefined) return;
  const own = await firstRow(
    em,
    `select s.id from attendance_session s where s.id = ?::uuid and (${sessions.sql})`,
    [id, ...sessions.parameters],
  );
  if (own) return;
  throw fieldError('scheduled_date', 'not_teaching', 'You do not run this section on that date.');
}

async function insertSession(
  operation: Operation,
  em: Em,
  input: NewSession,
  found: { id: Id; roomId: Id; facultyId: Id; section: SectionRow },
): Promise<void> {
  const { section } = found;
  const policy = await loadSessionPolicy(em, {
    campusId: section.campus_id,
    courseId: section.course_id,
    sectionId: input.courseSectionId,
    component: input.component,
    roomId: found.roomId,
  });
  await rows(
    em,
    `insert into attendance_session (id, campus_id, course_section_id, faculty_id, room_id,
       scheduled_date, start_at, end_at, opens_at, closes_at, kind, component, units, auto_open,
       biometric_enabled, notes, policy, created_by_id, workflow_started_at)
     values (?::uuid, ?::uuid, ?::uuid, ?::uuid, ?::uuid, ?::date, ?::timestamptz, ?::timestamptz,
       ?::timestamptz - make_interval(mins => ?::int), ?::timestamptz + make_interval(mins => ?::int),
       ?, ?, ?::int, ?::boolean, ?::boolean, ?, ?::jsonb, ?::uuid, app_clock())`,
    [
      found.id,
      section.campus_id,
      input.courseSectionId,
      found.facultyId,
      found.roomId,
      input.scheduledDate,
      input.startAt,
      input.endAt,
      input.startAt,
      policy.earlyOpenMinutes,
      input.endAt,
      policy.lateCaptureMinutes,
      input.kind,
      input.component,
      input.units,
      input.autoOpen,
      input.biometricEnabled,
      input.notes,
      JSON.stringify(policy),
      operation.actor.userId,
    ],
  );
  await rows(
    em,
    'insert into session_section (session_id, course_section_id) values (?::uuid, ?::uuid)',
    [found.id, input.courseSectionId],
  );
  await rows(
    em,
    `insert into outbox (id, kind, payload) values (?::uuid, 'start_session', ?::jsonb)`,
    [operation.ids.next(), JSON.stringify({ sessionId: found.id })],
  );
}

function fieldError(path: string, code: string, detail: string) {
  const errors: FieldError[] = [{ path, code, detail }];
  return appError('validation_failed', detail, { errors });
}
