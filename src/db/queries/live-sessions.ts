/** Named reads behind the live screens of sessions: who sees what, heads, and new events. */
import type { Id, Instant } from '../../domain/types.ts';
import { firstRow, preparedRows, rows, toInstant, type Em } from '../orm.ts';
import type { Condition } from './sessions.ts';

/** What a person may see of a session. */
export interface LiveSight {
  /** Every row of the roll, also of students who join it later. */
  readonly all: boolean;
  /** The students whose rows the person sees, when not all. */
  readonly students: readonly Id[];
}

/** The asker's conditions: sessions `s` in sight, those seen whole, and rows of `s` and `st`. */
export interface SightScopes {
  readonly view: Condition;
  readonly whole: Condition;
  readonly row: Condition;
}

/** What a person sees of a session now, or undefined when the session is outside their scope. */
export async function findLiveSight(
  em: Em,
  { view, whole, row }: SightScopes,
  sessionId: Id,
): Promise<LiveSight | undefined> {
  return firstRow<LiveSight>(
    em,
    `select (${whole.sql}) as "all", case when (${whole.sql}) then '{}'::uuid[] else array(
       select distinct st.id from session_section x
       join enrolment en on en.course_section_id = x.course_section_id and en.status = 'enrolled'
         and en.valid_from <= s.scheduled_date
         and (en.valid_to is null or en.valid_to > s.scheduled_date)
       join student st on st.id = en.student_id
       where x.session_id = s.id and (${row.sql})) end as students
     from attendance_session s where s.id = ?::uuid and (${view.sql})`,
    [...whole.parameters, ...whole.parameters, ...row.parameters, sessionId, ...view.parameters],
  );
}

/** How a class stands: marks of roster members, the unmarked, and the size of the roster. */
export interface LiveCounts {
  readonly present: number;
  readonly late: number;
  readonly absent: number;
  readonly excused: number;
  readonly unmarked: number;
  readonly roster: number;
  /** Open contradictions. */
  readonly conflicts: number;
}

/** Counts the records of the rosters of sessions; marks never wait for it. */
export async function readCounts(em: Em, sessionIds: readonly Id[]): Promise<Map<Id, LiveCounts>> {
  if (sessionIds.length === 0) return new Map();
  const found = await preparedRows<LiveCounts & { session_id: Id }>(
    em,
    // Class by class: a planner that joins all of them reads every record there is.
    `select s.id as session_id, c.*,
       (select count(*)::int from attendance_conflict x
          where x.session_id = s.id and x.state = 'open') as conflicts
     from attendance_session s
     cross join lateral (
       select count(*) filter (where r.mark = 'present')::int as present,
         count(*) filter (where r.mark = 'late')::int as late,
         count(*) filter (where r.mark = 'absent')::int as absent,
         count(*) filter (where r.mark = 'excused')::int as excused,
         count(*) filter (where r.mark is null)::int as unmarked,
         count(*)::int as roster
       from (
         select distinct e.student_id
         from session_section ss
         join enrolment e on e.course_section_id = ss.course_section_id and e.status = 'enrolled'
           and e.valid_from <= s.scheduled_date and (e.valid_to is null or e.valid_to > s.scheduled_date)
         where ss.session_id = s.id) m
       left join attendance_record r on r.session_id = s.id and r.student_id = m.student_id) c
     where s.id = any(?::uuid[])`,
    [sessionIds],
  );
  return new Map(found.map(({ session_id: session, ...counts }) => [session, counts]));
}

/**
 * The number of a session's last live event and its counts, which may already hold what the next
 * events tell. @throws Error when there is no such session
 */
export async function readLiveHead(
  em: Em,
  sessionId: Id,
): Promise<{ seq: number; counts: LiveCounts }> {
  const head = await firstRow<{ live_seq: string }>(
    em,
    'select live_seq from audit_chain_head where chain = ?',
    [`session:${sessionId}`],
  );
  const counts = (await readCounts(em, [sessionId])).get(sessionId);
  if (!counts) throw new Error(`there is no session ${sessionId}`);
  return { seq: Number(head?.live_seq ?? 0), counts };
}

