/** Named reads behind the live inbox: how requests stand, and whom a change concerns. */
import { CASE_KINDS, type CaseKind, type CaseStatus, type Id } from '../../domain/types.ts';
import { firstRow, rows, type Em } from '../orm.ts';
import { CASE_FROM, decidersAmong } from './deciders.ts';

/** How a request stands; `version` grows with every change. */
export interface CaseState {
  readonly kind: CaseKind;
  readonly id: Id;
  readonly status: CaseStatus;
  readonly version: number;
}

const STATE = (kind: CaseKind, table: string): string =>
  `select '${kind}' as kind, id, status, version from ${table}`;
const TABLES: Readonly<Record<CaseKind, string>> = {
  leave: 'leave_application',
  correction: 'correction_request',
  self_entry: 'self_entry',
  unlock: 'unlock_request',
};
const EACH = (condition: string): string =>
  CASE_KINDS.map((kind) => `${STATE(kind, TABLES[kind])} where ${condition}`).join(' union all ');
const forEach = <T>(parameter: T): T[] => CASE_KINDS.map(() => parameter);

/**
 * Every pending request, and the decided ones submitted in the last minutes, since a request may be
 * filed and decided between two reads. All parts use the index over status and submission.
 */
export function listLiveCases(em: Em, minutes: number): Promise<CaseState[]> {
  const condition = `status = 'pending' or (
    status in ('approved', 'rejected', 'withdrawn', 'expired')
    and submitted_at > app_clock() - make_interval(mins => ?::int))`;
  return rows<CaseState>(em, EACH(condition), forEach(minutes));
}

/** How the named requests stand. */
export function findCaseStates(em: Em, ids: readonly Id[]): Promise<CaseState[]> {
  return rows<CaseState>(em, EACH('id = any(?::uuid[])'), forEach(ids));
}

const APPLICANTS: Readonly<Record<CaseKind, string>> = {
  leave: 'array[st.user_id]',
  correction: 'array[st.user_id, l.requested_by_id]',
  self_entry: 'array[st.user_id]',
  unlock: 'array[l.requested_by_id]',
};

/** Whom of the given people a change of a request concerns: its applicants and who may decide it. */
export async function findCaseAudience(
  em: Em,
  { kind, id }: Pick<CaseState, 'kind' | 'id'>,
  people: readonly Id[],
): Promise<Set<Id>> {
  const applicants = await firstRow<{ ids: Id[] }>(
    em,
    `select array_remove(${APPLICANTS[kind]}, null) as ids from ${CASE_FROM[kind]} where l.id = ?::uuid`,
    [id],
  );
  const deciders = await decidersAmong(em, kind, id, people);
  const asked = new Set(people);
  return new Set([...(applicants?.ids ?? []), ...deciders].filter((person) => asked.has(person)));
}
