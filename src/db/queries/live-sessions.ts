/** Named reads behind the live screens of sessions: who sees what, heads, and new events. */
import type { Id } from '../../domain/types.ts';
import { firstRow, rows, toInstant, type Em } from '../orm.ts';
import type { LiveEventRow } from './records.ts';
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

/** Counts over the roll of a session, as screens show them. */
export interface LiveCounts {
  readonly present: number;
  readonly late: number;
  readonly absent: number;
  readonly excused: number;
  readonly unmarked: number;
  readonly roster: number;
  readonly conflicts: number;
}

/** The number of a session's last live event and its counts, from one snapshot. */
export async function readLiveHead(
  em: Em,
  sessionId: Id,
): Promise<{ seq: number; counts: LiveCounts }> {
  const row = await firstRow<LiveCounts & { seq: string }>(
    em,
    `select coalesce((select h.live_seq from audit_chain_head h
         where h.chain = 'session:' || ?::uuid::text), 0) as seq,
       count(*) filter (where r.mark = 'present')::int as present,
       count(*) filter (where r.mark = 'late')::int as late,
       count(*) filter (where r.mark = 'absent')::int as absent,
       count(*) filter (where r.mark = 'excused')::int as excused,
       count(*) filter (where r.mark is null)::int as unmarked, count(*)::int as roster,
       (select count(*)::int from attendance_conflict x
          where x.session_id = ?::uuid and x.state = 'open') as conflicts
     from (
       select distinct e.student_id from attendance_session s
       join session_section x on x.session_id = s.id
       join enrolment e on e.course_section_id = x.course_section_id and e.status = 'enrolled'
         and e.valid_from <= s.scheduled_date
         and (e.valid_to is null or e.valid_to > s.scheduled_date)
       where s.id = ?::uuid) roster
     left join attendance_record r on r.session_id = ?::uuid and r.student_id = roster.student_id`,
    [sessionId, sessionId, sessionId, sessionId],
  );
  if (!row) throw new Error('an aggregate gave no row');
  const { seq, ...counts } = row;
  return { seq: Number(seq), counts };
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
  const found = await rows<{
    session_id: Id;
    seq: string;
    at: string;
    type: string;
    payload: Record<string, unknown>;
  }>(
    em,
    `select e.session_id, e.seq, e.at, e.type, e.payload
     from unnest(?::uuid[], ?::bigint[]) as w(session_id, seen)
     cross join lateral (
       select l.session_id, l.seq, l.at, l.type, l.payload from live_event l
       where l.session_id = w.session_id and l.seq > w.seen order by l.seq limit ?::int) e
     order by e.session_id, e.seq`,
    [[...cursors.keys()], [...cursors.values()], limit],
  );
  return found.map((row) => ({
    sessionId: row.session_id,
    seq: Number(row.seq),
    at: toInstant(row.at),
    type: row.type,
    payload: row.payload,
  }));
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
