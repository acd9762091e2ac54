/**
 * The rules of attendance as one set-based statement: the registers of any number of sessions
 * straight from the stored claims (marks.md sections 2 to 5). Proven equal to `resolveSession`.
 */
import { RANK } from '../../domain/attendance/ranks.ts';
import type { ConflictKind, ExcuseCategory, Id, Mark, MarkSource } from '../../domain/types.ts';
import { rows, type Em } from '../orm.ts';
import { recheckMissed } from './recheck-missed.ts';

/** What the claims say of one student of the roster; `mark` null reads as unmarked. */
export interface RegisterRecord {
  readonly student_id: Id;
  readonly mark: Mark | null;
  /** Null where nothing counts, and for an automatic absence (`rank` 10), whose id is computed. */
  readonly winner_op_id: Id | null;
  readonly rank: number | null;
  readonly source: MarkSource | null;
  /** Unix milliseconds. */
  readonly arrival_ms: number | null;
  readonly excuse_category: ExcuseCategory | null;
  readonly flags: readonly string[];
  /** A claim of the student stands on a device that others used too (R11). */
  readonly shares_device: boolean;
  /** A scan of the student stands, and a re-check was missed. */
  readonly missed_recheck: boolean;
}

/** A contradiction the claims give; `op_ids` ascend. */
export interface RegisterConflict {
  readonly kind: ConflictKind;
  readonly student_id: Id | null;
  readonly device_key_id: Id | null;
  readonly op_ids: readonly Id[];
  readonly state: 'open' | 'settled';
}

/** The register of one session as its claims give it. */
export interface RegisterRow {
  readonly session_id: Id;
  readonly taken: boolean;
  readonly records: readonly RegisterRecord[];
  readonly conflicts: readonly RegisterConflict[];
}

const milliseconds = (column: string): string =>
  `floor(extract(epoch from ${column}) * 1000)::bigint`;

/** Machine claims that count as evidence of arrival or of a class having been taken. */
const isMachine = (rank: string): string =>
  `${rank} between ${RANK.offlineQr} and ${RANK.biometric}`;

/** What sessions decide by, and who belonged to them on their day (marks.md sections 5 and 8). */
const SESSIONS = `
  session as materialized (
    select s.id as session_id, s.status, s.policy, s.scheduled_date,
      s.late_reference_at is not null or exists (
        select 1 from head_count h where h.session_id = s.id) as was_observed,
      case when s.policy ->> 'lateFrom' = 'scheduled_start' then ${milliseconds('s.start_at')}
        else ${milliseconds('greatest(s.start_at, s.late_reference_at)')} end as reference_ms,
      (s.policy ->> 'lateAfterMinutes')::numeric * 60000 as late_after_ms,
      (s.policy ->> 'absentAfterMinutes')::numeric * 60000 as absent_after_ms,
      (s.policy ->> 'minStayMinutes')::numeric * 60000 as min_stay_ms,
      s.policy ->> 'offlineQr' = 'provisional' as counts_offline
    from attendance_session s where s.id = any(?::uuid[])),
  roster as materialized (
    select distinct s.session_id, e.student_id
    from session s
    join session_section ss on ss.session_id = s.session_id
    join enrolment e on e.course_section_id = ss.course_section_id and e.status = 'enrolled'
      and e.valid_from <= s.scheduled_date
      and (e.valid_to is null or e.valid_to > s.scheduled_date))`;

/** Claims with what withdrawals left of them; a person's word cannot be withdrawn. */
const OPERATIONS = `
  stored as materialized (
    select o.session_id, o.student_id, o.op_id, o.kind, o.outcome, o.mark, o.rank, o.source,
      ${milliseconds('o.eff_at')} as eff_ms, o.base_op_id, o.acks, o.target_op_id,
      o.excuse_category, o.phase, o.flags, o.device_key_id,
      ${recheckMissed('o')} as recheck_missed
    from attendance_operation o where o.session_id = any(?::uuid[])),
  withdrawn as (
    select distinct session_id, student_id, target_op_id
    from stored where kind = 'withdraw' and outcome = 'admitted'),
  operation as materialized (
    select o.*, o.kind = 'mark' and o.outcome = 'admitted'
        and (w.target_op_id is null or o.rank >= ${RANK.faculty}) as stands,
      o.device_key_id is not null and o.source in ('qr', 'self') as names_device
    from stored o left join withdrawn w on w.session_id = o.session_id
      and w.student_id = o.student_id and w.target_op_id = o.op_id)`;

