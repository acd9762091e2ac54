/** Schemas of the correction routes. */
import { z } from 'zod';
import { EXCUSE_CATEGORIES, MARKS } from '../../domain/types.ts';
import { caseMembers, personReply } from '../cases/schema.ts';
import { idField, instantReply, textField } from '../fields.ts';

export const correctionBody = z.strictObject({
  session: idField,
  student: idField.optional(),
  to_mark: z.enum(MARKS),
  excuse_category: z.enum(EXCUSE_CATEGORIES).optional(),
  reason: textField,
});

export const correctionReply = z.strictObject({
  ...caseMembers,
  session: z.strictObject({
    id: idField,
    scheduled_date: z.iso.date(),
    start_datetime: instantReply,
    course_code: z.string(),
    course_name: z.string(),
    section_name: z.string(),
  }),
  from_mark: z.enum(MARKS).nullable(),
  to_mark: z.enum(MARKS),
  excuse_category: z.enum(EXCUSE_CATEGORIES).nullable(),
  requested_by: personReply,
});
