/**
 * The integrity report of a section: where presence was claimed in ways that deserve a look, and how
 * often people were marked without a scan (presence.md sections 8 and 9).
 */
import type { Fallback } from '../../domain/presence/fallback.ts';
import { REFUSAL_WEIGHTS, SIGN_WEIGHTS } from '../../domain/presence/signs.ts';
import type { Id } from '../../domain/types.ts';
import { firstRow, rows, type Em } from '../orm.ts';
import type {
  FallbackCounts,
  IntegrityPeriod,
  IntegrityReport,
  RecheckTotals,
  ScanTotals,
  SectionScope,
  StudentSigns,
  Unscanned,
} from './integrity-report.ts';
import {
  type Bounds,
  DEVICE_CHANGES,
  LISTED_MAX,
  MEMBERS,
  ofMembers,
  PRESENCE,
  type SessionColumns,
  SESSIONS,
  studentColumns,
  type StudentColumns,
  studentJoins,
  toSession,
  toStudent,
} from './integrity-sql.ts';
import {
  readDeviceChanges,
  readFlaggedScans,
  readHeadCountGaps,
  readSharedAttempts,
} from './integrity-events.ts';
/** Reads the report; undefined for a section outside the scope (rule O2). */
export async function readIntegrity(
  em: Em,
  scope: SectionScope,
  period: IntegrityPeriod,
): Promise<IntegrityReport | undefined> {
  const visible = await firstRow(
    em,
    `select 1 from course_section cs where cs.id = ?::uuid and (${scope.sql})`,
    [period.sectionId, ...scope.parameters],
  );
  if (!visible) return undefined;
  const bounds = [period.sectionId, period.from, period.to];
  return {
    ...(await readTotals(em, bounds)),
    sources: await readSources(em, bounds),
    ...(await readFallbacks(em, bounds)),
    refusals: await readRefusals(em, bounds),
    sharedAttempts: await readSharedAttempts(em, bounds),
    flaggedScans: await readFlaggedScans(em, bounds),
    deviceChanges: await readDeviceChanges(em, bounds),
    headCountGaps: await readHeadCountGaps(em, bounds),
    students: await readStudents(em, bounds),
  };
}

async function readTotals(
  em: Em,
  bounds: Bounds,
): Promise<Pick<IntegrityReport, 'sessions' | 'sessionsWithCodes' | 'scans' | 'rechecks'>> {
  const found = await firstRow<ScanTotals & RecheckTotals & { sessions: number; coded: number }>(
    em,
    `with ${SESSIONS}, ${MEMBERS},
       scan as (
         select count(*)::int as scans,
           count(*) filter (where o.capture_mode = 'offline')::int as offline,
           count(*) filter (where o.flags && '{presence_flagged,static_code}')::int as flagged
         from attendance_operation o ${ofMembers('o')}
         where o.source = 'qr' and o.kind = 'mark' and o.outcome <> 'rejected'),
       again as (
         select count(distinct k.id)::int as held, count(p.student_id)::int as picked,
           count(p.passed_at)::int as passed, count(*) filter (where p.missed)::int as missed
         from recheck k join session s on s.id = k.session_id
         left join (recheck_pick p join member m on m.student_id = p.student_id)
           on p.recheck_id = k.id and m.session_id = k.session_id
         where k.status in ('running', 'settled'))
     select (select count(*)::int from session) as sessions,
       (select count(*)::int from session where shows_codes) as coded, scan.*, again.*
     from scan, again`,
    bounds,
  );
  if (!found) throw new Error('an aggregate gave no row');
  const { sessions, coded, scans, offline, flagged, held, picked, passed, missed } = found;
  return {
    sessions,
    sessionsWithCodes: coded,
    scans: { scans, offline, flagged },
    rechecks: { held, picked, passed, missed },
  };
}

function readSources(em: Em, bounds: Bounds): Promise<{ source: string; records: number }[]> {
  return rows(
    em,
    `with ${SESSIONS}, ${MEMBERS}
     select coalesce(r.source, 'none') as source, count(*)::int as records
     from attendance_record r ${ofMembers('r')}
     where r.mark is not null group by 1 order by 2 desc, 1`,
    bounds,
  );
}

/** Marks without a scan by who gave them; the whole is their sum. */
async function readFallbacks(
  em: Em,
  bounds: Bounds,
): Promise<Pick<IntegrityReport, 'fallbacks' | 'staff'>> {
  const found = await rows<{
    id: Id;
    first_name: string;
    last_name: string;
    reasons: FallbackCounts;
    unexplained: number;
  }>(
    em,
    `with ${SESSIONS}, ${MEMBERS}, ${PRESENCE},
       counted as (
         select actor_id, fallback, count(*)::int as marks
         from presence where is_unscanned group by 1, 2)
     select u.id, u.first_name, u.last_name,
       coalesce(jsonb_object_agg(n.fallback, n.marks) filter (where n.fallback is not null), '{}')
         as reasons,
       coalesce(sum(n.marks) filter (where n.fallback is null), 0)::int as unexplained
     from counted n join app_user u on u.id = n.actor_id
     group by u.id order by sum(n.marks) desc, u.id`,
    bounds,
  );
  const staff = found.map(
    ({ id, first_name: firstName, last_name: lastName, reasons, unexplained }) => ({
      staff: { id, firstName, lastName },
      reasons,
      unexplained,
    }),
  );
  return { fallbacks: sumOf(staff), staff: staff.slice(0, LISTED_MAX) };
}

function sumOf(parts: readonly Unscanned[]): Unscanned {
  const reasons: Partial<Record<Fallback, number>> = {};
  for (const part of parts) {
    for (const [name, marks] of Object.entries(part.reasons)) {
      const fallback = name as Fallback;
      reasons[fallback] = (reasons[fallback] ?? 0) + marks;
    }
  }
  return { reasons, unexplained: parts.reduce((sum, part) => sum + part.unexplained, 0) };
}

