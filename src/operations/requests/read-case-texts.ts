/** Opens the sealed texts of cases for people the read has found entitled to them (trust.md O10). */
import type { CaseListRow } from '../../db/queries/requests.ts';
import type { CaseKind } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { CASE_TABLE } from './case-row.ts';

/** The texts of a case; null for who may not read them, and where there is none. */
export interface CaseTexts {
  readonly reason: string | null;
  readonly note: string | null;
}

/** Opens reason and note of one case. */
export async function readCaseTexts(
  { sealer }: Pick<Operation, 'sealer'>,
  kind: CaseKind,
  row: Pick<CaseListRow, 'id' | 'reasonSealed' | 'decisionId' | 'noteSealed'>,
): Promise<CaseTexts> {
  const reasonPlace = {
    table: CASE_TABLE[kind],
    column: kind === 'self_entry' ? 'notes_sealed' : 'reason_sealed',
    rowId: row.id,
  };
  const notePlace = { table: 'decision', column: 'note_sealed', rowId: row.decisionId ?? '' };
  const [reason, note] = await Promise.all([
    row.reasonSealed === null ? null : sealer.open(reasonPlace, row.reasonSealed),
    row.noteSealed === null ? null : sealer.open(notePlace, row.noteSealed),
  ]);
  return { reason, note };
}
