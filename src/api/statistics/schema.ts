/** Schemas of statistics and of the exam-eligibility report. */
import { z } from 'zod';
import { ELIGIBILITY_VERDICTS } from '../../domain/eligibility/decide.ts';
import { CONSEQUENCES } from '../../domain/eligibility/regulation.ts';
import { COMPONENTS } from '../../domain/types.ts';
import { dateField, idField, instantReply } from '../fields.ts';
import { listOf, pagingQuery } from '../paging.ts';

export const studentParams = z.strictObject({ student_id: idField });
export const sectionParams = z.strictObject({ course_section_id: idField });

export const studentQuery = z
  .strictObject({
    course_section: idField.optional(),
    date_from: dateField.optional(),
    date_to: dateField.optional(),
  })
  .refine(({ date_from: from, date_to: to }) => !from || !to || from <= to, {
    path: ['date_to'],
    message: 'date_to must not lie before date_from.',
  });

export const reportQuery = z.strictObject({
  ...pagingQuery,
  course_section: idField.optional(),
  department: idField.optional(),
  semester: z.string().trim().min(1).max(100).optional(),
  verdict: z.enum(ELIGIBILITY_VERDICTS).optional(),
});

const count = z.number().int().min(0);
const basisPoints = z.number().int().min(0).max(10_000).nullable();
const percentText = z
  .string()
  .regex(/^\d{1,3}\.\d\d$/)
  .nullable();
const thresholdPercent = z.number().min(0).max(100);

const studentReply = z.strictObject({
  id: idField,
  roll_number: z.string(),
  first_name: z.string(),
  last_name: z.string(),
});

const sectionReply = z.strictObject({
  id: idField,
  course: z.strictObject({ id: idField, code: z.string(), name: z.string() }),
  section_name: z.string(),
});

const judged = {
  held: count,
  attended: count,
  attendance_percentage: percentText,
  threshold_percent: thresholdPercent,
  verdict: z.enum(ELIGIBILITY_VERDICTS),
  is_eligible_for_exam: z.boolean().nullable(),
};

const courseNumbers = {
  total_sessions: count,
  ...judged,
  present_count: count,
  late_count: count,
  absent_count: count,
  excused_count: count,
  not_recorded: count,
  not_taken: count,
  value_bp: basisPoints,
  components: z.partialRecord(z.enum(COMPONENTS), z.strictObject({ held: count, attended: count })),
  projection: z.strictObject({
    consecutive_needed: count.nullable(),
    may_miss: count.nullable(),
  }),
};

export const studentStatisticsReply = z.strictObject({
  student: studentReply,
  academic_year: z.string().nullable(),
  semester: z.string().nullable(),
  as_of: instantReply,
  threshold_percent: thresholdPercent,
  overall: z.strictObject({
    held: count,
    attended: count,
    value_bp: basisPoints,
    shown: percentText,
  }),
  courses: z.array(z.strictObject({ course_section: sectionReply, ...courseNumbers })),
});

export const courseStatisticsReply = z.strictObject({
  course_section: sectionReply,
  as_of: instantReply,
  threshold_percent: thresholdPercent,
  total_sessions: count,
  not_taken: count,
  average_bp: basisPoints,
  students: z.array(z.strictObject({ student: studentReply, ...courseNumbers })),
});

export const reportReply = listOf(
  z.strictObject({
    student: studentReply,
    course_section: sectionReply,
    ...judged,
    consequence: z.enum(CONSEQUENCES),
  }),
  {
    threshold_percent: thresholdPercent,
    counts: z.record(z.enum(ELIGIBILITY_VERDICTS), count),
  },
);
