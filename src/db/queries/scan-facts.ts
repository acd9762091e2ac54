/** What is known about many scans at once, in one statement, under the locks of class and ticket. */
import type { Fence, Point } from '../../domain/presence/geofence.ts';
import type { Id } from '../../domain/types.ts';
import { type Em, preparedRows, toInstantOrNull } from '../orm.ts';

/** One scan as it is asked about. */
export interface ScanQuestion {
  readonly opId: Id;
  readonly sessionId: Id;
  readonly studentId: Id;
  readonly userId: Id;
  /** Thumbprint of the proven key, null where nothing was proven. */
  readonly jkt: string | null;
  /** Keyed hash of the position, null without one. */
  readonly positionHash: string | null;
  readonly address: string | null;
}

/** The answers to one question. */
export interface ScanAnswers {
  readonly isKnownOp: boolean;
  readonly isOnRoster: boolean;
  readonly key: {
    readonly id: Id;
    readonly isSoftware: boolean;
    readonly isOwn: boolean;
    readonly pendingUntilMs: number | null;
    readonly wasOwn: boolean;
    readonly isForeign: boolean;
    /** Another student had it within 7 days, and has it no more. */
    readonly wasOfAnother: boolean;
  } | null;
  readonly claimedBy: Id | null;
  readonly hasOverlappingMark: boolean;
  readonly isRepeatedPosition: boolean;
  readonly network: 'on_campus' | 'other' | 'unknown';
  readonly fence: Fence | null;
  readonly display: {
    readonly mode: 'rotating' | 'static';
    readonly staticStepMinutes: number;
    readonly staticExpiryMinutes: number;
    readonly textCode: boolean;
    readonly exitStartedMs: number | null;
    readonly recheck: { readonly startedMs: number; readonly endedMs: number } | null;
  } | null;
}

interface Row {
  place: string;
  is_known_op: boolean;
  is_on_roster: boolean;
  key_id: Id | null;
  strength: string | null;
  is_own: boolean;
  pending_until: string | null;
  was_own: boolean;
  is_foreign: boolean;
  was_of_another: boolean;
  claimed_by: Id | null;
  has_overlapping_mark: boolean;
  is_repeated_position: boolean;
  network: 'on_campus' | 'other' | 'unknown';
  fence_lat: number | null;
  fence_lng: number | null;
  fence_radius_m: number | null;
  fence_polygon: Point[] | null;
  display_mode: 'rotating' | 'static' | null;
  static_step_minutes: number | null;
  static_expiry_minutes: number | null;
  text_code: boolean | null;
  exit_started_at: string | null;
  recheck_started_at: string | null;
  recheck_ended_at: string | null;
}

