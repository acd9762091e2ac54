/** Authority to decide, read in the deciding transaction. */
import { firstRow, type Em } from '../../db/orm.ts';
import { deciderCondition } from '../../db/queries/deciders.ts';
import type { CaseKind, Id } from '../../domain/types.ts';

const FROM: Readonly<Record<CaseKind, string>> = {
  leave: 'leave_application l join student st on st.id = l.student_id',
  correction: `correction_request l join student st on st.id = l.student_id
    join attendance_session s on s.id = l.session_id
    join course_section cs on cs.id = s.course_section_id join course c on c.id = cs.course_id`,
};

/** Says whether a person may decide this case now. */
export async function mayDecide(em: Em, kind: CaseKind, id: Id, userId: Id): Promise<boolean> {
  const condition = deciderCondition(kind, userId);
  const row = await firstRow<{ allowed: boolean }>(
    em,
    `select (${condition.sql}) as allowed from ${FROM[kind]} where l.id = ?::uuid`,
    [...condition.parameters, id],
  );
  return row?.allowed ?? false;
}
