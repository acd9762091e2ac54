/**
 * Keeps a demo alive: the next days have sessions, one class is always running when it starts, and
 * a second one is about to open so that an opening can be watched.
 */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { EXTRA_HALLS, UNIVERSITY } from '../../db/seeders/catalogue.ts';
import { addDays } from '../../domain/timetable/plan-sessions.ts';
import type { Id, LocalDate } from '../../domain/types.ts';
import type { Operation } from '../../operations/ports.ts';
import { createSession } from '../../operations/sessions/create-session.ts';
import { EVERY_SECTION, generateSessions } from '../../operations/timetable/generate-sessions.ts';
import { dateIn } from '../../operations/timetable/local-time.ts';
import { iso, MINUTE_MS } from './context.ts';

/** What a top-up added. */
export interface TopUp {
  readonly generated: number;
  readonly running: Id | null;
  readonly opening: Id | null;
}

const DAYS_AHEAD = 14;
const EXTRA_MINUTES = 55;
/** A running class with less than this left does not count, nor does a shorter gap for a new one. */
const LEAST_MINUTES = 10;
const OPENS_IN_MINUTES = 3;
/** Sessions that open before the hourly planner's next run are handed to the relay at once. */
const PLANNER_GAP_MINUTES = 65;

/** Tops up; safe to repeat. The caller owns no transaction. */
export async function topUp(operation: Operation): Promise<TopUp> {
  const nowMs = await sqlNow(operation.em);
  const today = dateIn(UNIVERSITY.zone, new Date(nowMs));
  const generation = await generateSessions(operation, EVERY_SECTION, {
    dateFrom: today,
    dateTo: addDays(today, DAYS_AHEAD),
    dryRun: false,
  });
  return operation.em.transactional(async (em) => {
    await promiseStarts(operation, em, nowMs);
    return {
      generated: generation.created.length,
      running: await ensureRunning(operation, em, nowMs),
      opening: await ensureOpening(operation, em, nowMs),
    };
  });
}

async function sqlNow(em: Em): Promise<number> {
  const row = await firstRow<{ ms: string }>(
    em,
    'select floor(extract(epoch from app_clock()) * 1000)::bigint as ms',
  );
  return Number(row?.ms);
}

/** A generated session in progress or near its opening gets an outbox row unless it has a run. */
async function promiseStarts(operation: Operation, em: Em, nowMs: number): Promise<void> {
  const due = await rows<{ id: string }>(
    em,
    `update attendance_session set workflow_started_at = app_clock()
     where workflow_started_at is null and status = 'scheduled' and closes_at > ?::timestamptz
       and opens_at < ?::timestamptz returning id`,
    [iso(nowMs), iso(nowMs + PLANNER_GAP_MINUTES * MINUTE_MS)],
  );
  await rows(
    em,
    `insert into outbox (id, kind, payload)
     select o.id, 'start_session', jsonb_build_object('sessionId', o.session_id)
     from unnest(?::uuid[], ?::uuid[]) as o(id, session_id)`,
    [due.map(() => operation.ids.next()), due.map(({ id }) => id)],
  );
}

interface Teaching {
  readonly section_id: string;
  readonly faculty_id: string;
  /** Minutes until the section's next class, at most the length of an extra class. */
  readonly free_minutes: number;
}

/** One class of faculty@ that student@ attends runs now, or opens within a minute. */
async function ensureRunning(operation: Operation, em: Em, nowMs: number): Promise<Id | null> {
  const running = await firstRow<{ id: string }>(
    em,
    `select s.id from attendance_session s
     join faculty f on f.id = s.faculty_id join app_user u on u.id = f.user_id
     where u.email = 'faculty@demo.campus' and s.status in ('scheduled', 'open')
       and s.opens_at <= ?::timestamptz and s.closes_at > ?::timestamptz
       and exists (
         select 1 from session_section x join enrolment e on e.course_section_id = x.course_section_id
         join student st on st.id = e.student_id join app_user su on su.id = st.user_id
         where x.session_id = s.id and su.email = 'student@demo.campus' and e.status = 'enrolled')
     limit 1`,
    [iso(nowMs + MINUTE_MS), iso(nowMs + LEAST_MINUTES * MINUTE_MS)],
  );
  if (running) return null;
  const startMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const [place] = await freeSections(em, {
    teacher: 'faculty@demo.campus',
    student: 'student@demo.campus',
    startMs,
  });
  if (!place) return null;
  return createExtra(operation, em, place, startMs, EXTRA_HALLS.running);
}

