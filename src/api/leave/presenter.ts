/** Leave applications as the wire shows them. */
import type { z } from 'zod';
import type { LeaveListRow } from '../../db/queries/requests.ts';
import type { CaseTexts } from '../../operations/requests/read-case-texts.ts';
import { presentCase } from '../cases/presenter.ts';
import type { leaveReply } from './schema.ts';

/** A leave application with the texts its reader may see. */
export function presentLeave(row: LeaveListRow, texts: CaseTexts): z.input<typeof leaveReply> {
  return {
    ...presentCase(row, texts),
    leave_type: row.leaveType,
    starts_at: row.startsAt,
    ends_at: row.endsAt,
  };
}
