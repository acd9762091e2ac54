/** The integrity report of a section, for its staff. */
import { z } from 'zod';
import type { Principal } from '../../auth/principal.ts';
import { sectionScope, withoutRole } from '../../auth/scope.ts';
import { readIntegrity, type IntegrityReport } from '../../db/queries/integrity.ts';
import { appError } from '../../domain/errors.ts';
import { isOfflineOften } from '../../domain/presence/offline-share.ts';
import { dateField, idField, instantReply } from '../fields.ts';
import { authorize, route } from '../route.ts';

const count = z.int().min(0);

const integrityReply = z.strictObject({
  course_section: idField,
  sessions: count,
  sources: z.array(z.strictObject({ source: z.string(), records: count })),
  refusals: z.array(z.strictObject({ code: z.string(), times: count })),
  shared_device_attempts: z.array(
    z.strictObject({
      session: idField,
      student: idField,
      other_student: idField,
      at: instantReply,
    }),
  ),
  head_count_gaps: z.array(
    z.strictObject({
      session: idField,
      heads: count,
      marked: count,
      outcome: z.enum(['ok', 'headcount_excess', 'headcount_short']),
      at: instantReply,
    }),
  ),
  students: z.array(
    z.strictObject({
      student: idField,
      flagged: count,
      refused: count,
      missed_rechecks: count,
      device_changes: count,
      offline: count,
      scans: count,
      offline_often: z.boolean().describe('more than a quarter of the scans, and at least five'),
    }),
  ),
});

/** Where presence was claimed in ways that deserve a look. */
export const integrity = route({
  method: 'get',
  path: '/api/v1/attendance/reports/integrity',
  summary: 'Flagged scans, shared phones, refusals, head-count gaps and fallbacks of a section',
  tag: 'Presence',
  access: authorize('view_statistics'),
  query: z.strictObject({
    course_section: idField,
    date_from: dateField.optional(),
    date_to: dateField.optional(),
  }),
  replies: { 200: integrityReply },
  errors: ['not_found'],
  handler: async ({ query, principal, operation }) => {
    const report = await readIntegrity(
      operation.em,
      sectionScope(staffOf(principal), 'view_statistics', 'cs'),
      {
        sectionId: query.course_section,
        from: query.date_from ?? null,
        to: query.date_to ?? null,
      },
    );
    if (!report) throw appError('not_found', 'There is no such section among those you teach.');
    return { status: 200, body: present(query.course_section, report) };
  },
});

/** It names students to those who teach them: not to fellow students, mentors or auditors. */
function staffOf(principal: Principal): Principal {
  return (['student', 'mentor', 'auditor'] as const).reduce(withoutRole, principal);
}

function present(section: string, report: IntegrityReport): z.input<typeof integrityReply> {
  return {
    course_section: section,
    sessions: report.sessions,
    sources: [...report.sources],
    refusals: [...report.refusals],
    shared_device_attempts: report.sharedAttempts.map(({ otherStudent, ...attempt }) => ({
      ...attempt,
      other_student: otherStudent,
    })),
    head_count_gaps: [...report.headCountGaps],
    students: report.students.map((signs) => ({
      student: signs.student,
      flagged: signs.flagged,
      refused: signs.refused,
      missed_rechecks: signs.missedRechecks,
      device_changes: signs.deviceChanges,
      offline: signs.offline,
      scans: signs.scans,
      offline_often: isOfflineOften(signs),
    })),
  };
}
