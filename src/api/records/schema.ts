/** Schemas of the record routes. */
import { z } from 'zod';
import { RECORD_ORDERINGS, type RecordOrdering } from '../../db/queries/records.ts';
import { RESULT_STATUSES } from '../../domain/attendance/results.ts';
import { MARKS, SESSION_STATUSES } from '../../domain/types.ts';
import { dateField, idField, instantReply, textField } from '../fields.ts';
import { pagingQuery } from '../paging.ts';
import { recordReply } from '../sessions/schema.ts';

const orderings = Object.keys(RECORD_ORDERINGS) as [RecordOrdering, ...RecordOrdering[]];

export const recordsQuery = z.strictObject({
  ...pagingQuery,
  session: idField.optional(),
  student: idField.optional(),
  course_section: idField.optional(),
  mark: z.enum(MARKS).optional(),
  date_from: dateField.optional(),
  date_to: dateField.optional(),
  ordering: z.enum(orderings).default('-start_datetime'),
});

const claim = {
  student: idField,
  mark: z.enum(MARKS),
  notes: textField.optional(),
  reason: textField.optional(),
  base_op_id: idField.nullish(),
};

export const markBody = z.strictObject({
  session: idField,
  ...claim,
  source: z.enum(['manual', 'offline']).default('manual'),
  acks: z.array(idField).max(50).optional(),
});

/** Most items of one bulk request (marks.md section 12). */
export const BULK_ITEMS_MAX = 500;

export const bulkMarkBody = z.strictObject({
  session: idField,
  records: z.array(z.strictObject({ ...claim, op_id: idField.optional() })).max(BULK_ITEMS_MAX),
  default: z.strictObject({ mark: z.enum(MARKS) }).optional(),
});

const shortRecord = z.strictObject({
  id: idField,
  mark: z.enum(MARKS).nullable(),
  source: z.string().nullable(),
  capture_mode: z.string().nullable(),
  winner_op_id: idField.nullable(),
  version: z.number().int(),
  updated_at: instantReply,
});

const resultFields = {
  op_id: idField,
  student: idField,
  status: z.enum(RESULT_STATUSES),
  code: z.string().nullable(),
  detail: z.string().nullable(),
  record: shortRecord.nullable(),
  conflict_ids: z.array(idField),
  won: z.boolean().nullable(),
};

export const resultReply = z.strictObject({
  ...resultFields,
  original: z.strictObject(resultFields).nullable(),
});

/** How many results of each status; stored effects, never requested items. */
export const resultCounts = z.strictObject({
  applied: z.number().int(),
  superseded: z.number().int(),
  conflict_resolved: z.number().int(),
  needs_review: z.number().int(),
  duplicate: z.number().int(),
  rejected: z.number().int(),
  retry: z.number().int(),
});

export const bulkReply = z.strictObject({
  results: z.array(resultReply),
  counts: resultCounts,
});

export const listedRecordReply = recordReply.extend({
  session_detail: z.strictObject({
    scheduled_date: z.iso.date(),
    start_datetime: instantReply,
    course_code: z.string(),
    course_name: z.string(),
    section_name: z.string(),
    status: z.enum(SESSION_STATUSES),
  }),
});
