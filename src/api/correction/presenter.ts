/** Correction requests as the wire shows them. */
import type { z } from 'zod';
import type { CorrectionListRow } from '../../db/queries/requests.ts';
import type { CaseTexts } from '../../operations/requests/read-case-texts.ts';
import { presentCase, presentPerson } from '../cases/presenter.ts';
import type { correctionReply } from './schema.ts';

/** A correction request with the texts its reader may see. */
export function presentCorrection(
  row: CorrectionListRow,
  texts: CaseTexts,
): z.input<typeof correctionReply> {
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
    from_mark: row.fromMark,
    to_mark: row.toMark,
    excuse_category: row.excuseCategory,
    requested_by: presentPerson(row.requestedBy),
  };
}
