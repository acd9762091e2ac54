/** The integrity report of a section, for its staff, the exam cell and administrators. */
import type { Principal } from '../../auth/principal.ts';
import { sectionScope, withoutRole } from '../../auth/scope.ts';
import { readIntegrity } from '../../db/queries/integrity.ts';
import { appError } from '../../domain/errors.ts';
import { authorize, route } from '../route.ts';
import { presentIntegrity } from './integrity-presenter.ts';
import { integrityQuery, integrityReply } from './integrity-schema.ts';

/** Where presence was claimed in ways that deserve a look. */
export const integrity = route({
  method: 'get',
  path: '/api/v1/attendance/reports/integrity',
  summary:
    'Fallbacks, flagged and refused scans, shared phones, device changes, re-checks and head counts',
  tag: 'Presence',
  access: authorize('view_statistics'),
  query: integrityQuery,
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
    if (!report)
      throw appError('not_found', 'There is no such section among those you teach or oversee.');
    return { status: 200, body: presentIntegrity(query.course_section, report) };
  },
});

/**
 * It names students to those who teach them, lead the department, examine or administer: not to
 * fellow students, mentors or auditors.
 */
function staffOf(principal: Principal): Principal {
  return (['student', 'mentor', 'auditor'] as const).reduce(withoutRole, principal);
}