/** "Has seen" (marks.md section 1), from claims that stand, through any claim of the student. */
const SEEN = `
  reference as materialized (
    select o.op_id as viewer, t.op_id as viewed, o.stands
    from operation o
    cross join lateral unnest(array_append(o.acks, o.base_op_id)) named(op_id)
    join operation t on t.op_id = named.op_id and t.session_id = o.session_id
      and t.student_id = o.student_id),
  seen(viewer, viewed) as (
    select viewer, viewed from reference where stands
    union
    select s.viewer, r.viewed from seen s join reference r on r.viewer = s.viewed)`;

/** R11: keys that claims of several students name, and the rank claims on them count with. */
const SHARED_DEVICES = `
  shared_key as materialized (
    select session_id, device_key_id from operation where stands and names_device
    group by 1, 2 having count(distinct student_id) > 1),
  standing as materialized (
    select o.*, k.device_key_id is not null as shares_device,
      case when (k.device_key_id is not null or o.recheck_missed)
          and o.rank > ${RANK.weak} and o.rank <= ${RANK.biometric}
        then ${RANK.weak} else o.rank end as counted
    from operation o left join shared_key k on o.names_device
      and k.session_id = o.session_id and k.device_key_id = o.device_key_id
    where o.stands)`;

/** What each claim of a roster member weighs, and what the stay rule and R11 need per student. */
const CLAIMS = `
  member_claim as materialized (
    select c.*, case when c.counted = ${RANK.offlineQr} then s.counts_offline
        else c.counted >= ${RANK.weak} end as counts
    from standing c
    join roster r on r.session_id = c.session_id and r.student_id = c.student_id
    join session s on s.session_id = c.session_id),
  presence as (
    select session_id, student_id, bool_or(shares_device) as shares_device,
      bool_or(recheck_missed) as missed_recheck,
      min(eff_ms) filter (where counts and ${isMachine('counted')}) as first_ms,
      max(eff_ms) filter (where counts and ${isMachine('counted')}) as last_ms,
      (array_agg(phase order by eff_ms desc, op_id desc)
        filter (where counts and ${isMachine('counted')}))[1] as last_phase
    from member_claim group by 1, 2),
  claim as materialized (
    select c.*,
      case when c.counted = ${RANK.leave} or c.mark = 'excused' then 'excused'
        when c.mark = 'absent' then 'out' else 'in' end as class,
      c.counted = ${RANK.faculty} and c.mark = 'absent' as is_empty_seat,
      max(c.counted) filter (where c.counts) over student as top_rank,
      bool_or(c.counts and c.counted = ${RANK.leave}) over student as has_leave,
      min(c.eff_ms) filter (where c.counts and c.counted between ${RANK.qr} and ${RANK.biometric})
        over student as strong_arrival_ms
    from member_claim c where c.phase = 'entry' and c.mark is not null
    window student as (partition by c.session_id, c.student_id))`;

/** R4, R7 and R9: the strongest word of a person, and the claim that wins. */
const WINNERS = `
  top_word as materialized (
    select * from claim where counts and counted = top_rank and counted >= ${RANK.faculty}),
  dominated as (
    select distinct x.op_id from seen v
    join top_word y on y.op_id = v.viewer
    join top_word x on x.op_id = v.viewed and x.op_id <> y.op_id
    left join seen back on back.viewer = x.op_id and back.viewed = y.op_id
    where back.viewer is null),
  undominated as materialized (
    select t.* from top_word t where t.op_id not in (select op_id from dominated)),
  word as materialized (
    select distinct on (session_id, student_id) * from undominated
    order by session_id, student_id, eff_ms desc, op_id desc),
  winner as materialized (
    select distinct on (c.session_id, c.student_id) c.*, w.op_id as word_op_id
    from claim c left join word w on w.session_id = c.session_id and w.student_id = c.student_id
    where c.counts and case when w.op_id is null then c.counted = c.top_rank
      when w.is_empty_seat and c.has_leave then c.counted = ${RANK.leave}
      else c.op_id = w.op_id end
    order by c.session_id, c.student_id,
      case when c.counted = ${RANK.leave} then -c.eff_ms else c.eff_ms end,
      case when c.counted = ${RANK.leave} then c.op_id end desc, c.op_id)`;

