/** Named reads of what people were told, each for the one person it was told to. */
import type { NoticeKind } from '../../domain/notices.ts';
import type { Id, Instant, LocalDate } from '../../domain/types.ts';
import { firstRow, rows, toInstant, toInstantOrNull, type Em } from '../orm.ts';

/** One message as its reader sees it. */
export interface NotificationRow {
  readonly id: Id;
  readonly kind: NoticeKind;
  readonly createdAt: Instant;
  readonly readAt: Instant | null;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A class as messages name it; `startTime` is `HH:MM` in the zone of its campus. */
export interface NamedSession {
  readonly id: Id;
  readonly courseCode: string;
  readonly sectionName: string;
  readonly scheduledDate: LocalDate;
  readonly startTime: string;
}

/** Which messages, and which page of them. */
export interface NotificationPage {
  /** True: unread ones only; false: read ones only; undefined: all. */
  readonly unread?: boolean | undefined;
  readonly page: number;
  readonly pageSize: number;
}

/** A page of a person's messages, newest first, how many there are, and how many are unread. */
export async function listNotifications(
  em: Em,
  userId: Id,
  { unread, page, pageSize }: NotificationPage,
): Promise<{ count: number; unread: number; results: NotificationRow[] }> {
  const counts = await firstRow<{ all: number; unread: number }>(
    em,
    `select count(*)::int as "all", count(*) filter (where read_at is null)::int as unread
     from notification where user_id = ?::uuid`,
    [userId],
  );
  const { all, unread: unreadCount } = counts ?? { all: 0, unread: 0 };
  const found = await rows<{
    id: Id;
    kind: NoticeKind;
    created_at: string;
    read_at: string | null;
    payload: Record<string, unknown>;
  }>(
    em,
    `select id, kind, created_at, read_at, payload from notification
     where user_id = ?::uuid and (?::boolean is null or (read_at is null) = ?::boolean)
     order by created_at desc, id desc limit ?::int offset ?::int`,
    [userId, unread ?? null, unread ?? null, pageSize, (page - 1) * pageSize],
  );
  return {
    count: unread === undefined ? all : unread ? unreadCount : all - unreadCount,
    unread: unreadCount,
    results: found.map((row) => ({
      id: row.id,
      kind: row.kind,
      createdAt: toInstant(row.created_at),
      readAt: toInstantOrNull(row.read_at),
      payload: row.payload,
    })),
  };
}

/** A message that was just written, and to whom. */
export interface FreshNotice {
  readonly id: Id;
  readonly userId: Id;
  readonly kind: NoticeKind;
}

/** What the given people were told in the last seconds, by the index over person and time. */
export function listFreshNotices(
  em: Em,
  people: readonly Id[],
  seconds: number,
): Promise<FreshNotice[]> {
  return rows<FreshNotice>(
    em,
    `select id, user_id as "userId", kind from notification
     where user_id = any(?::uuid[]) and created_at > app_clock() - make_interval(secs => ?::int)`,
    [people, seconds],
  );
}

/** How many messages a person has not read. */
export async function countUnread(em: Em, userId: Id): Promise<number> {
  const row = await firstRow<{ unread: number }>(
    em,
    `select count(*)::int as unread from notification
     where user_id = ?::uuid and read_at is null`,
    [userId],
  );
  return row?.unread ?? 0;
}

/** The ids of classes that a payload names, alone or in its list. */
export function sessionsIn(payload: Readonly<Record<string, unknown>>): Id[] {
  const { session, sessions } = payload;
  const listed: unknown[] = Array.isArray(sessions) ? sessions : [];
  const named = listed.map((each) =>
    each !== null && typeof each === 'object' ? Reflect.get(each, 'session') : undefined,
  );
  return [session, ...named].filter((id) => typeof id === 'string');
}

/** A student as messages to staff name one. */
export interface NamedStudent {
  readonly id: Id;
  readonly rollNumber: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** The ids of students that a payload names together. */
export function studentsIn({ students }: Readonly<Record<string, unknown>>): Id[] {
  const listed: unknown[] = Array.isArray(students) ? students : [];
  return listed.filter((id) => typeof id === 'string');
}

/** Names students for messages; ids of none are left out. */
export async function nameStudents(
  em: Em,
  ids: readonly Id[],
): Promise<ReadonlyMap<Id, NamedStudent>> {
  if (ids.length === 0) return new Map();
  const found = await rows<NamedStudent>(
    em,
    `select st.id, st.roll_number as "rollNumber", u.first_name as "firstName",
       u.last_name as "lastName"
     from student st join app_user u on u.id = st.user_id where st.id = any(?::uuid[])`,
    [[...new Set(ids)]],
  );
  return new Map(found.map((row) => [row.id, row]));
}

/** Names classes for messages; ids of none are left out. */
export async function nameSessions(
  em: Em,
  ids: readonly Id[],
): Promise<ReadonlyMap<Id, NamedSession>> {
  if (ids.length === 0) return new Map();
  const found = await rows<{
    id: Id;
    course_code: string;
    section_name: string;
    scheduled_date: string;
    start_time: string;
  }>(
    em,
    `select s.id, c.code as course_code, cs.section_name, s.scheduled_date,
       to_char(s.start_at at time zone ca.zone, 'HH24:MI') as start_time
     from attendance_session s
     join course_section cs on cs.id = s.course_section_id
     join course c on c.id = cs.course_id
     join campus ca on ca.id = s.campus_id
     where s.id = any(?::uuid[])`,
    [[...new Set(ids)]],
  );
  return new Map(
    found.map((row) => [
      row.id,
      {
        id: row.id,
        courseCode: row.course_code,
        sectionName: row.section_name,
        scheduledDate: row.scheduled_date,
        startTime: row.start_time,
      },
    ]),
  );
}
