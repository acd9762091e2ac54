/** The integrity report of a section: where presence was claimed in ways that deserve a look. */
import type { HeadCountOutcome } from '../../domain/presence/head-count.ts';
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

/** One attempt to mark a second student with one phone. */
export interface SharedAttempt {
  readonly session: Id;
  readonly student: Id;
  readonly otherStudent: Id;
  readonly at: Instant;
}

/** A student whose entries stand out. */
export interface StudentSigns {
  readonly student: Id;
  readonly flagged: number;
  readonly refused: number;
  readonly missedRechecks: number;
  readonly deviceChanges: number;
  readonly offline: number;
  readonly scans: number;
}

/** A head count that did not fit the marks. */
export interface HeadCountGap {
  readonly session: Id;
  readonly heads: number;
  readonly marked: number;
  readonly outcome: HeadCountOutcome;
  readonly at: Instant;
}

/** The report. */
export interface IntegrityReport {
  readonly sessions: number;
  /** Records by the source that decided them: fallbacks stand beside scans. */
  readonly sources: readonly { readonly source: string; readonly records: number }[];
  readonly refusals: readonly { readonly code: string; readonly times: number }[];
  readonly sharedAttempts: readonly SharedAttempt[];
  readonly headCountGaps: readonly HeadCountGap[];
  readonly students: readonly StudentSigns[];
}

/** Rows of one list at most; the newest. */
const LISTED_MAX = 200;

/** Parameters: section, from, to. */
const SESSIONS = `
  session as (
    select s.id, s.scheduled_date from attendance_session s
    join session_section ss on ss.session_id = s.id
    where ss.course_section_id = ?::uuid and s.status <> 'cancelled'
      and s.scheduled_date >= coalesce(?::date, '-infinity')
      and s.scheduled_date <= coalesce(?::date, 'infinity'))`;

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
  const held = await firstRow<{ sessions: number }>(
    em,
    `with ${SESSIONS} select count(*)::int as sessions from session`,
    bounds,
  );
  return {
    sessions: held?.sessions ?? 0,
    sources: await rows(
      em,
      `with ${SESSIONS} select coalesce(r.source, 'none') as source, count(*)::int as records
       from attendance_record r join session s on s.id = r.session_id
       where r.mark is not null group by 1 order by 2 desc, 1`,
      bounds,
    ),
    refusals: await rows(
      em,
      `with ${SESSIONS} select f.code, count(*)::int as times
       from scan_refusal f join session s on s.id = f.session_id group by 1 order by 2 desc, 1`,
      bounds,
    ),
    sharedAttempts: await readSharedAttempts(em, bounds),
    headCountGaps: await readHeadCountGaps(em, bounds),
    students: await readStudents(em, bounds),
  };
}

async function readSharedAttempts(em: Em, bounds: readonly unknown[]): Promise<SharedAttempt[]> {
  const found = await rows<{ session: Id; student: Id; other: Id; at: string }>(
    em,
    `with ${SESSIONS} select f.session_id as session, f.student_id as student,
       f.other_student_id as other, f.created_at as at
     from scan_refusal f join session s on s.id = f.session_id
     where f.other_student_id is not null order by f.created_at desc limit ${LISTED_MAX}`,
    bounds,
  );
  return found.map(({ other, at, ...row }) => ({ ...row, otherStudent: other, at: toInstant(at) }));
}

async function readHeadCountGaps(em: Em, bounds: readonly unknown[]): Promise<HeadCountGap[]> {
  const found = await rows<Omit<HeadCountGap, 'at'> & { at: string }>(
    em,
    `with ${SESSIONS} select h.session_id as session, h.heads, h.marked, h.outcome,
       h.created_at as at
     from head_count h join session s on s.id = h.session_id
     where h.outcome <> 'ok' order by h.created_at desc limit ${LISTED_MAX}`,
    bounds,
  );
  return found.map((row) => ({ ...row, at: toInstant(row.at) }));
}

/** Students with any sign, the most first. */
async function readStudents(em: Em, bounds: readonly unknown[]): Promise<StudentSigns[]> {
  return rows<StudentSigns>(
    em,
    `with ${SESSIONS},
       scan as (
         select o.student_id, count(*)::int as scans,
           count(*) filter (where o.capture_mode = 'offline')::int as offline,
           count(*) filter (where 'presence_flagged' = any(o.flags)
             or 'static_code' = any(o.flags))::int as flagged
         from attendance_operation o join session s on s.id = o.session_id
         where o.source = 'qr' and o.outcome <> 'rejected' group by 1),
       refused as (
         select f.student_id, count(*)::int as refused
         from scan_refusal f join session s on s.id = f.session_id group by 1),
       missed as (
         select p.student_id, count(*)::int as missed from recheck_pick p
         join recheck k on k.id = p.recheck_id join session s on s.id = k.session_id
         where p.missed group by 1),
       changed as (
         select st.id as student_id, count(*)::int - 1 as changes
         from student st join device_binding b on b.user_id = st.user_id
         where st.id in (select student_id from scan) group by 1)
     select st.id as student, coalesce(scan.flagged, 0) as flagged,
       coalesce(refused.refused, 0) as refused, coalesce(missed.missed, 0) as "missedRechecks",
       coalesce(changed.changes, 0) as "deviceChanges", coalesce(scan.offline, 0) as offline,
       coalesce(scan.scans, 0) as scans
     from student st
     left join scan on scan.student_id = st.id
     left join refused on refused.student_id = st.id
     left join missed on missed.student_id = st.id
     left join changed on changed.student_id = st.id
     where coalesce(scan.flagged, 0) + coalesce(refused.refused, 0) + coalesce(missed.missed, 0)
       + coalesce(changed.changes, 0) + coalesce(scan.offline, 0) > 0
     order by coalesce(scan.flagged, 0) + coalesce(refused.refused, 0)
       + coalesce(missed.missed, 0) + coalesce(changed.changes, 0) desc, st.id
     limit ${LISTED_MAX}`,
    bounds,
  );
}