/** Whether a class was taken (marks.md section 4). */
const TAKEN = `
  taken as materialized (
    select s.session_id,
      s.was_observed or coalesce(o.has_word, false)
        or coalesce(o.machines, 0) > 0 and o.machines * 10000
          >= r.members * (s.policy ->> 'takenMinShareBp')::numeric as taken
    from session s
    left join (select session_id, count(*) as members from roster group by 1) r
      on r.session_id = s.session_id
    left join (
      select c.session_id, bool_or(c.rank >= ${RANK.faculty}) as has_word,
        count(distinct m.student_id)
          filter (where c.rank between ${RANK.weak} and ${RANK.biometric}) as machines
      from standing c
      left join roster m on m.session_id = c.session_id and m.student_id = c.student_id
      group by 1) o on o.session_id = s.session_id)`;

/** The record of every roster member: R8, the stay rule and automatic absences. */
const RECORDS = `
  arrived as (
    select w.*, case when ${isMachine('w.counted')}
      then coalesce(w.strong_arrival_ms, w.eff_ms) end as arrival_ms
    from winner w),
  derived as (
    select a.*,
      case when a.counted = ${RANK.leave} then 'excused'
        when a.arrival_ms is null then a.mark
        when a.arrival_ms <= s.reference_ms + s.late_after_ms then 'present'
        when a.arrival_ms > s.reference_ms + s.absent_after_ms then 'too_late'
        else 'late' end as verdict,
      case when a.arrival_ms is null or s.policy ->> 'stayMode' is distinct from 'first_last' then null
        when p.last_ms - p.first_ms >= s.min_stay_ms then null
        when p.last_phase = 'exit' then 'short_stay'
        else 'exit_missing' end as stay
    from arrived a
    join session s on s.session_id = a.session_id
    join presence p on p.session_id = a.session_id and p.student_id = a.student_id),
  answer as (
    select d.*, case when d.verdict = 'too_late' or d.stay = 'short_stay' then 'absent'
        else d.verdict end as final_mark,
      case when d.verdict = 'too_late' then 'too_late' else d.stay end as derived_flag
    from derived d),
  record as (
    select r.session_id, r.student_id, a.op_id, coalesce(p.shares_device, false) as shares_device,
      coalesce(p.missed_recheck, false) as missed_recheck,
      a.op_id is null and s.status in ('closed', 'locked') and t.taken
        and (s.policy ->> 'autoAbsent')::boolean is true as is_auto,
      a.final_mark, a.counted, a.source, a.arrival_ms, a.excuse_category, a.flags, a.derived_flag
    from roster r
    join session s on s.session_id = r.session_id
    join taken t on t.session_id = r.session_id
    left join answer a on a.session_id = r.session_id and a.student_id = r.student_id
    left join presence p on p.session_id = r.session_id and p.student_id = r.student_id)`;

/** R6 and R7: every claim that contradicts, beside the claim it is held against. */
const CONTRADICTIONS = `
  contrary as materialized (
    select w.session_id, w.student_id, w.op_id as first_op_id, c.op_id as other_op_id,
      case when w.counted >= ${RANK.faculty} and c.counted >= ${RANK.faculty} then 'human_vs_human'
        when w.counted < ${RANK.faculty} and c.counted < ${RANK.faculty} then 'leave_vs_machine'
        when ${RANK.leave} in (w.counted, c.counted) then 'human_vs_leave'
        else 'human_vs_machine' end as kind
    from winner w join claim c on c.session_id = w.session_id and c.student_id = w.student_id
      and c.counted >= ${RANK.weak} and c.class <> w.class
      and not (w.counted = ${RANK.leave} and c.is_empty_seat)
      and not (c.counted = ${RANK.leave} and w.is_empty_seat)
    union
    select w.session_id, w.student_id, w.op_id, u.op_id, 'human_vs_human'
    from word w join undominated u on u.session_id = w.session_id
      and u.student_id = w.student_id and u.mark <> w.mark),
  contest as (
    select session_id, student_id, kind, first_op_id, count(*) as others,
      array_agg(other_op_id) as other_op_ids
    from contrary group by 1, 2, 3, 4),
  witness as (
    select c.session_id, c.student_id, c.kind, s.viewer, count(*) as others
    from contrary c
    join seen s on s.viewed = c.other_op_id
    left join seen f on f.viewer = s.viewer and f.viewed = c.first_op_id
    left join claim v on v.op_id = s.viewer and v.counted >= ${RANK.faculty}
    where s.viewer = c.first_op_id or (f.viewer is not null and v.op_id is not null)
    group by 1, 2, 3, 4),
  collision as (
    select c.session_id, c.device_key_id, c.op_id,
      exists (select from human_view h where h.viewed = c.op_id)
        or not exists (select from roster r
          where r.session_id = c.session_id and r.student_id = c.student_id) as was_seen
    from standing c where c.shares_device),
  conflict as (
    select c.session_id, c.kind, c.student_id, null::uuid as device_key_id,
      array(select id from unnest(array_append(c.other_op_ids, c.first_op_id)) id order by id)
        as op_ids,
      exists (select from witness w where w.session_id = c.session_id
        and w.student_id = c.student_id and w.kind = c.kind and w.others = c.others) as is_settled
    from contest c
    union all
    select session_id, 'shared_device', null, device_key_id, array_agg(op_id order by op_id),
      bool_and(was_seen)
    from collision group by session_id, device_key_id)`;

