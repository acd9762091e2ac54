/** Students' own entries as the wire shows them. */
import type { z } from 'zod';
import type { SelfEntryListRow } from '../../db/queries/self-entries.ts';
import type { BulkDecision } from '../../operations/requests/decide-self-entries.ts';
import type { CaseTexts } from '../../operations/requests/read-case-texts.ts';
import { presentCase } from '../cases/presenter.ts';
import type { bulkDecisionReply, selfEntryReply } from './schema.ts';

/** An entry with the texts its reader may see. */
export function presentSelfEntry(
  row: SelfEntryListRow,
  texts: CaseTexts,
): z.input<typeof selfEntryReply> {
  return {
    ...presentCase(row, texts),
    session: {
      id: row.sessionId,
      scheduled_date: row.scheduledDate,
      start_datetime: row.startAt,
      course_code: row.courseCode,
      course_name: row.courseName,
      section_name: row.sectionName,
    },
    op_id: row.opId,
    record_mark: row.recordMark,
  };
}

/** What became of each entry of a bulk decision, in the order of the request. */
export function presentBulkDecision(
  decisions: readonly BulkDecision[],
): z.input<typeof bulkDecisionReply> {
  const count = (status: BulkDecision['status']): number =>
    decisions.filter((decision) => decision.status === status).length;
  return {
    results: decisions.map(({ id, status, code, detail, entryStatus }) => ({
      id,
      status,
      code,
      detail,
      entry_status: entryStatus,
    })),
    counts: { applied: count('applied'), rejected: count('rejected'), retry: count('retry') },
  };
}
