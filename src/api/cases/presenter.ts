/** What both kinds of case show on the wire. */
import type { z } from 'zod';
import type { CaseListRow, PersonName, StudentCaseRow } from '../../db/queries/requests.ts';
import type { CaseTexts } from '../../operations/requests/read-case-texts.ts';
import type { caseCore, caseMembers, personReply } from './schema.ts';

type CaseMembers = z.input<z.ZodObject<typeof caseMembers>>;

/** The members that cases about one student share. */
export function presentCase(row: StudentCaseRow, texts: CaseTexts): CaseMembers {
  return {
    ...presentCore(row, texts),
    student: { ...presentPerson(row.student), roll_number: row.student.rollNumber },
  };
}

/** The members that every case shares. */
export function presentCore(
  row: CaseListRow,
  { reason, note }: CaseTexts,
): z.input<z.ZodObject<typeof caseCore>> {
  return {
    id: row.id,
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
