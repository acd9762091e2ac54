/** Named reads of students' own entries, each within what the asker may see. */
import type { Id, Instant, LocalDate, Mark } from '../../domain/types.ts';
import { rows, toInstant, type Em } from '../orm.ts';
import type { Found } from './academics.ts';
import {
  oneOf,
  readPage,
  toShared,
  type CaseQuestion,
  type SharedRow,
  type StudentCaseRow,
} from './requests.ts';

/**
 * When entry `l` of session `s` expires: with the lock of its class, as the class now stands, since
 * a person may close or lock it earlier than planned. A decided entry keeps the planned instant.
 */
export const SELF_ENTRY_EXPIRY = `(case
    when l.status <> 'pending' then l.expires_at
    when s.status = 'locked' then least(l.expires_at, s.locked_at)
    else coalesce(s.lock_due_at,
      s.closes_at + make_interval(hours => (s.policy->>'lockAfterHours')::int)) end)`;

/** A student's own entry as lists show it. */
export interface SelfEntryListRow extends StudentCaseRow {
  readonly opId: Id;
  readonly sessionId: Id;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
  readonly courseCode: string;
  readonly courseName: string;
  readonly sectionName: string;
  /** What the record of the student says now, whatever the entry says. */
  readonly recordMark: Mark | null;
}

/** Entries of one page that concern the asker, and how many there are; two statements. */
export async function listSelfEntries(
  em: Em,
  question: CaseQuestion,
): Promise<Found<SelfEntryListRow>> {
  const { count, results } = await readPage<SelfEntryRow>(em, 'self_entry', question, {
    joins: 'left join attendance_record r on r.session_id = s.id and r.student_id = st.id',
    columns: `l.op_id, s.id as session_id, s.scheduled_date, s.start_at, c.code as course_code,
      c.name as course_name, cs.section_name, r.mark as record_mark`,
  });
  return { count, results: results.map(toSelfEntry) };
}

/** One entry, or undefined where it does not concern the asker (rule O2). */
export async function findSelfEntry(
  em: Em,
  userId: Id,
  id: Id,
): Promise<SelfEntryListRow | undefined> {
  return (await listSelfEntries(em, oneOf(userId, id))).results[0];
}

/** The entries of a session that wait for a decision. */
export async function pendingSelfEntries(em: Em, sessionId: Id): Promise<Id[]> {
  const found = await rows<{ id: Id }>(
    em,
    "select id from self_entry where session_id = ?::uuid and status = 'pending' order by id",
    [sessionId],
  );
  return found.map((row) => row.id);
}

interface SelfEntryRow extends SharedRow {
  op_id: string;
  session_id: string;
  scheduled_date: string;
  start_at: string;
  course_code: string;
  course_name: string;
  section_name: string;
  record_mark: Mark | null;
}

function toSelfEntry(row: SelfEntryRow): SelfEntryListRow {
  return {
    ...toShared(row),
    opId: row.op_id,
    sessionId: row.session_id,
    scheduledDate: row.scheduled_date,
    startAt: toInstant(row.start_at),
    courseCode: row.course_code,
    courseName: row.course_name,
    sectionName: row.section_name,
    recordMark: row.record_mark,
  };
}
