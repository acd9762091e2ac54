/** Schemas of the record routes. */
import { z } from 'zod';
import { SYNC_STATUSES } from '../../db/queries/record-sync.ts';
import { RECORD_ORDERINGS, type RecordOrdering } from '../../db/queries/records.ts';
import { RESULT_STATUSES } from '../../domain/attendance/results.ts';
import { EXPLANATIONS, type ExplanationCode } from '../../domain/attendance/explain.ts';
import {
  CONFLICT_KINDS,
  CONFLICT_STATES,
  MARK_SOURCES,
  MARKS,
  OPERATION_OUTCOMES,
  ROLES,
  SESSION_STATUSES,
} from '../../domain/types.ts';
import { FALLBACKS } from '../../domain/presence/fallback.ts';
import {
  checkFallback,
  dateField,
  fallbackField,
  idField,
  instantReply,
  textField,
  newOpField,
} from '../fields.ts';
import { pagingQuery } from '../paging.ts';
import { locationReply, recordReply } from '../sessions/schema.ts';

const orderings = Object.keys(RECORD_ORDERINGS) as [RecordOrdering, ...RecordOrdering[]];

export const recordsQuery = z.strictObject({
  ...pagingQuery,
  session: idField.optional(),
  student: idField.optional(),
  course_section: idField.optional(),
  mark: z.enum(MARKS).optional(),
  source: z.enum(MARK_SOURCES).optional(),
  sync_status: z.enum(SYNC_STATUSES).optional(),
  needs_review: z.enum(['true', 'false']).optional(),
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
  acks: z.array(idField).max(50).optional().describe('other claims that were shown'),
  fallback: fallbackField.optional(),
};

export const markBody = z
  .strictObject({
    session: idField,
    ...claim,
    source: z.enum(['manual', 'offline']).default('manual'),
  })
  .superRefine(checkFallback);

/** Most items of one bulk request (marks.md section 12). */
export const BULK_ITEMS_MAX = 500;

const bulkItem = z.strictObject({ ...claim, op_id: newOpField.optional() });

export const bulkMarkBody = z.strictObject({
  session: idField,
  records: z.array(bulkItem).max(BULK_ITEMS_MAX),
  default: z
    .strictObject({
      mark: z.enum(MARKS),
      acks: z
        .array(idField)
        .max(2 * BULK_ITEMS_MAX)
        .optional()
        .describe('waiting claims that were shown; each is answered by the mark of its student'),
    })
    .optional(),
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
  opens_at: instantReply.optional().describe('with a refusal by the times of the class'),
  closes_at: instantReply.optional(),
  lock_due_at: instantReply.nullable().optional(),
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

/** Texts of the deciding claim; null where there is none and for who may not read it. */
const textReplies = {
  notes: z.string().nullable(),
  reason: z.string().nullable(),
  has_notes: z.boolean(),
  has_reason: z.boolean(),
};

export const recordDetailReply = listedRecordReply.extend(textReplies);

export const editBody = z
  .strictObject({
    mark: z.enum(MARKS),
    notes: textField.optional(),
    reason: textField.optional(),
    fallback: fallbackField.optional(),
  })
  .superRefine(checkFallback);

const explanationCodes = Object.keys(EXPLANATIONS) as [ExplanationCode, ...ExplanationCode[]];

const historyOperation = z.strictObject({
  op_id: idField,
  kind: z.enum(['mark', 'withdraw']),
  mark: z.enum(MARKS).nullable(),
  excuse_category: z.string().nullable(),
  source: z.enum(MARK_SOURCES),
  capture_mode: z.enum(['online', 'offline']),
  phase: z.enum(['entry', 'exit']),
  rank: z.number().int(),
  counted_rank: z.number().int(),
  rank_word: z.string(),
  who: z
    .strictObject({ name: z.string(), role: z.enum(ROLES).nullable(), is_self: z.boolean() })
    .nullable(),
  effective_at: instantReply,
  received_at: instantReply,
  captured_at: instantReply.nullable(),
  clock_trust: z.string().nullable(),
  device_id: z.string().nullable(),
  location: locationReply.nullable(),
  fallback: z.enum(FALLBACKS).nullable(),
  outcome: z.enum(OPERATION_OUTCOMES),
  outcome_code: z.string().nullable(),
  base_op_id: idField.nullable(),
  acks: z.array(idField),
  target_op_id: idField.nullable(),
  flags: z.array(z.string()),
  ...textReplies,
  is_withdrawn: z.boolean(),
  is_winner: z.boolean(),
  why: z.strictObject({ code: z.enum(explanationCodes), text: z.string() }),
});

export const historyReply = z.strictObject({
  record: listedRecordReply,
  operations: z.array(historyOperation),
  conflicts: z.array(
    z.strictObject({
      id: idField,
      kind: z.enum(CONFLICT_KINDS),
      state: z.enum(CONFLICT_STATES),
      op_ids: z.array(idField),
      opened_at: instantReply,
      settled_at: instantReply.nullable(),
    }),
  ),
});
