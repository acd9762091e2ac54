/** Messages as the wire shows them: stored ids with the names of what they are about. */
import {
  sessionsIn,
  studentsIn,
  type NamedSession,
  type NamedStudent,
  type NotificationRow,
} from '../../db/queries/notifications.ts';
import type { NoticePayloads } from '../../domain/notices.ts';
import type { Id } from '../../domain/types.ts';
import type { NotificationReply } from './schema.ts';

/** Every member that some kind of payload has. */
type AnyPayload = Partial<
  NoticePayloads['marks_disagree'] &
    NoticePayloads['mark_overruled'] &
    NoticePayloads['conflict_digest'] &
    NoticePayloads['case_decided'] &
    NoticePayloads['headcount_excess'] &
    NoticePayloads['recheck_asked'] &
    NoticePayloads['recheck_missed']
>;

/** The names of what a page of messages is about. */
export interface NoticeNames {
  readonly sessions: ReadonlyMap<Id, NamedSession>;
  readonly students: ReadonlyMap<Id, NamedStudent>;
}

/** One message. */
export function presentNotification(
  { id, kind, createdAt, readAt, payload: stored }: NotificationRow,
  names: NoticeNames,
): NotificationReply {
  const payload: AnyPayload = stored;
  const conflictsOf = new Map(payload.sessions?.map((each) => [each.session, each.conflicts]));
  return {
    id,
    kind,
    created_at: createdAt,
    read_at: readAt,
    mark: payload.mark ?? null,
    conflict: payload.conflict ?? null,
    total: payload.total ?? null,
    heads: payload.heads ?? null,
    marked: payload.marked ?? null,
    missed: payload.missed ?? null,
    until: payload.until ?? null,
    case:
      payload.case && payload.case_kind && payload.status
        ? { id: payload.case, kind: payload.case_kind, status: payload.status }
        : null,
    sessions: sessionsIn(stored).flatMap((session) => {
      const name = names.sessions.get(session);
      return name ? [presentSession(name, conflictsOf.get(session) ?? null)] : [];
    }),
    students: studentsIn(stored).flatMap((student) => {
      const name = names.students.get(student);
      return name ? [presentStudent(name)] : [];
    }),
  };
}

function presentSession(name: NamedSession, conflicts: number | null) {
  return {
    id: name.id,
    course_code: name.courseCode,
    section_name: name.sectionName,
    scheduled_date: name.scheduledDate,
    start_time: name.startTime,
    conflicts,
  };
}

function presentStudent({ id, rollNumber, firstName, lastName }: NamedStudent) {
  return { id, roll_number: rollNumber, first_name: firstName, last_name: lastName };
}
