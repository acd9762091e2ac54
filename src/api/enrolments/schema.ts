/** Schemas of the enrolment routes. */
import { z } from 'zod';
import { dateField, idField } from '../fields.ts';
import { pagingQuery } from '../paging.ts';

export const enrolmentsQuery = z.strictObject({
  ...pagingQuery,
  student: idField.optional(),
  course_section: idField.optional(),
});

export const enrolBody = z.strictObject({
  student: idField,
  course_section: idField,
  valid_from: dateField,
  valid_to: dateField.nullish(),
});

export const endBody = z.strictObject({
  valid_to: dateField.describe('the first day without the enrolment'),
});

export const enrolmentReply = z.strictObject({
  id: idField,
  student: z.strictObject({
    id: idField,
    roll_number: z.string(),
    first_name: z.string(),
    last_name: z.string(),
  }),
  course_section: z.strictObject({
    id: idField,
    course_code: z.string(),
    section_name: z.string(),
  }),
  valid_from: z.iso.date(),
  valid_to: z.iso.date().nullable(),
});

export const changedReply = z.strictObject({
  enrolment: enrolmentReply,
  sessions_resolved: z.number().int(),
  sessions_locked: z.number().int().describe('final registers that were left as they are'),
});