const HUMAN_VIEWS = `
  human_view as materialized (
    select distinct s.viewed from seen s
    join standing h on h.op_id = s.viewer and h.rank >= ${RANK.faculty})`;

/**
 * One row per session; parameters: the session ids, twice. Read-only, and as of one snapshot.
 * Exported for the proof, which takes rules out of it.
 */
export const RESOLVE_REGISTER = `
  with recursive ${[
    SESSIONS,
    OPERATIONS,
    SEEN,
    SHARED_DEVICES,
    CLAIMS,
    WINNERS,
    TAKEN,
    RECORDS,
    HUMAN_VIEWS,
    CONTRADICTIONS,
  ].join(',')}
  select s.session_id, t.taken, coalesce(r.records, '[]') as records,
    coalesce(k.conflicts, '[]') as conflicts
  from session s
  join taken t on t.session_id = s.session_id
  left join (
    select session_id, json_agg(json_build_object('student_id', student_id,
        'mark', case when is_auto then 'absent' else final_mark end,
        'winner_op_id', op_id,
        'rank', case when is_auto then ${RANK.autoAbsent} else counted end,
        'source', case when is_auto then 'system' else source end,
        'arrival_ms', arrival_ms,
        'shares_device', shares_device,
        'missed_recheck', missed_recheck,
        'excuse_category', case when final_mark = 'excused' then coalesce(excuse_category, 'other') end,
        'flags', case when is_auto or op_id is not null then array(
          select distinct flag collate "C" from unnest(coalesce(flags, '{}') || array[derived_flag]
            || array[case when shares_device then 'shared_device' end]
            || array[case when missed_recheck then 'recheck_missed' end]) flag
          where flag is not null order by 1) else array[]::text[] end)
      order by student_id) as records
    from record group by 1) r on r.session_id = s.session_id
  left join (
    select session_id, json_agg(json_build_object('kind', kind, 'student_id', student_id,
        'device_key_id', device_key_id, 'op_ids', op_ids,
        'state', case when is_settled then 'settled' else 'open' end)
      order by kind, student_id, device_key_id) as conflicts
    from conflict group by 1) k on k.session_id = s.session_id
  order by s.session_id`;

/**
 * Computes the registers of sessions from their stored claims; unknown ids are left out. The planner
 * takes every step of the statement for one row and would compare all claims of many sessions with
 * each other, so nested loops are off while it runs; one session is small enough for them.
 */
export async function resolveRegisters(
  em: Em,
  sessionIds: readonly Id[],
  statement = RESOLVE_REGISTER,
): Promise<RegisterRow[]> {
  const parameters = [sessionIds, sessionIds];
  if (sessionIds.length < 2) return rows<RegisterRow>(em, statement, parameters);
  return em.transactional(async (tx) => {
    await rows(tx, `select set_config('enable_nestloop', 'off', true)`);
    const found = await rows<RegisterRow>(tx, statement, parameters);
    await rows(tx, `select set_config('enable_nestloop', 'on', true)`);
    return found;
  });
}
