/** Finds a class that would share its time with another of the same section. */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import type { Id, Instant } from '../../domain/types.ts';

/** The sections of a class and its time; `except` is the class itself. */
export interface ClassTime {
  readonly sections: readonly Id[];
  readonly startAt: Instant;
  readonly endAt: Instant;
  readonly except?: Id;
}

/**
 * The id of a live session of one of the sections that overlaps, or undefined. The section rows
 * stay locked until the transaction ends, so that two such checks take turns.
 */
export async function findOverlap(
  em: Em,
  { sections, startAt, endAt, except }: ClassTime,
): Promise<Id | undefined> {
  await rows(
    em,
    'select id from course_section where id = any(?::uuid[]) order by id for no key update',
    [sections],
  );
  const other = await firstRow<{ id: Id }>(
    em,
    `select s.id from attendance_session s join session_section x on x.session_id = s.id
     where x.course_section_id = any(?::uuid[]) and s.status <> 'cancelled'
       and s.id is distinct from ?::uuid
       and tstzrange(s.start_at, s.end_at) && tstzrange(?::timestamptz, ?::timestamptz) limit 1`,
    [sections, except ?? null, startAt, endAt],
  );
  return other?.id;
}

/** The sections a session serves. */
export async function sectionsOf(em: Em, sessionId: Id): Promise<Id[]> {
  const found = await rows<{ course_section_id: Id }>(
    em,
    'select course_section_id from session_section where session_id = ?::uuid',
    [sessionId],
  );
  return found.map((row) => row.course_section_id);
}