/** Answers each question, in the order asked; a session that does not exist gives null. */
export async function readScanFacts(
  em: Em,
  questions: readonly ScanQuestion[],
): Promise<(ScanAnswers | null)[]> {
  const found = await preparedRows<Row>(
    em,
    `select q.place,
       -- Not EXISTS: that may become a scan of the whole ledger.
       (select true from attendance_operation o where o.op_id = q.op_id) is not null as is_known_op,
       exists (
         select 1 from session_section ss
         join enrolment e on e.course_section_id = ss.course_section_id
         where ss.session_id = s.id and e.student_id = q.student_id and e.status = 'enrolled'
           and e.valid_from <= s.scheduled_date
           and (e.valid_to is null or e.valid_to > s.scheduled_date) offset 0) as is_on_roster,
       k.id as key_id, k.strength,
       b.is_own, b.pending_until, b.was_own, b.is_foreign, b.was_of_another,
       (select c.student_id from session_device_claim c
          where c.session_id = s.id and c.device_key_id = k.id) as claimed_by,
       exists (
         select 1 from attendance_record r
         join attendance_session other on other.id = r.session_id
         where r.student_id = q.student_id and other.id <> s.id and r.capture_mode = 'online'
           -- A class lasts 12 hours at most and is marked from 24 hours before it at the earliest.
           and r.marked_at > s.start_at - interval '36 hours'
           and r.rank between 40 and 60 and other.status <> 'cancelled'
           and other.start_at < s.end_at and other.end_at > s.start_at) as has_overlapping_mark,
       (exists (
           select 1 from presence_evidence p where p.position_hash = q.position_hash
             and p.device_key_id = k.id and p.created_at < app_clock() - interval '10 minutes')
         or exists (
           select 1 from presence_evidence p where p.position_hash = q.position_hash
             and p.session_id = s.id and p.student_id <> q.student_id)
       ) as is_repeated_position,
       n.network, r.fence_lat, r.fence_lng, r.fence_radius_m, r.fence_polygon,
       d.mode as display_mode, d.static_step_minutes, d.static_expiry_minutes, d.text_code,
       d.exit_started_at, again.started_at as recheck_started_at, again.ended_at as recheck_ended_at
     from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[])
       with ordinality as q(op_id, session_id, student_id, user_id, jkt, position_hash, address, place)
     -- OFFSET 0: one look into an index per scan, where a planner that sees small tables would read
     -- them whole for every batch.
     cross join lateral (
       select * from attendance_session where id = q.session_id offset 0) s
     cross join lateral (select * from room where id = s.room_id offset 0) r
     left join lateral (
       select * from session_display where session_id = q.session_id offset 0) d on true
     left join lateral (
       -- One that was cancelled ended before its time.
       select started_at, least(ends_at, settled_at) as ended_at from recheck
       where session_id = q.session_id and started_at is not null offset 0) again on true
     left join lateral (select * from device_key where jkt = q.jkt offset 0) k on true
     cross join lateral (
       select
         coalesce(bool_or(x.user_id = q.user_id and x.status <> 'revoked'), false) as is_own,
         max(x.pending_until) filter (where x.user_id = q.user_id and x.status = 'pending')
           as pending_until,
         coalesce(bool_or(x.user_id = q.user_id), false) as was_own,
         coalesce(bool_or(x.user_id <> q.user_id and x.status <> 'revoked'), false) as is_foreign,
         coalesce(bool_or(x.user_id <> q.user_id and x.valid_to > app_clock() - interval '7 days'),
           false) as was_of_another
       from device_binding x where x.device_key_id = k.id) b
     cross join lateral (
       select case when count(*) = 0 or q.address is null then 'unknown'
         when bool_or(q.address::inet <<= w.network) then 'on_campus' else 'other' end as network
       from building_network w where w.campus_id = s.campus_id) n`,
    [
      questions.map((question) => question.opId),
      questions.map((question) => question.sessionId),
      questions.map((question) => question.studentId),
      questions.map((question) => question.userId),
      questions.map((question) => question.jkt),
      questions.map((question) => question.positionHash),
      questions.map((question) => question.address),
    ],
  );
  const answers = new Map(found.map((row) => [Number(row.place), toAnswers(row)]));
  return questions.map((_, index) => answers.get(index + 1) ?? null);
}

function toAnswers(row: Row): ScanAnswers {
  return {
    isKnownOp: row.is_known_op,
    isOnRoster: row.is_on_roster,
    key: row.key_id
      ? {
          id: row.key_id,
          isSoftware: row.strength === 'software',
          isOwn: row.is_own,
          pendingUntilMs: toMsOrNull(row.pending_until),
          wasOwn: row.was_own,
          isForeign: row.is_foreign,
          wasOfAnother: row.was_of_another,
        }
      : null,
    claimedBy: row.claimed_by,
    hasOverlappingMark: row.has_overlapping_mark,
    isRepeatedPosition: row.is_repeated_position,
    network: row.network,
    fence: fenceOf(row),
    display: row.display_mode
      ? {
          mode: row.display_mode,
          staticStepMinutes: row.static_step_minutes ?? 0,
          staticExpiryMinutes: row.static_expiry_minutes ?? 0,
          textCode: row.text_code === true,
          exitStartedMs: toMsOrNull(row.exit_started_at),
          recheck: recheckOf(row),
        }
      : null,
  };
}

function toMsOrNull(column: string | null): number | null {
  const at = toInstantOrNull(column);
  return at === null ? null : Date.parse(at);
}

function recheckOf(row: Row): { startedMs: number; endedMs: number } | null {
  const startedMs = toMsOrNull(row.recheck_started_at);
  const endedMs = toMsOrNull(row.recheck_ended_at);
  return startedMs === null || endedMs === null ? null : { startedMs, endedMs };
}

function fenceOf({ fence_lat, fence_lng, fence_radius_m, fence_polygon }: Row): Fence | null {
  if (fence_lat === null || fence_lng === null || fence_radius_m === null) return null;
  return {
    centre: { lat: fence_lat, lng: fence_lng },
    radiusM: fence_radius_m,
    polygon: fence_polygon,
  };
}
