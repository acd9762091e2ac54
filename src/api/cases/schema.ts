/** Schemas that leave applications and correction requests share. */
import { z } from 'zod';
import { CASE_ORDERINGS, type CaseOrdering } from '../../db/queries/requests.ts';
import { CASE_STATUSES, VERDICTS } from '../../domain/types.ts';
import { idField, instantReply, textField } from '../fields.ts';
import { pagingQuery } from '../paging.ts';

const orderings = Object.keys(CASE_ORDERINGS) as [CaseOrdering, ...CaseOrdering[]];

/** Filters of both lists. */
export const casesQuery = z.strictObject({
  ...pagingQuery,
  status: z.enum(CASE_STATUSES).optional(),
  student: idField.optional(),
  waiting_for_me: z.enum(['true', 'false']).default('false'),
  filed_by_me: z.enum(['true', 'false']).default('false'),
  ordering: z.enum(orderings).default('-submitted_at'),
});

/** A decision; the note is required when rejecting. */
export const decisionBody = z.strictObject({
  status: z.enum(VERDICTS),
  note: textField.optional(),
});

/** A person's name. */
export const personReply = z.strictObject({
  id: idField,
  first_name: z.string(),
  last_name: z.string(),
});

/** Members of every kind; `reason` and `note` are null for who may not read them. */
export const caseCore = {
  id: idField,
  reason: z.string().nullable(),
  status: z.enum(CASE_STATUSES),
  level: z.number().int(),
  submitted_at: instantReply,
  expires_at: instantReply,
  decided_at: instantReply.nullable(),
  decided_by: personReply.nullable(),
  outcome_code: z.string().nullable(),
  note: z.string().nullable(),
  can: z.strictObject({ decide: z.boolean(), withdraw: z.boolean() }),
  version: z.number().int(),
};

/** Members of the kinds about one student. */
export const caseMembers = {
  ...caseCore,
  student: z.strictObject({
    id: idField,
    roll_number: z.string(),
    first_name: z.string(),
    last_name: z.string(),
  }),
};
