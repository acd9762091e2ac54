/** The row of a case as its workflow sees it. */
import type { Em } from '../../db/orm.ts';
import type { CaseView } from '../../domain/requests/case.ts';
import type { CaseKind, Id } from '../../domain/types.ts';
import { findCase, viewOf } from './case-row.ts';

/** Loads a case's view, or undefined when there is no such row. */
export async function loadCaseView(em: Em, kind: CaseKind, id: Id): Promise<CaseView | undefined> {
  const row = await findCase(em, kind, id);
  return row && viewOf(row);
}
