/** Schemas of the session routes. */
import { z } from 'zod';
import { SYNC_STATUSES } from '../../db/queries/record-sync.ts';
import { SESSION_ORDERINGS, type SessionOrdering } from '../../db/queries/sessions.ts';
import { REVIEW_CODES } from '../../domain/attendance/results.ts';
import { FALLBACKS } from '../../domain/presence/fallback.ts';
import { COMPONENTS, MARK_SOURCES, MARKS, SESSION_STATUSES } from '../../domain/types.ts';
import { dateField, idField, instantField, instantReply, textField } from '../fields.ts';
import { pagingQuery } from '../paging.ts';

const orderings = Object.keys(SESSION_ORDERINGS) as [SessionOrdering, ...SessionOrdering[]];

export const sessionsQuery = z.strictObject({
  ...pagingQuery,
  course_section: idField.optional(),
  faculty: idField.optional(),
  student: idField.optional(),
  status: z.enum(SESSION_STATUSES).optional(),
  room: z.string().min(1).max(40).optional(),
  date_from: dateField.optional(),
  date_to: dateField.optional(),
  ordering: z.enum(orderings).default('start_datetime'),
});

export const countsReply = z.strictObject({
  present: z.number().int(),
  late: z.number().int(),
  absent: z.number().int(),
  excused: z.number().int(),
  unmarked: z.number().int(),
  roster: z.number().int(),
  conflicts: z.number().int(),
});

const canReply = z.strictObject({
  mark: z.boolean(),
  open: z.boolean(),
  close: z.boolean(),
  reopen: z.boolean(),
  lock: z.boolean(),
  cancel: z.boolean(),
  restore: z.boolean(),
  reschedule: z.boolean(),
});

export const sessionReply = z.strictObject({
  id: idField,
  course_section: z.strictObject({
    id: idField,
    course: z.strictObject({ id: idField, code: z.string(), name: z.string() }),
    section_name: z.string(),
  }),
  faculty: z.strictObject({ id: idField, first_name: z.string(), last_name: z.string() }),
  scheduled_date: z.iso.date(),
  start_datetime: instantReply,
  end_datetime: instantReply,
  opens_at: instantReply,
  closes_at: instantReply,
  lock_due_at: instantReply.nullable(),
  timezone: z.string(),
  room: z.string(),
  status: z.enum(SESSION_STATUSES),
  kind: z.string(),
  component: z.enum(COMPONENTS),
  units: z.number().int(),
  attendance_count: z.number().int(),
  counts: countsReply,
  biometric_enabled: z.boolean(),
  auto_open: z.boolean(),
  auto_opened: z.boolean(),
  auto_closed: z.boolean(),
  taken: z.boolean(),
  shows_codes: z.boolean().describe('a code of the class was on a screen'),
  qr_expires_at: instantReply
    .nullable()
    .describe('when the display of codes that runs now ends; null where none runs'),
  self_entry: z.strictObject({ enabled: z.boolean(), closes_at: instantReply.nullable() }),
  notes: z.string(),
  epoch: z.number().int(),
  version: z.number().int(),
  can: canReply,
});

export const createSessionBody = z.strictObject({
  course_section: idField,
  faculty: idField.optional(),
  scheduled_date: dateField,
  start_datetime: instantField,
  end_datetime: instantField,
  room: z.string().trim().min(1).max(40),
  notes: z.string().trim().max(2_000).default(''),
  component: z.enum(COMPONENTS).default('L'),
  units: z.number().int().min(1).max(12).default(1),
  kind: z.enum(['regular', 'make_up']).default('make_up'),
  auto_open: z.boolean().default(true),
  biometric_enabled: z.boolean().default(true),
});

export const transitionBody = z.strictObject({ reason: textField.optional() }).optional();
export const reasonedBody = z.strictObject({ reason: textField });
export const rescheduleBody = z.strictObject({
  start_datetime: instantField,
  end_datetime: instantField,
  room: z.string().trim().min(1).max(40).optional(),
  reason: textField,
});

/** Where a phone was: a verdict and a distance rounded to 10 m, never coordinates. */
export const locationReply = z.strictObject({
  verdict: z.enum(['inside', 'outside', 'unknown']),
  distance_m: z.number().nullable(),
});

export const recordReply = z.strictObject({
  id: idField,
  session: idField,
  student: idField,
  mark: z.enum(MARKS).nullable(),
  marked_at: instantReply.nullable(),
  source: z.enum(MARK_SOURCES).nullable(),
  capture_mode: z.enum(['online', 'offline']).nullable(),
  arrival_at: instantReply.nullable(),
  excuse_category: z.string().nullable(),
  device_id: z.string().nullable(),
  location: locationReply.nullable(),
  fallback: z.enum(FALLBACKS).nullable(),
  sync_status: z.enum(SYNC_STATUSES),
  flags: z.array(z.string()),
  winner_op_id: idField.nullable(),
  version: z.number().int(),
  updated_at: instantReply,
});

export const waitingClaimReply = z.strictObject({
  op_id: idField,
  source: z.enum(MARK_SOURCES),
  capture_mode: z.enum(['online', 'offline']),
  code: z.enum(REVIEW_CODES).describe('why it waits'),
  effective_at: instantReply,
});

export const rosterReply = z.strictObject({
  session: idField,
  seq: z.number().int(),
  students: z.array(
    z.strictObject({
      student: z.strictObject({
        id: idField,
        roll_number: z.string(),
        first_name: z.string(),
        last_name: z.string(),
      }),
      record: recordReply.nullable(),
      waiting: z
        .array(waitingClaimReply)
        .describe('claims that wait for a person; a mark that names them in acks answers them'),
    }),
  ),
});

export const eventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});

export const eventsReply = z.strictObject({
  seq: z.number().int(),
  events: z.array(
    z.strictObject({
      seq: z.number().int(),
      at: instantReply,
      type: z.string(),
      payload: z.record(z.string(), z.unknown()),
    }),
  ),
});
