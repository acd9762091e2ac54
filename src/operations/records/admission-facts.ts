/** What claims need to know before any row is locked, for all their sessions in one statement. */
import { type Em, preparedRows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import type { SessionRow } from '../sessions/session-row.ts';
import type { OperationDraft, OperationResult } from './operation-draft.ts';

/** The claims about one session. */
export interface ClaimsOnSession {
  readonly session: SessionRow;
  readonly drafts: readonly OperationDraft[];
}

/** A stored operation that a claim repeats. */
export interface KnownOperation {
  readonly payloadHash: string;
  readonly result: OperationResult;
}

/** Facts about the students and ids of a batch. */
export interface AdmissionFacts {
  readonly members: ReadonlySet<Id>;
  /** Those claimed about in this session who exist at all; a claim about nobody cannot be stored. */
  readonly students: ReadonlySet<Id>;
  readonly known: ReadonlyMap<Id, KnownOperation>;
  /** Device keys that students' own claims of these students name in this session. */
  readonly deviceKeys: ReadonlySet<Id>;
}

/** A teacher's phone holds a whole class and collides with nothing (rule R11). */
export const STUDENT_CAPTURED = "('qr', 'self')";

interface FactRow {
  kind: 'member' | 'student' | 'device' | 'operation';
  session_id: Id | null;
  id: Id;
  payload_hash: string | null;
  result: OperationResult | null;
}

/** Reads roster membership, repeated ids and named devices, by session. */
export async function readAdmissionFacts(
  em: Em,
  claims: readonly ClaimsOnSession[],
): Promise<Map<Id, AdmissionFacts>> {
  const places = claims.flatMap(({ session, drafts }) =>
    [...new Set(drafts.map((draft) => draft.studentId))].map((student) => ({ session, student })),
  );
  const found = await preparedRows<FactRow>(
    em,
    `with q as (
       select * from unnest(?::uuid[], ?::uuid[], ?::date[]) as q(session_id, student_id, held_on))
     select 'member' as kind, q.session_id, q.student_id as id, null as payload_hash,
         null::jsonb as result
       -- OFFSET 0: a look into the indexes per claim, never a join of all enrolments.
       from q cross join lateral (
         select 1 from session_section ss
         join enrolment e on e.course_section_id = ss.course_section_id
         where ss.session_id = q.session_id and e.student_id = q.student_id
           and e.status = 'enrolled' and e.valid_from <= q.held_on
           and (e.valid_to is null or e.valid_to > q.held_on) limit 1 offset 0) m
     union all
     select 'student', null, id, null, null from student where id = any(?::uuid[])
     union all
     select distinct 'device', o.session_id, o.device_key_id, null, null::jsonb
       from q join attendance_operation o using (session_id, student_id)
       where o.device_key_id is not null and o.source in ${STUDENT_CAPTURED}
     union all
     select 'operation', null, op_id, payload_hash, result from attendance_operation
       where op_id = any(?::uuid[])`,
    [
      places.map(({ session }) => session.id),
      places.map(({ student }) => student),
      places.map(({ session }) => session.scheduledDate),
      [...new Set(places.map(({ student }) => student))],
      claims.flatMap(({ drafts }) => drafts.map((draft) => draft.opId)),
    ],
  );
  return bySession(claims, found);
}

function bySession(
  claims: readonly ClaimsOnSession[],
  found: readonly FactRow[],
): Map<Id, AdmissionFacts> {
  const known = new Map<Id, KnownOperation>();
  for (const row of found) {
    if (row.kind !== 'operation' || row.result === null) continue;
    known.set(row.id, { payloadHash: row.payload_hash ?? '', result: row.result });
  }
  const ofSession = Map.groupBy(found, (row) => row.session_id);
  const idsOf = (session: Id | null, kind: FactRow['kind']): Set<Id> =>
    new Set((ofSession.get(session) ?? []).filter((row) => row.kind === kind).map(({ id }) => id));
  const existing = idsOf(null, 'student');
  return new Map(
    claims.map(({ session: { id }, drafts }) => {
      // Only those claimed about here: `members` says nothing of anybody else.
      const named = drafts.map((draft) => draft.studentId).filter((own) => existing.has(own));
      const students = new Set(named);
      const facts = {
        members: idsOf(id, 'member'),
        students,
        known,
        deviceKeys: idsOf(id, 'device'),
      };
      return [id, facts];
    }),
  );
}
