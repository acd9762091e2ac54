/** Schemas of the notification routes. */
import { z } from 'zod';
import { NOTICE_KINDS } from '../../domain/notices.ts';
import { CASE_KINDS, CASE_STATUSES, MARKS } from '../../domain/types.ts';
import { idField, instantReply } from '../fields.ts';
import { listOf, pagingQuery } from '../paging.ts';

export const notificationsQuery = z.strictObject({
  ...pagingQuery,
  unread: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional()
    .describe('true: unread ones only; false: read ones only'),
});

const sessionName = z.strictObject({
  id: idField,
  course_code: z.string(),
  section_name: z.string(),
  scheduled_date: z.iso.date(),
  start_time: z.string().describe('HH:MM in the zone of the campus'),
  conflicts: z.number().int().nullable().describe('of a digest: open contradictions'),
});

const notificationReply = z.strictObject({
  id: idField,
  kind: z.enum(NOTICE_KINDS),
  created_at: instantReply,
  read_at: instantReply.nullable(),
  mark: z.enum(MARKS).nullable().describe('what the record says since'),
  conflict: idField.nullable(),
  total: z.number().int().nullable().describe('of a digest: open contradictions of all classes'),
  heads: z.number().int().nullable().describe('of a head count: heads seen'),
  marked: z.number().int().nullable().describe('of a head count: records present or late'),
  missed: z.number().int().nullable().describe('of a re-check: who did not scan again'),
  until: instantReply.nullable().describe('of a re-check: scan again until then'),
  case: z
    .strictObject({ id: idField, kind: z.enum(CASE_KINDS), status: z.enum(CASE_STATUSES) })
    .nullable(),
  sessions: z.array(sessionName).describe('the classes it is about'),
  students: z
    .array(
      z.strictObject({
        id: idField,
        roll_number: z.string(),
        first_name: z.string(),
        last_name: z.string(),
      }),
    )
    .describe('of a shared phone, to staff: whom it marked and whom it was refused for'),
});
export type NotificationReply = z.input<typeof notificationReply>;

export const notificationsReply = listOf(notificationReply, {
  unread: z.number().int().describe('unread ones, whatever the filter'),
});

export const readReply = z.strictObject({ unread: z.number().int() });
