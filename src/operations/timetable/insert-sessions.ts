/** Inserts planned sessions with their sections and the policy of their scope, in two statements. */
import { rows, type Em } from '../../db/orm.ts';
import type { PlannedSession } from '../../domain/timetable/plan-sessions.ts';
import type { Id, Instant, LocalDate, SessionPolicy } from '../../domain/types.ts';
import { loadPolicyTable } from '../sessions/session-policy.ts';
import type { LoadedSlot } from './load-plan.ts';

/** A session as generation inserts it. */
export interface GeneratedSession {
  readonly id: Id;
  readonly slot: LoadedSlot;
  readonly date: LocalDate;
  readonly startAt: Instant;
  readonly endAt: Instant;
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  readonly policy: SessionPolicy;
}

/** Gives planned sessions ids, windows and policies. */
export async function prepareSessions(
  em: Em,
  planned: readonly PlannedSession<LoadedSlot>[],
  nextId: (session: PlannedSession<LoadedSlot>) => Id,
): Promise<GeneratedSession[]> {
  const table = await loadPolicyTable(em);
  return planned.map((session) => {
    const { slot } = session;
    const policy = table.policyOf({
      campusId: slot.campusId,
      courseId: slot.courseId,
      sectionId: slot.courseSectionId,
      component: slot.component,
      roomId: slot.roomId,
    });
    return {
      ...session,
      id: nextId(session),
      opensAt: shifted(session.startAt, -policy.earlyOpenMinutes),
      closesAt: shifted(session.endAt, policy.lateCaptureMinutes),
      policy,
    };
  });
}

function shifted(at: Instant, minutes: number): Instant {
  return new Date(Date.parse(at) + minutes * 60_000).toISOString();
}

/**
 * Inserts the sessions; one that another run inserted meanwhile is left alone.
 * @returns the sessions really inserted
 */
export async function insertSessions(
  em: Em,
  sessions: readonly GeneratedSession[],
  createdBy: Id | null,
): Promise<GeneratedSession[]> {
  if (sessions.length === 0) return [];
  const column = <T>(pick: (session: GeneratedSession) => T): T[] => sessions.map(pick);
  const inserted = await rows<{ id: string }>(
    em,
    `insert into attendance_session (id, campus_id, course_section_id, faculty_id, room_id,
       timetable_slot_id, planned_date, scheduled_date, start_at, end_at, opens_at, closes_at,
       component, units, auto_open, policy, created_by_id)
     select n.id, n.campus_id, n.course_section_id, n.faculty_id, n.room_id, n.slot_id, n.on_date,
       n.on_date, n.start_at, n.end_at, n.opens_at, n.closes_at, n.component, n.units, n.auto_open,
       n.policy::jsonb, ?::uuid
     from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::date[],
       ?::timestamptz[], ?::timestamptz[], ?::timestamptz[], ?::timestamptz[], ?::text[], ?::int[],
       ?::boolean[], ?::text[])
       as n(id, campus_id, course_section_id, faculty_id, room_id, slot_id, on_date, start_at,
         end_at, opens_at, closes_at, component, units, auto_open, policy)
     on conflict on constraint attendance_session_slot_date_unique do nothing returning id`,
    [
      createdBy,
      column((s) => s.id),
      column((s) => s.slot.campusId),
      column((s) => s.slot.courseSectionId),
      column((s) => s.slot.facultyId),
      column((s) => s.slot.roomId),
      column((s) => s.slot.id),
      column((s) => s.date),
      column((s) => s.startAt),
      column((s) => s.endAt),
      column((s) => s.opensAt),
      column((s) => s.closesAt),
      column((s) => s.slot.component),
      column((s) => s.slot.units),
      column((s) => s.slot.autoOpen),
      column((s) => JSON.stringify(s.policy)),
    ],
  );
  const ids = new Set(inserted.map((row) => row.id));
  const created = sessions.filter((session) => ids.has(session.id));
  await rows(
    em,
    `insert into session_section (session_id, course_section_id)
     select * from unnest(?::uuid[], ?::uuid[])`,
    [created.map((s) => s.id), created.map((s) => s.slot.courseSectionId)],
  );
  return created;
}