function readRefusals(em: Em, bounds: Bounds): Promise<{ code: string; times: number }[]> {
  return rows(
    em,
    `with ${SESSIONS}, ${MEMBERS} select f.code, count(*)::int as times
     from scan_refusal f ${ofMembers('f')} group by 1 order by 2 desc, 1`,
    bounds,
  );
}

/** What a refused scan `f` weighs; null for one that says nothing about the student. */
const REFUSAL_WEIGHT = `case f.code ${Object.entries(REFUSAL_WEIGHTS)
  .map(([code, weight]) => `when '${code}' then ${weight}`)
  .join(' ')} end`;

/** Students with any sign: doubtful ones first, then those whose marks were not explained. */
async function readStudents(em: Em, bounds: Bounds): Promise<StudentSigns[]> {
  const found = await rows<
    StudentColumns &
      Omit<StudentSigns, 'student' | 'latestSession'> &
      (SessionColumns | { session_id: null })
  >(
    em,
    `with ${SESSIONS}, ${MEMBERS}, ${PRESENCE}, ${DEVICE_CHANGES},
       scan as (
         select o.student_id, count(*)::int as scans,
           count(*) filter (where o.capture_mode = 'offline')::int as offline,
           count(*) filter (where o.flags && '{presence_flagged,static_code}')::int as flagged
         from attendance_operation o ${ofMembers('o')}
         where o.source = 'qr' and o.kind = 'mark' and o.outcome <> 'rejected' group by 1),
       refusal as (
         select f.student_id, f.session_id, ${REFUSAL_WEIGHT} as weight
         from scan_refusal f ${ofMembers('f')}),
       refused as (
         select student_id, count(*)::int as refused, sum(weight)::int as weight
         from refusal where weight is not null group by 1),
       miss as (
         select p.student_id, k.session_id from recheck_pick p
         join recheck k on k.id = p.recheck_id ${ofMembers('p', 'k.session_id')} where p.missed),
       missed as (select student_id, count(*)::int as missed from miss group by 1),
       changed as (
         select student_id, count(*)::int as changes from device_change group by 1),
       category as (
         select student_id, jsonb_object_agg(fallback, marks) as reasons, sum(marks)::int as marks
         from (select student_id, fallback, count(*)::int as marks from presence
           where is_unscanned and fallback is not null group by 1, 2) n group by 1),
       attended as (
         select student_id, count(*)::int as attended,
           count(*) filter (where is_unscanned and fallback is null)::int as unexplained
         from presence group by 1),
       latest as (
         select distinct on (n.student_id) n.student_id, s.id as session_id,
           s.scheduled_date::text as session_date, s.start_at as session_start
         from (
           select o.student_id, o.session_id from attendance_operation o ${ofMembers('o')}
           where o.source = 'qr' and o.kind = 'mark' and o.outcome <> 'rejected'
             and (o.capture_mode = 'offline' or o.flags && '{presence_flagged,static_code}')
           union all select student_id, session_id from refusal where weight is not null
           union all select student_id, session_id from miss
           union all select student_id, session_id from presence where is_unscanned) n
         join session s on s.id = n.session_id order by n.student_id, s.start_at desc, s.id),
       sign as (
         select st.id, coalesce(scan.flagged, 0) as flagged, coalesce(refused.refused, 0) as refused,
           coalesce(refused.weight, 0) as refused_weight,
           coalesce(missed.missed, 0) as missed, coalesce(changed.changes, 0) as changes,
           coalesce(scan.offline, 0) as offline, coalesce(scan.scans, 0) as scans,
           coalesce(category.marks, 0) as explained, coalesce(category.reasons, '{}') as reasons,
           coalesce(attended.unexplained, 0) as unexplained,
           coalesce(attended.attended, 0) as attended
         from student st
         left join scan on scan.student_id = st.id
         left join refused on refused.student_id = st.id
         left join missed on missed.student_id = st.id
         left join changed on changed.student_id = st.id
         left join category on category.student_id = st.id
         left join attended on attended.student_id = st.id
         where st.id in (select student_id from scan union select student_id from refused
           union select student_id from missed union select student_id from changed
           union select student_id from attended))
     select ${studentColumns('st')}, sign.flagged, sign.refused, sign.missed as "missedRechecks",
       sign.changes as "deviceChanges", sign.offline, sign.scans, sign.reasons, sign.unexplained,
       sign.attended, latest.session_id, latest.session_date, latest.session_start
     from sign ${studentJoins('st', 'sign.id')} left join latest on latest.student_id = sign.id
     where flagged + refused + missed + changes + offline + explained + unexplained > 0
     order by refused_weight + missed * ${SIGN_WEIGHTS.missedRecheck}
         + flagged * ${SIGN_WEIGHTS.flaggedScan} + changes * ${SIGN_WEIGHTS.deviceChange}
         + offline * ${SIGN_WEIGHTS.offlineScan} + explained * ${SIGN_WEIGHTS.fallback} desc,
       unexplained desc, st.roll_number limit ${LISTED_MAX}`,
    [...bounds, ...bounds],
  );
  return found.map((row) => ({
    student: toStudent(row),
    flagged: row.flagged,
    refused: row.refused,
    missedRechecks: row.missedRechecks,
    deviceChanges: row.deviceChanges,
    offline: row.offline,
    scans: row.scans,
    reasons: row.reasons,
    unexplained: row.unexplained,
    attended: row.attended,
    latestSession: row.session_id === null ? null : toSession(row),
  }));
}
