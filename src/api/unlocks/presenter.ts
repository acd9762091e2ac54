/** Requests to unlock a register as the wire shows them. */
import type { z } from 'zod';
import type { UnlockListRow } from '../../db/queries/unlocks.ts';
import type { CaseTexts } from '../../operations/requests/read-case-texts.ts';
import { presentCore, presentPerson } from '../cases/presenter.ts';
import type { unlockReply } from './schema.ts';

/** A request to unlock with the texts its reader may see. */
export function presentUnlock(row: UnlockListRow, texts: CaseTexts): z.input<typeof unlockReply> {
  return {
    ...presentCore(row, texts),
    session: {
      id: row.sessionId,
      scheduled_date: row.scheduledDate,
      start_datetime: row.startAt,
      course_code: row.courseCode,
      course_name: row.courseName,
      section_name: row.sectionName,
    },
    hours: row.hours,
    unlocked_until: row.unlockedUntil,
    relocked_at: row.relockedAt,
    requested_by: presentPerson(row.requestedBy),
  };
}
