/** Tells the people of a case that it came to its end. */
import type { Em } from '../../db/orm.ts';
import type { CaseStatus } from '../../domain/types.ts';
import { notify } from '../notifications/notify.ts';
import type { Operation } from '../ports.ts';
import type { CaseRow } from './case-row.ts';

/**
 * Writes one notice to who asked and one to the student concerned, in the transaction that ends the
 * case. Who decided knows already.
 */
export async function tellOfEnd(
  { actor, ids }: Operation,
  em: Em,
  { kind, id, applicantId, subjectId }: CaseRow,
  status: CaseStatus,
): Promise<void> {
  const people = [...new Set([applicantId, subjectId])].filter((person) => person !== actor.userId);
  await notify(
    em,
    ids,
    people.map((userId) => ({
      userId,
      kind: 'case_decided',
      dedupeKey: `case_decided:${kind}:${id}`,
      payload: { case: id, case_kind: kind, status },
      // A whole class of self-entries is decided in one minute, before the students' eyes.
      mail: kind !== 'self_entry',
    })),
  );
}
