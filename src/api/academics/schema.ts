/** Schemas of the academic routes. */
import { z } from 'zod';
import { SKIP_REASONS } from '../../domain/timetable/plan-sessions.ts';
import { COMPONENTS } from '../../domain/types.ts';
import { dateField, idField, instantReply } from '../fields.ts';
import { pagingQuery } from '../paging.ts';

export const generateBody = z.strictObject({
  date_from: dateField,
  date_to: dateField,
  course_section: idField.optional(),
  dry_run: z.boolean().default(false),
});

const slotReference = {
  slot: idField,
  course_section: idField,
  course_code: z.string(),
  section_name: z.string(),
};

export const generateReply = z.strictObject({
  dry_run: z.boolean(),
  created: z.array(
    z.strictObject({
      ...slotReference,
      session: idField.nullable(),
      date: z.iso.date(),
      start_datetime: instantReply,
      end_datetime: instantReply,
      room: z.string(),
    }),
  ),
  skipped: z.array(
    z.strictObject({
      ...slotReference,
      date: z.iso.date().nullable(),
      reason: z.enum(SKIP_REASONS),
      detail: z.string().nullable(),
    }),
  ),
  counts: z.strictObject({
    created: z.number().int(),
    skipped: z.number().int(),
    skipped_by_reason: z.partialRecord(z.enum(SKIP_REASONS), z.number().int()),
  }),
});

export const listQuery = z.strictObject(pagingQuery);

export const sectionReply = z.strictObject({
  id: idField,
  course: z.strictObject({ id: idField, code: z.string(), name: z.string() }),
  section_name: z.string(),
  semester: z.string(),
  student_count: z.number().int(),
});

export const roomReply = z.strictObject({
  id: idField,
  code: z.string(),
  building: z.string(),
  capacity: z.number().int(),
});

export const slotsQuery = z.strictObject({ ...pagingQuery, course_section: idField.optional() });

const clockReply = z.string().regex(/^\d\d:\d\d$/);

export const slotReply = z.strictObject({
  id: idField,
  course_section: idField,
  course_code: z.string(),
  section_name: z.string(),
  faculty: idField,
  room: z.string(),
  weekday: z.number().int().min(1).max(7),
  start_time: clockReply,
  end_time: clockReply,
  valid_from: z.iso.date(),
  valid_to: z.iso.date(),
  component: z.enum(COMPONENTS),
  units: z.number().int(),
  auto_generate: z.boolean(),
  auto_open: z.boolean(),
  is_active: z.boolean(),
  version: z.number().int(),
});

export const holidaysQuery = z.strictObject({
  ...pagingQuery,
  date_from: dateField.optional(),
  date_to: dateField.optional(),
});

export const holidayReply = z.strictObject({
  id: idField,
  held_on: z.iso.date(),
  name: z.string(),
  from_time: clockReply.nullable(),
  to_time: clockReply.nullable(),
  affects_attendance: z.boolean(),
});
