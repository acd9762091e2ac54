/** Authority to decide, read in the deciding transaction. */
import { firstRow, type Em } from '../../db/orm.ts';
import { CASE_FROM, deciderCondition } from '../../db/queries/deciders.ts';
import type { CaseKind, Id } from '../../domain/types.ts';

/** Says whether a person may decide this case now. */
export async function mayDecide(em: Em, kind: CaseKind, id: Id, userId: Id): Promise<boolean> {
  const condition = deciderCondition(kind, userId);
  const row = await firstRow<{ allowed: boolean }>(
    em,
    `select (${condition.sql}) as allowed from ${CASE_FROM[kind]} where l.id = ?::uuid`,
    [...condition.parameters, id],
  );
  return row?.allowed ?? false;
}
