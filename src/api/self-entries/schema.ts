/** Schemas of the self-entry routes. */
import { z } from 'zod';
import { CASE_STATUSES, MARKS, VERDICTS } from '../../domain/types.ts';
import { caseMembers } from '../cases/schema.ts';
import { idField, instantReply, textField } from '../fields.ts';
import { resultReply } from '../records/schema.ts';

/** Strict: a `student` in it is refused, since the student is always the signed-in one. */
export const selfEntryBody = z.strictObject({ session: idField, notes: textField.optional() });

/** The result object of records, with the id of the entry that waits. */
export const filedReply = resultReply.extend({ entry: idField });

/** `reason` holds the student's notes. */
export const selfEntryReply = z.strictObject({
  ...caseMembers,
  session: z.strictObject({
    id: idField,
    scheduled_date: z.iso.date(),
    start_datetime: instantReply,
    course_code: z.string(),
    course_name: z.string(),
    section_name: z.string(),
  }),
  op_id: idField,
  record_mark: z.enum(MARKS).nullable(),
});

/** Most entries of one bulk decision. */
export const BULK_DECISIONS_MAX = 200;

export const bulkDecisionBody = z.strictObject({
  ids: z.array(idField).min(1).max(BULK_DECISIONS_MAX),
  verdict: z.enum(VERDICTS),
  note: textField.optional(),
});

export const bulkDecisionReply = z.strictObject({
  results: z.array(
    z.strictObject({
      id: idField,
      status: z.enum(['applied', 'rejected', 'retry']),
      code: z.string().nullable(),
      detail: z.string().nullable(),
      /** The entry's own status after it; null where the asker may not see the entry. */
      entry_status: z.enum(CASE_STATUSES).nullable(),
    }),
  ),
  counts: z.strictObject({
    applied: z.number().int(),
    rejected: z.number().int(),
    retry: z.number().int(),
  }),
});
