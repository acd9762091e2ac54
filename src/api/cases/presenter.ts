/** What both kinds of case show on the wire. */
import type { z } from 'zod';
import type { CaseListRow, PersonName } from '../../db/queries/requests.ts';
import type { CaseTexts } from '../../operations/requests/read-case-texts.ts';
import type { caseMembers, personReply } from './schema.ts';

type CaseMembers = z.input<z.ZodObject<typeof caseMembers>>;

/** The members that leave and corrections share. */
export function presentCase(row: CaseListRow, { reason, note }: CaseTexts): CaseMembers {
  return {
    id: row.id,
    student: { ...presentPerson(row.student), roll_number: row.student.rollNumber },
    reason,
    status: row.status,
    level: row.level,
    submitted_at: row.submittedAt,
    expires_at: row.expiresAt,
    decided_at: row.decidedAt,
    decided_by: row.decidedBy && presentPerson(row.decidedBy),
    outcome_code: row.outcomeCode,
    note,
    can: { decide: row.mayDecide, withdraw: row.mayWithdraw },
    version: row.version,
  };
}

/** A person's name. */
export function presentPerson({
  id,
  firstName,
  lastName,
}: PersonName): z.input<typeof personReply> {
  return { id, first_name: firstName, last_name: lastName };
}
