/** Generates class sessions from the weekly timetable over a range of dates. */
import { appendLog, auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import { rows, type Em } from '../../db/orm.ts';
import { appError, type FieldError } from '../../domain/errors.ts';
import {
  daysBetween,
  PLAN_DAYS_MAX,
  type PlannedSession,
  type SkippedSession,
} from '../../domain/timetable/plan-sessions.ts';
import type { Id, Instant, LocalDate } from '../../domain/types.ts';
import type { Actor, Operation } from '../ports.ts';
import { applyLeavesToSession } from '../requests/apply-leaves-to-session.ts';
import { insertSessions, prepareSessions, type GeneratedSession } from './insert-sessions.ts';
import { loadPlan, type LoadedSlot, type PlanRange, type SectionCondition } from './load-plan.ts';

/** What to generate; a dry run plans and writes nothing. */
export interface GenerateRequest extends PlanRange {
  readonly dryRun: boolean;
}

/** A session made, or planned in a dry run, where `id` is null. */
export interface CreatedSession {
  readonly id: Id | null;
  readonly slot: LoadedSlot;
  readonly date: LocalDate;
  readonly startAt: Instant;
  readonly endAt: Instant;
}

/** What generation did, in the order of the timetable. */
export interface Generation {
  readonly created: readonly CreatedSession[];
  readonly skipped: readonly SkippedSession<LoadedSlot>[];
}

/** Every section: for callers that act for the institution itself. */
export const EVERY_SECTION: SectionCondition = { sql: 'true', parameters: [] };

/**
 * Generates the sessions of the sections in scope. It may be repeated and run twice at once: a slot
 * gives one session per date, by a unique key. Approved leaves apply to the new sessions.
 * @param sections  condition over `course_section cs`: what the asker may generate
 * @throws AppError `validation_failed` when the range is inverted or longer than 200 days
 */
export async function generateSessions(
  operation: Operation,
  sections: SectionCondition,
  request: GenerateRequest,
): Promise<Generation> {
  checkRange(request);
  if (request.dryRun) {
    const plan = await loadPlan(operation.em, sections, request);
    return { created: plan.planned.map(asPlanned), skipped: plan.skipped };
  }
  return operation.em.transactional(async (em) => {
    const plan = await loadPlan(em, sections, request);
    const prepared = await prepareSessions(em, plan.planned, () => operation.ids.next());
    const created = await insertSessions(em, prepared, operation.actor.userId);
    await appendLog(em, operation.ids, {
      audit: created.map((session) => createdEntry(operation.actor, session)),
    });
    for (const sessionId of await sessionsUnderLeave(em, created)) {
      // One by one, since each locks the records and the chain of its session.
      // oxlint-disable-next-line no-await-in-loop
      await applyLeavesToSession(operation, em, sessionId);
    }
    return { created, skipped: [...plan.skipped, ...lostRaces(plan.planned, created)] };
  });
}

function checkRange({ dateFrom, dateTo }: PlanRange): void {
  const days = daysBetween(dateFrom, dateTo) + 1;
  if (days < 1) refuseRange('range_inverted', 'Give a date_to on or after the date_from.');
  if (days > PLAN_DAYS_MAX) {
    refuseRange('range_too_long', `A range covers at most ${PLAN_DAYS_MAX} days.`);
  }
}

function refuseRange(code: string, detail: string): never {
  const errors: FieldError[] = [{ path: 'date_to', code, detail }];
  throw appError('validation_failed', detail, { errors });
}

function asPlanned({ slot, date, startAt, endAt }: PlannedSession<LoadedSlot>): CreatedSession {
  return { id: null, slot, date, startAt, endAt };
}

/** The audit event of a generated session; the seeder writes the same one for the past. */
export function createdEntry(actor: Actor, session: GeneratedSession): AuditEntry {
  return auditEntry(actor, {
    chain: sessionChain(session.id),
    action: 'session.created',
    entityType: 'AttendanceSession',
    entityId: session.id,
    sessionId: session.id,
    source: 'timetable',
    after: {
      status: 'scheduled',
      course_section: session.slot.courseSectionId,
      faculty: session.slot.facultyId,
      room: session.slot.roomId,
      start_at: session.startAt,
      end_at: session.endAt,
      kind: 'regular',
      timetable_slot: session.slot.id,
      planned_date: session.date,
    },
  });
}

/** Sessions that another run created between our reading and our inserting. */
function lostRaces(
  planned: readonly PlannedSession<LoadedSlot>[],
  created: readonly GeneratedSession[],
): SkippedSession<LoadedSlot>[] {
  const made = new Set(created.map((session) => `${session.slot.id}|${session.date}`));
  return planned
    .filter((session) => !made.has(`${session.slot.id}|${session.date}`))
    .map(({ slot, date }) => ({ slot, date, reason: 'exists', detail: null }));
}

/** Of these sessions, those that an approved leave of someone on their roster touches. */
async function sessionsUnderLeave(em: Em, created: readonly GeneratedSession[]): Promise<Id[]> {
  const found = await rows<{ id: string }>(
    em,
    `select distinct s.id from attendance_session s
     join session_section x on x.session_id = s.id
     join enrolment e on e.course_section_id = x.course_section_id and e.status = 'enrolled'
       and e.valid_from <= s.scheduled_date and (e.valid_to is null or e.valid_to > s.scheduled_date)
     join leave_application l on l.student_id = e.student_id and l.status = 'approved'
       and tstzrange(l.starts_at, l.ends_at) && tstzrange(s.start_at, s.end_at)
     where s.id = any(?::uuid[]) order by s.id`,
    [created.map((session) => session.id)],
  );
  return found.map((row) => row.id);
}
