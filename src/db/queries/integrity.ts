/**
 * The integrity report of a section: where presence was claimed in ways that deserve a look, and how
 * often people were marked without a scan (presence.md sections 8 and 9).
 */
import type { Fallback } from '../../domain/presence/fallback.ts';
import type { HeadCountOutcome } from '../../domain/presence/head-count.ts';
import type { RiskPart } from '../../domain/presence/risk.ts';
import { REFUSAL_WEIGHTS, SIGN_WEIGHTS } from '../../domain/presence/signs.ts';
import type { Id, Instant, LocalDate } from '../../domain/types.ts';
import { firstRow, rows, toInstant, type Em } from '../orm.ts';

/** A condition over `course_section cs` with its values. */
export interface SectionScope {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Which classes the report looks at. */
export interface IntegrityPeriod {
  readonly sectionId: Id;
  readonly from: LocalDate | null;
  readonly to: LocalDate | null;
}

/** A person by name. */
export interface Named {
  readonly id: Id;
  readonly firstName: string;
  readonly lastName: string;
}

/** A student by name. */
export interface NamedStudent extends Named {
  readonly rollNumber: string;
}

/** A class by its date. */
export interface DatedSession {
  readonly id: Id;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
}

/** How many marks by staff carry each category; those without one are not in it. */
export type FallbackCounts = Readonly<Partial<Record<Fallback, number>>>;

/** Marks of presence without a scan. */
export interface Unscanned {
  readonly reasons: FallbackCounts;
  /** Without a category, in a class that showed codes. */
  readonly unexplained: number;
}

/** A person of the staff who marked without scans. */
export interface StaffFallbacks extends Unscanned {
  readonly staff: Named;
}

/** How scans went in all. */
export interface ScanTotals {
  readonly scans: number;
  readonly offline: number;
  readonly flagged: number;
}

/** How re-checks went in all. */
export interface RecheckTotals {
  readonly held: number;
  readonly picked: number;
  readonly passed: number;
  readonly missed: number;
}

/** One attempt to mark a second student with one phone. */
export interface SharedAttempt {
  readonly session: DatedSession;
  readonly student: NamedStudent;
  /** Whom the phone had marked; null where they are of another section of the class. */
  readonly otherStudent: NamedStudent | null;
  readonly at: Instant;
}

/** A scan that was accepted, with what spoke against it. */
export interface FlaggedScan {
  readonly session: DatedSession;
  readonly student: NamedStudent;
  readonly via: 'qr' | 'static_qr' | 'text_code';
  readonly riskScore: number;
  readonly riskParts: readonly RiskPart[];
  readonly at: Instant;
}

/** A later device of a student; never which one. */
export interface DeviceChange {
  readonly student: NamedStudent;
  readonly at: Instant;
  readonly status: 'active' | 'pending' | 'revoked';
}

/** A head count that did not fit the marks. */
export interface HeadCountGap {
  readonly session: DatedSession;
  readonly heads: number;
  readonly marked: number;
  readonly outcome: HeadCountOutcome;
  readonly countedBy: Named;
  readonly at: Instant;
}

/** A student whose entries stand out. */
export interface StudentSigns extends Unscanned {
  readonly student: NamedStudent;
  readonly flagged: number;
  /** Refused scans that say something about the student. */
  readonly refused: number;
  readonly missedRechecks: number;
  readonly deviceChanges: number;
  readonly offline: number;
  readonly scans: number;
  /** Marks of presence in classes that showed codes, or with a category. */
  readonly attended: number;
  /** The newest class with one of the signs; null where only a device changed. */
  readonly latestSession: DatedSession | null;
}

/** The newest of a kind, and how many there are in all. */
export interface Listed<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

/** The report. */
export interface IntegrityReport {
  readonly sessions: number;
  /** Those of them that showed codes. */
  readonly sessionsWithCodes: number;
  /** Records by the source that decided them. */
  readonly sources: readonly { readonly source: string; readonly records: number }[];
  readonly scans: ScanTotals;
  readonly fallbacks: Unscanned;
  readonly staff: readonly StaffFallbacks[];
  readonly refusals: readonly { readonly code: string; readonly times: number }[];
  readonly rechecks: RecheckTotals;
  readonly sharedAttempts: Listed<SharedAttempt>;
  readonly flaggedScans: readonly FlaggedScan[];
  readonly deviceChanges: readonly DeviceChange[];
  readonly headCountGaps: Listed<HeadCountGap>;
  readonly students: readonly StudentSigns[];
}

/** Rows of one list at most; the newest, or those that stand out most. */
const LISTED_MAX = 200;

/** Parameters: section, from, to. */
const SESSIONS = `
  session as materialized (
    select s.id, s.scheduled_date, s.start_at, d.session_id is not null as shows_codes,
      ss.course_section_id as section_id
    from attendance_session s
    join session_section ss on ss.session_id = s.id
    left join session_display d on d.session_id = s.id
    where ss.course_section_id = ?::uuid and s.status <> 'cancelled'
      and s.scheduled_date >= coalesce(?::date, '-infinity')
      and s.scheduled_date <= coalesce(?::date, 'infinity'))`;

/**
 * Who of the section was on the roster of each class: a merged class has students of other sections,
 * and the report of one section names nobody of another. After `SESSIONS`.
 */
const MEMBERS = `
  member as materialized (
    select s.id as session_id, e.student_id
    from session s
    join enrolment e on e.course_section_id = s.section_id and e.status = 'enrolled'
      and e.valid_from <= s.scheduled_date
      and (e.valid_to is null or e.valid_to > s.scheduled_date))`;

/** Keeps the rows of `alias`, which has a session and a student, that are about the section. */
const ofMembers = (alias: string, sessionColumn = `${alias}.session_id`): string =>
  `join member m on m.session_id = ${sessionColumn} and m.student_id = ${alias}.student_id`;

/**
 * Records of presence, and whether staff gave them without a scan: with no claim of the student or
 * a device beside theirs, with a category or in a class that showed codes. After `MEMBERS`.
 */
const PRESENCE = `
  presence as materialized (
    select r.session_id, r.student_id, o.actor_id, o.evidence ->> 'fallback' as fallback,
      r.source = 'manual' and not exists (
        select 1 from attendance_operation e
        where e.session_id = r.session_id and e.student_id = r.student_id and e.kind = 'mark'
          and e.source in ('qr', 'biometric', 'card', 'self') and e.outcome <> 'rejected')
        as is_unscanned
    from attendance_record r ${ofMembers('r')}
    join session s on s.id = r.session_id
    join attendance_operation o on o.op_id = r.winner_op_id
    where r.mark in ('present', 'late')
      and (s.shows_codes or o.evidence ->> 'fallback' is not null))`;

/** Students of the section with a device beyond their first, from `from` to `to`. After nothing. */
const DEVICE_CHANGES = `
  device_change as materialized (
    select st.id as student_id, b.valid_from as at, b.status
    from course_section cs
    join campus c on c.id = cs.campus_id
    join enrolment e on e.course_section_id = cs.id and e.status = 'enrolled'
    join student st on st.id = e.student_id
    join device_binding b on b.user_id = st.user_id
    cross join lateral (select (b.valid_from at time zone c.zone)::date as day) n
    where cs.id = ?::uuid and n.day >= coalesce(?::date, '-infinity')
      and n.day <= coalesce(?::date, 'infinity')
      and n.day >= e.valid_from and (e.valid_to is null or n.day < e.valid_to)
      and exists (
        select 1 from device_binding f where f.user_id = b.user_id
          and (f.valid_from, f.id) < (b.valid_from, b.id)))`;

const SESSION_COLUMNS = `
  s.id as session_id, s.scheduled_date::text as session_date, s.start_at as session_start`;

/** Names of the student `alias`, whose account is `alias`_user. */
const studentColumns = (alias: string): string => `
  ${alias}.id as ${alias}_id, ${alias}.roll_number as ${alias}_roll,
  ${alias}_user.first_name as ${alias}_first, ${alias}_user.last_name as ${alias}_last`;

const studentJoins = (alias: string, idColumn: string): string => `
  join student ${alias} on ${alias}.id = ${idColumn}
  join app_user ${alias}_user on ${alias}_user.id = ${alias}.user_id`;

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

type Bounds = readonly unknown[];

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

interface SessionColumns {
  session_id: Id;
  session_date: LocalDate;
  session_start: string;
}

interface StudentColumns {
  st_id: Id;
  st_roll: string;
  st_first: string;
  st_last: string;
}

const toSession = (row: SessionColumns): DatedSession => ({
  id: row.session_id,
  scheduledDate: row.session_date,
  startAt: toInstant(row.session_start),
});

const toStudent = (row: StudentColumns): NamedStudent => ({
  id: row.st_id,
  rollNumber: row.st_roll,
  firstName: row.st_first,
  lastName: row.st_last,
});

/** Rows that each say how many there are in all, counted before the list was cut. */
const listed = <Found extends { readonly total: number }, Row>(
  found: readonly Found[],
  toRow: (row: Found) => Row,
): Listed<Row> => ({ total: found[0]?.total ?? 0, rows: found.map(toRow) });

async function readSharedAttempts(em: Em, bounds: Bounds): Promise<Listed<SharedAttempt>> {
  const found = await rows<
    SessionColumns &
      StudentColumns & {
        other_id: Id | null;
        other_roll: string;
        other_first: string;
        other_last: string;
        at: string;
        total: number;
      }
  >(
    em,
    `with ${SESSIONS}, ${MEMBERS} select ${SESSION_COLUMNS}, ${studentColumns('st')},
       ${studentColumns('other')}, f.created_at as at, (count(*) over ())::int as total
     from scan_refusal f ${ofMembers('f')} join session s on s.id = f.session_id
     ${studentJoins('st', 'f.student_id')}
     left join (member n ${studentJoins('other', 'n.student_id')})
       on n.session_id = f.session_id and n.student_id = f.other_student_id
     where f.other_student_id is not null
     order by f.created_at desc, f.id limit ${LISTED_MAX}`,
    bounds,
  );
  return listed(found, (row) => ({
    session: toSession(row),
    student: toStudent(row),
    otherStudent:
      row.other_id === null
        ? null
        : {
            id: row.other_id,
            rollNumber: row.other_roll,
            firstName: row.other_first,
            lastName: row.other_last,
          },
    at: toInstant(row.at),
  }));
}

async function readFlaggedScans(em: Em, bounds: Bounds): Promise<FlaggedScan[]> {
  const found = await rows<
    SessionColumns &
      StudentColumns & {
        via: FlaggedScan['via'];
        risk_score: number;
        risk_parts: RiskPart[];
        at: string;
      }
  >(
    em,
    `with ${SESSIONS}, ${MEMBERS} select ${SESSION_COLUMNS}, ${studentColumns('st')}, v.via,
       v.risk_score, v.risk_parts, v.created_at as at
     from presence_evidence v ${ofMembers('v')} join session s on s.id = v.session_id
     ${studentJoins('st', 'v.student_id')}
     where v.verdict = 'accepted_flagged' order by v.created_at desc, v.id limit ${LISTED_MAX}`,
    bounds,
  );
  return found.map((row) => ({
    session: toSession(row),
    student: toStudent(row),
    via: row.via,
    riskScore: row.risk_score,
    riskParts: row.risk_parts,
    at: toInstant(row.at),
  }));
}

async function readDeviceChanges(em: Em, bounds: Bounds): Promise<DeviceChange[]> {
  const found = await rows<StudentColumns & { at: string; status: DeviceChange['status'] }>(
    em,
    `with ${DEVICE_CHANGES} select ${studentColumns('st')}, n.at, n.status
     from device_change n ${studentJoins('st', 'n.student_id')}
     order by n.at desc, st.id limit ${LISTED_MAX}`,
    bounds,
  );
  return found.map((row) => ({
    student: toStudent(row),
    at: toInstant(row.at),
    status: row.status,
  }));
}

async function readHeadCountGaps(em: Em, bounds: Bounds): Promise<Listed<HeadCountGap>> {
  const found = await rows<
    SessionColumns & {
      heads: number;
      marked: number;
      outcome: HeadCountOutcome;
      counted_by: Id;
      first_name: string;
      last_name: string;
      at: string;
      total: number;
    }
  >(
    em,
    `with ${SESSIONS} select ${SESSION_COLUMNS}, (count(*) over ())::int as total, h.heads, h.marked, h.outcome, u.id as counted_by,
       u.first_name, u.last_name, h.created_at as at
     from head_count h join session s on s.id = h.session_id
     join app_user u on u.id = h.counted_by_id
     where h.outcome <> 'ok' order by h.created_at desc, h.id limit ${LISTED_MAX}`,
    bounds,
  );
  return listed(found, (row) => ({
    session: toSession(row),
    heads: row.heads,
    marked: row.marked,
    outcome: row.outcome,
    countedBy: { id: row.counted_by, firstName: row.first_name, lastName: row.last_name },
    at: toInstant(row.at),
  }));
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
