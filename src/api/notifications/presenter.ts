/** Messages as the wire shows them: stored ids with the names of the classes they are about. */
import {
  sessionsIn,
  type NamedSession,
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
    NoticePayloads['case_decided']
>;

/** One message. */
export function presentNotification(
  { id, kind, createdAt, readAt, payload: stored }: NotificationRow,
  names: ReadonlyMap<Id, NamedSession>,
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
    case:
      payload.case && payload.case_kind && payload.status
        ? { id: payload.case, kind: payload.case_kind, status: payload.status }
        : null,
    sessions: sessionsIn(stored).flatMap((session) => {
      const name = names.get(session);
      return name ? [presentSession(name, conflictsOf.get(session) ?? null)] : [];
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
