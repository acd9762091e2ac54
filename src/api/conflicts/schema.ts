/** Schemas of the conflict routes. */
import { z } from 'zod';
import {
  CONFLICT_KINDS,
  CONFLICT_STATES,
  MARK_SOURCES,
  MARKS,
  SESSION_STATUSES,
} from '../../domain/types.ts';
import { dateField, idField, instantReply, textField } from '../fields.ts';
import { pagingQuery } from '../paging.ts';
import { resultReply } from '../records/schema.ts';

export const conflictsQuery = z.strictObject({
  ...pagingQuery,
  session: idField.optional(),
  student: idField.optional(),
  course_section: idField.optional(),
  kind: z.enum(CONFLICT_KINDS).optional(),
  state: z.enum(CONFLICT_STATES).optional(),
  date_from: dateField.optional(),
  date_to: dateField.optional(),
});

const student = z.strictObject({
  id: idField,
  roll_number: z.string(),
  first_name: z.string(),
  last_name: z.string(),
});

export const conflictReply = z.strictObject({
  id: idField,
  session: idField,
  kind: z.enum(CONFLICT_KINDS),
  state: z.enum(CONFLICT_STATES),
  opened_at: instantReply,
  settled_at: instantReply.nullable(),
  resolved_by: z.string().nullable(),
  version: z.number().int(),
  student: student.nullable().describe('null where several students share a device'),
  mark: z.enum(MARKS).nullable().describe('what the record says now'),
  session_detail: z.strictObject({
    scheduled_date: z.iso.date(),
    start_datetime: instantReply,
    course_code: z.string(),
    section_name: z.string(),
    status: z.enum(SESSION_STATUSES),
  }),
  can_resolve: z.boolean(),
});

export const conflictDetailReply = conflictReply.extend({
  claims: z.array(
    z.strictObject({
      op_id: idField,
      student,
      mark: z.enum(MARKS).nullable(),
      rank: z.number().int(),
      source: z.enum(MARK_SOURCES),
      capture_mode: z.enum(['online', 'offline']),
      effective_at: instantReply,
      received_at: instantReply,
      by: z.string().nullable(),
      holds_record: z.boolean(),
      on_roster: z.boolean().describe('false: the student left; give no mark for them'),
    }),
  ),
});

export const resolveBody = z.strictObject({
  marks: z
    .array(z.strictObject({ student: idField, mark: z.enum(MARKS) }))
    .min(1)
    .max(50),
  reason: textField,
});

export const resolvedReply = z.strictObject({
  conflict: conflictDetailReply,
  results: z.array(resultReply),
});
