/** The daily digest: every teacher hears once a day which contradictions wait for a word. */
import { rows } from '../../db/orm.ts';
import type { SessionConflicts } from '../../domain/notices.ts';
import type { Id, LocalDate } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { notify, type Notice } from './notify.ts';

/** What one run of the digest did. */
export interface DigestReport {
  /** Teachers who have open contradictions. */
  readonly teachers: number;
  /** Digests that are new; the others were written by an earlier run of the same day. */
  readonly written: number;
}

/** A digest names the newest classes; its total counts all of them. */
const NAMED_SESSIONS_MAX = 50;

/**
 * Writes one `conflict_digest` per teacher and local day, with mail. It names the classes, of
 * today or earlier, in which the teacher can still settle a contradiction: those neither final nor
 * cancelled. The day begins at noon in the institution's zone, so that a run at 18:00 that is
 * caught up after midnight still belongs to the day it was meant for (temporal.md section 5).
 */
export async function writeDigests({ em, ids }: Operation): Promise<DigestReport> {
  return em.transactional(async (transaction) => {
    const found = await rows<{
      user_id: Id;
      day: LocalDate;
      total: number;
      sessions: SessionConflicts[];
    }>(
      transaction,
      `with counted as (
         select s.id, s.start_at, s.scheduled_date, count(*)::int as conflicts
         from attendance_conflict x
         join attendance_session s on s.id = x.session_id
         where x.state = 'open' and s.status in ('open', 'closed')
         group by s.id
       ), told as (
         select distinct f.user_id, n.id, n.start_at, n.conflicts
         from counted n
         join teaching_assignment ta on (ta.session_id = n.id or ta.course_section_id in (
             select ss.course_section_id from session_section ss where ss.session_id = n.id))
           and ta.valid_from <= n.scheduled_date
           and (ta.valid_to is null or ta.valid_to > n.scheduled_date)
         join faculty f on f.id = ta.faculty_id
         join app_user u on u.id = f.user_id and u.status = 'active'
       )
       select t.user_id, (app_clock() at time zone coalesce(
           (select zone from institution limit 1), 'UTC') - interval '12 hours')::date as day,
         sum(t.conflicts)::int as total,
         jsonb_agg(jsonb_build_object('session', t.id, 'conflicts', t.conflicts)
           order by t.start_at desc, t.id) as sessions
       from told t group by t.user_id`,
    );
    const digests = found.map(({ user_id: userId, day, total, sessions }): Notice => ({
      userId,
      kind: 'conflict_digest',
      dedupeKey: `conflict_digest:${day}`,
      payload: { date: day, total, sessions: sessions.slice(0, NAMED_SESSIONS_MAX) },
      mail: true,
    }));
    return { teachers: found.length, written: await notify(transaction, ids, digests) };
  });
}