/** A live event as its readers are told of it. */
export interface LiveEventRow {
  readonly seq: number;
  readonly at: Instant;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A live event with its session. */
export interface TailedEvent extends LiveEventRow {
  readonly sessionId: Id;
}

/**
 * Events after each session's number, by session and number, at most `limit` of each session.
 * Numbers are given in commit order under the lock of the chain head, so a number that is seen
 * means that no smaller one is still to come.
 */
export async function readEventsAfter(
  em: Em,
  cursors: ReadonlyMap<Id, number>,
  limit: number,
): Promise<TailedEvent[]> {
  const found = await rows<EventRow>(
    em,
    `select e.session_id, e.seq, e.at, e.type, e.payload
     from unnest(?::uuid[], ?::bigint[]) as w(session_id, seen)
     cross join lateral (
       select l.session_id, l.seq, l.at, l.type, l.payload from live_event l
       where l.session_id = w.session_id and l.seq > w.seen order by l.seq limit ?::int) e
     order by e.session_id, e.seq`,
    [[...cursors.keys()], [...cursors.values()], limit],
  );
  return withCounts(em, found.map(toEvent));
}

/** Live events after a number, oldest first, at most `limit`, and the newest number of the session. */
export async function listLiveEvents(
  em: Em,
  sessionId: Id,
  after: number,
  limit: number,
): Promise<{ seq: number; events: LiveEventRow[] }> {
  const head = await firstRow<{ live_seq: string }>(
    em,
    'select live_seq from audit_chain_head where chain = ?',
    [`session:${sessionId}`],
  );
  const found = await rows<EventRow>(
    em,
    `select session_id, seq, at, type, payload from live_event
     where session_id = ?::uuid and seq > ?::bigint order by seq limit ?::int`,
    [sessionId, after, limit],
  );
  const events = await withCounts(em, found.map(toEvent));
  return {
    seq: Number(head?.live_seq ?? 0),
    events: events.map(({ sessionId: _own, ...event }) => event),
  };
}

interface EventRow {
  session_id: Id;
  seq: string;
  at: string;
  type: string;
  payload: Record<string, unknown>;
}

function toEvent({ session_id, seq, at, type, payload }: EventRow): TailedEvent {
  return { sessionId: session_id, seq: Number(seq), at: toInstant(at), type, payload };
}

/** Events that tell how a class stands. */
const COUNTED: readonly string[] = ['counts.changed', 'session.changed'];

/**
 * The events with the counts of now. They are read after the events, so they hold every mark that an
 * event tells of; counted in the transaction of the mark, they would cost each scan the whole roster.
 */
async function withCounts(em: Em, events: readonly TailedEvent[]): Promise<TailedEvent[]> {
  const told = events.filter(({ type }) => COUNTED.includes(type));
  const counts = await readCounts(em, [...new Set(told.map((event) => event.sessionId))]);
  return events.map((event) =>
    COUNTED.includes(event.type)
      ? { ...event, payload: { ...event.payload, counts: counts.get(event.sessionId) } }
      : event,
  );
}

/** How many of a class are marked present or late, of how many; for the screen in the room. */
export interface MarkedCount {
  readonly sessionId: Id;
  readonly marked: number;
  readonly roster: number;
}

/** Counts several sessions in one statement. */
export async function readMarkedCounts(em: Em, sessionIds: readonly Id[]): Promise<MarkedCount[]> {
  return rows<MarkedCount>(
    em,
    `select s.id as "sessionId",
       count(distinct e.student_id)::int as roster,
       count(distinct r.student_id)::int as marked
     from attendance_session s
     join session_section ss on ss.session_id = s.id
     join enrolment e on e.course_section_id = ss.course_section_id and e.status = 'enrolled'
       and e.valid_from <= s.scheduled_date and (e.valid_to is null or e.valid_to > s.scheduled_date)
     left join attendance_record r on r.session_id = s.id and r.student_id = e.student_id
       and r.mark in ('present', 'late')
     where s.id = any(?::uuid[]) group by s.id`,
    [sessionIds],
  );
}
