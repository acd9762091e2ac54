/** Schemas of the integrity report. */
import { z } from 'zod';
import { FALLBACKS } from '../../domain/presence/fallback.ts';
import { RISK_SIGNALS } from '../../domain/presence/risk.ts';
import { dateField, idField, instantReply } from '../fields.ts';

export const integrityQuery = z
  .strictObject({
    course_section: idField,
    date_from: dateField.optional(),
    date_to: dateField.optional(),
  })
  .refine(
    ({ date_from: from, date_to: to }) => from === undefined || to === undefined || from <= to,
    {
      path: ['date_from'],
      message: 'The first day lies after the last one; give date_from on or before date_to.',
    },
  );

const count = z.int().min(0);
const percent = z
  .int()
  .min(0)
  .max(100)
  .nullable()
  .describe('whole percent of the scans; null where there are none');

const person = { id: idField, first_name: z.string(), last_name: z.string() };
const staff = z.strictObject(person);
const student = z.strictObject({ ...person, roll_number: z.string() });

const session = z.strictObject({
  id: idField,
  scheduled_date: z.iso.date(),
  start_datetime: instantReply,
});

const unscanned = {
  marks: count.describe('present and late by staff without a scan: the sum of what follows'),
  unexplained: count.describe('of them without a category, in classes that showed codes'),
  reasons: z.array(z.strictObject({ fallback: z.enum(FALLBACKS), marks: count })),
};

export const integrityReply = z.strictObject({
  course_section: idField,
  sessions: count,
  sessions_with_codes: count.describe('classes that showed codes'),
  sources: z.array(z.strictObject({ source: z.string(), records: count })),
  scans: z.strictObject({
    scans: count,
    offline: count,
    offline_percent: percent,
    flagged: count,
  }),
  fallbacks: z.strictObject({
    ...unscanned,
    by_staff: z.array(z.strictObject({ staff, ...unscanned })),
  }),
  refusals: z.array(z.strictObject({ code: z.string(), times: count })),
  rechecks: z.strictObject({ held: count, picked: count, passed: count, missed: count }),
  shared_device_attempts: z.array(
    z.strictObject({
      session,
      student,
      other_student: student
        .nullable()
        .describe('whom the phone had marked; null where they are of another section'),
      at: instantReply,
    }),
  ),
  shared_device_attempts_total: count.describe('how many there are; the list is cut at 200'),
  flagged_scans: z.array(
    z.strictObject({
      session,
      student,
      via: z.enum(['qr', 'static_qr', 'text_code']),
      risk_score: count,
      risk_parts: z.array(z.strictObject({ signal: z.enum(RISK_SIGNALS), points: count })),
      at: instantReply,
    }),
  ),
  device_changes: z.array(
    z.strictObject({
      student,
      at: instantReply,
      status: z.enum(['active', 'pending', 'revoked']),
    }),
  ),
  head_count_gaps: z.array(
    z.strictObject({
      session,
      heads: count,
      marked: count,
      outcome: z.enum(['ok', 'headcount_excess', 'headcount_short']),
      counted_by: staff,
      at: instantReply,
    }),
  ),
  head_count_gaps_total: count.describe('how many there are; the list is cut at 200'),
  students: z.array(
    z.strictObject({
      student,
      flagged: count,
      refused: count.describe('refused scans that say something about the student'),
      missed_rechecks: count,
      device_changes: count,
      offline: count,
      scans: count,
      offline_percent: percent,
      offline_often: z.boolean().describe('more than a quarter of the scans, and at least five'),
      fallbacks: z.strictObject(unscanned),
      attended: count.describe('marks of presence in classes that showed codes'),
      latest_session: session
        .nullable()
        .describe('the newest class with one of the signs; null where only a device changed'),
      fallback_often: z
        .boolean()
        .describe(
          'more than a quarter of the marks of presence without a scan, and at least three',
        ),
    }),
  ),
});
