/** Schemas of the unlock routes. */
import { z } from 'zod';
import { caseCore, personReply } from '../cases/schema.ts';
import { idField, instantReply, textField } from '../fields.ts';

/** Most hours a register is open again (marks.md section 11). */
const HOURS_MAX = 24;

export const unlockBody = z.strictObject({
  session: idField,
  hours: z.number().int().min(1).max(HOURS_MAX),
  reason: textField,
});

export const unlockReply = z.strictObject({
  ...caseCore,
  session: z.strictObject({
    id: idField,
    scheduled_date: z.iso.date(),
    start_datetime: instantReply,
    course_code: z.string(),
    course_name: z.string(),
    section_name: z.string(),
  }),
  hours: z.number().int(),
  unlocked_until: instantReply.nullable(),
  relocked_at: instantReply.nullable(),
  requested_by: personReply,
});
