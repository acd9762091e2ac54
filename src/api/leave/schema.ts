/** Schemas of the leave routes. */
import { z } from 'zod';
import { EXCUSE_CATEGORIES } from '../../domain/types.ts';
import { caseMembers } from '../cases/schema.ts';
import { dateField, idField, instantField, instantReply, textField } from '../fields.ts';
import { pagingQuery } from '../paging.ts';

export const leaveTypesQuery = z.strictObject(pagingQuery);

export const leaveTypeReply = z.strictObject({
  id: idField,
  code: z.string(),
  name: z.string(),
  excuse_category: z.enum(EXCUSE_CATEGORIES),
});

const application = { leave_type: idField, reason: textField };

/** A leave between two instants, or in whole days of the campus, the last one included. */
export const leaveBody = z.union(
  [
    z.strictObject({ ...application, starts_at: instantField, ends_at: instantField }),
    z.strictObject({ ...application, start_date: dateField, end_date: dateField }),
  ],
  {
    error:
      'Send leave_type, reason, and either starts_at and ends_at or start_date and end_date, and nothing else',
  },
);

export const leaveReply = z.strictObject({
  ...caseMembers,
  leave_type: z.strictObject({ id: idField, code: z.string(), name: z.string() }),
  starts_at: instantReply,
  ends_at: instantReply,
});