/** One class of faculty2@ opens in about three minutes. */
async function ensureOpening(operation: Operation, em: Em, nowMs: number): Promise<Id | null> {
  const opening = await firstRow<{ id: string }>(
    em,
    `select s.id from attendance_session s
     join faculty f on f.id = s.faculty_id join app_user u on u.id = f.user_id
     where u.email = 'faculty2@demo.campus' and s.status = 'scheduled'
       and s.opens_at between ?::timestamptz and ?::timestamptz limit 1`,
    [iso(nowMs + MINUTE_MS), iso(nowMs + 2 * OPENS_IN_MINUTES * MINUTE_MS)],
  );
  if (opening) return null;
  const soonMs = nowMs + OPENS_IN_MINUTES * MINUTE_MS;
  const earlyMs = (await earlyOpenMinutes(em)) * MINUTE_MS;
  const startMs = Math.floor(soonMs / MINUTE_MS) * MINUTE_MS + earlyMs;
  const [place] = await freeSections(em, { teacher: 'faculty2@demo.campus', startMs });
  if (!place) return null;
  return createExtra(operation, em, place, startMs, EXTRA_HALLS.opening);
}

/** How early classes open here; sessions made lately carry the policy in force. */
async function earlyOpenMinutes(em: Em): Promise<number> {
  const row = await firstRow<{ minutes: number }>(
    em,
    `select (policy->>'earlyOpenMinutes')::int as minutes from attendance_session
     order by id desc limit 1`,
  );
  return row?.minutes ?? 0;
}

/** Sections of a teacher with room for an extra class from `startMs`, the freest first. */
async function freeSections(
  em: Em,
  wanted: { readonly teacher: string; readonly student?: string; readonly startMs: number },
): Promise<Teaching[]> {
  const start = iso(wanted.startMs);
  const date: LocalDate = dateIn(UNIVERSITY.zone, new Date(wanted.startMs));
  const found = await rows<Teaching>(
    em,
    `select cs.id as section_id, ta.faculty_id, coalesce((
         select floor(extract(epoch from min(s.start_at) - ?::timestamptz) / 60)::int
         from attendance_session s join session_section x on x.session_id = s.id
         where x.course_section_id = cs.id and s.status <> 'cancelled' and s.end_at > ?::timestamptz
       ), ${EXTRA_MINUTES}) as free_minutes
     from course_section cs join course c on c.id = cs.course_id
     join teaching_assignment ta on ta.course_section_id = cs.id and ta.role = 'owner'
       and ta.valid_from <= ?::date and (ta.valid_to is null or ta.valid_to > ?::date)
     join faculty f on f.id = ta.faculty_id join app_user u on u.id = f.user_id
     where u.email = ? and (?::text is null or exists (
       select 1 from enrolment e join student st on st.id = e.student_id
       join app_user su on su.id = st.user_id
       where e.course_section_id = cs.id and e.status = 'enrolled' and su.email = ?))
     order by c.code, cs.section_name`,
    [start, start, date, date, wanted.teacher, wanted.student ?? null, wanted.student ?? null],
  );
  return found
    .map((row) => ({ ...row, free_minutes: Math.min(row.free_minutes, EXTRA_MINUTES) }))
    .filter(({ free_minutes: free }) => free >= LEAST_MINUTES)
    .sort((a, b) => b.free_minutes - a.free_minutes);
}

async function createExtra(
  operation: Operation,
  em: Em,
  place: Teaching,
  startMs: number,
  roomCode: string,
): Promise<Id> {
  return createSession(
    operation,
    em,
    { sections: EVERY_SECTION, facultyId: null },
    {
      courseSectionId: place.section_id,
      facultyId: place.faculty_id,
      scheduledDate: dateIn(UNIVERSITY.zone, new Date(startMs)),
      startAt: iso(startMs),
      endAt: iso(startMs + place.free_minutes * MINUTE_MS),
      roomCode,
      notes: 'Extra class of the demo',
      component: 'L',
      units: 1,
      kind: 'make_up',
      autoOpen: true,
      biometricEnabled: true,
    },
  );
}
