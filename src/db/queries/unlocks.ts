/** Named reads of requests to unlock a register, each within what the asker may see. */
import type { Id, Instant, LocalDate } from '../../domain/types.ts';
import { toInstant, toInstantOrNull, type Em } from '../orm.ts';
import type { Found } from './academics.ts';
import {
  oneOf,
  readPage,
  toCaseRow,
  type CaseListRow,
  type CaseQuestion,
  type PersonName,
  type SharedRow,
} from './requests.ts';

/** A request to unlock as lists show it. */
export interface UnlockListRow extends CaseListRow {
  readonly sessionId: Id;
  readonly scheduledDate: LocalDate;
  readonly startAt: Instant;
  readonly courseCode: string;
  readonly courseName: string;
  readonly sectionName: string;
  readonly hours: number;
  readonly unlockedUntil: Instant | null;
  readonly relockedAt: Instant | null;
  readonly requestedBy: PersonName;
}

/** Requests of one page that concern the asker, and how many there are; two statements. */
export async function listUnlocks(em: Em, question: CaseQuestion): Promise<Found<UnlockListRow>> {
  const { count, results } = await readPage<UnlockRow>(em, 'unlock', question, {
    joins: 'join app_user ru on ru.id = l.requested_by_id',
    columns: `s.id as session_id, s.scheduled_date, s.start_at, c.code as course_code,
      c.name as course_name, cs.section_name, l.hours, l.unlocked_until, l.relocked_at,
      ru.id as requester_id, ru.first_name as requester_first_name,
      ru.last_name as requester_last_name`,
  });
  return { count, results: results.map(toUnlock) };
}

/** One request, or undefined where it does not concern the asker (rule O2). */
export async function findUnlock(em: Em, userId: Id, id: Id): Promise<UnlockListRow | undefined> {
  return (await listUnlocks(em, oneOf(userId, id))).results[0];
}

interface UnlockRow extends SharedRow {
  session_id: string;
  scheduled_date: string;
  start_at: string;
  course_code: string;
  course_name: string;
  section_name: string;
  hours: number;
  unlocked_until: string | null;
  relocked_at: string | null;
  requester_id: string;
  requester_first_name: string;
  requester_last_name: string;
}

function toUnlock(row: UnlockRow): UnlockListRow {
  return {
    ...toCaseRow(row),
    sessionId: row.session_id,
    scheduledDate: row.scheduled_date,
    startAt: toInstant(row.start_at),
    courseCode: row.course_code,
    courseName: row.course_name,
    sectionName: row.section_name,
    hours: row.hours,
    unlockedUntil: toInstantOrNull(row.unlocked_until),
    relockedAt: toInstantOrNull(row.relocked_at),
    requestedBy: {
      id: row.requester_id,
      firstName: row.requester_first_name,
      lastName: row.requester_last_name,
    },
  };
}
