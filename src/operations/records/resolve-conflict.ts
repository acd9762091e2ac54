/** A person settles a contradiction: their word is a claim that has seen all it names (rule R6). */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { errorCodeOf } from '../../domain/attendance/results.ts';
import { appError } from '../../domain/errors.ts';
import type { ConflictState, Id, Mark } from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import type { Operation } from '../ports.ts';
import { beginMarks, lockSessionForMarks, type SessionRow } from '../sessions/session-row.ts';
import { lockStudents } from './lock-reach.ts';
import { applyOperations, type OperationDraft, type OperationResult } from './apply-operations.ts';
import { ROSTER } from './roster.ts';
import { markingRank, withRetries, type MarkScope } from './mark-records.ts';

/** What a person says of the students a contradiction concerns. */
export interface ConflictResolution {
  readonly conflictId: Id;
  /** The version the person saw. */
  readonly version: number;
  /** One mark for each student concerned. */
  readonly marks: readonly { readonly studentId: Id; readonly mark: Mark }[];
  readonly reason: string;
  /** The request's Idempotency-Key; ids of the claims are made from it. */
  readonly keyNamespace: Id;
}

/**
 * Stores one claim per student concerned, all or none, over everything the contradiction names.
 * A repeat of the same request answers the first results.
 * @throws AppError `not_found`, `not_staff`, `stale`, `state_conflict`, `validation_failed`, and
 *   what refuses a mark
 */
export async function resolveConflict(
  operation: Operation,
  scope: MarkScope,
  input: ConflictResolution,
): Promise<OperationResult[]> {
  return withRetries(() =>
    operation.em.transactional(async (em) => {
      await beginMarks(em);
      const seen = await findVisible(em, scope, input.conflictId);
      const rank = await markingRank(em, scope, seen.session_id);
      const locked = await lockSessionForMarks(em, seen.session_id);
      // Whoever comes second finds the first one's word stored.
      await lockStudents(em, seen.session_id, await concernedBy(em, input.conflictId), () =>
        operation.ids.next(),
      );
      const conflict = await readConflict(em, input.conflictId);
      const drafts = await draftsOf(em, locked.session, conflict, input, rank);
      const earlier = await earlierResults(em, drafts);
      if (earlier) return earlier;
      requireCurrent(conflict, input);
      const results = await applyOperations({ ...operation, em }, em, seen.session_id, drafts, {
        locked,
      });
      const refused = results.find((result) => result.status === 'rejected');
      if (refused?.code) throw appError(errorCodeOf(refused.code), refused.detail ?? '');
      return results;
    }),
  );
}

interface ConflictFacts {
  readonly state: ConflictState;
  readonly version: number;
  readonly op_ids: Id[];
}

async function findVisible(em: Em, { view }: MarkScope, id: Id): Promise<{ session_id: Id }> {
  const row = await firstRow<{ session_id: Id }>(
    em,
    `select x.session_id from attendance_conflict x
     join attendance_session s on s.id = x.session_id where x.id = ?::uuid and (${view.sql})`,
    [id, ...view.parameters],
  );
  if (row) return row;
  throw appError('not_found', 'There is no such conflict, or it is not in one of your classes.');
}

async function concernedBy(em: Em, id: Id): Promise<Id[]> {
  const found = await rows<{ student_id: Id }>(
    em,
    `select distinct o.student_id from attendance_conflict x
     join attendance_operation o on o.op_id = any(x.op_ids) where x.id = ?::uuid`,
    [id],
  );
  return found.map((row) => row.student_id);
}

async function readConflict(em: Em, id: Id): Promise<ConflictFacts> {
  const row = await firstRow<ConflictFacts>(
    em,
    'select state, version, op_ids from attendance_conflict where id = ?::uuid',
    [id],
  );
  if (!row) throw new Error('a conflict vanished');
  return row;
}

/**
 * The claims, each over the current winner and everything else the contradiction names. Of a student
 * who left the roster nothing is said.
 */
async function draftsOf(
  em: Em,
  session: SessionRow,
  conflict: ConflictFacts,
  input: ConflictResolution,
  rank: number,
): Promise<OperationDraft[]> {
  const concerned = await rows<{ student_id: Id; op_ids: Id[]; winner_op_id: Id | null }>(
    em,
    `select o.student_id, array_agg(o.op_id order by o.op_id) as op_ids, r.winner_op_id
     from attendance_operation o
     left join attendance_record r on r.session_id = o.session_id and r.student_id = o.student_id
     where o.session_id = ?::uuid and o.op_id = any(?::uuid[]) and o.student_id in (${ROSTER})
     group by o.student_id, r.winner_op_id`,
    [session.id, conflict.op_ids, session.id, session.scheduledDate, session.scheduledDate],
  );
  const markOf = new Map(input.marks.map(({ studentId, mark }) => [studentId, mark]));
  const isComplete =
    markOf.size === concerned.length &&
    input.marks.length === markOf.size &&
    concerned.every(({ student_id }) => markOf.has(student_id));
  if (!isComplete) {
    const detail = 'Give one mark for each student the conflict names, and for nobody else.';
    throw appError('validation_failed', detail, {
      errors: [{ path: 'marks', code: 'incomplete', detail }],
    });
  }
  return concerned.map((row) => ({
    opId: uuidV5(input.keyNamespace, `${input.conflictId}:${row.student_id}`),
    studentId: row.student_id,
    mark: markOf.get(row.student_id) ?? null,
    rank,
    source: 'manual',
    baseOpId: row.winner_op_id,
    acks: row.op_ids.filter((opId) => opId !== row.winner_op_id),
    reason: input.reason,
    isInteractive: true,
  }));
}

/** The first results of the same request, if it was carried out before. */
async function earlierResults(
  em: Em,
  drafts: readonly OperationDraft[],
): Promise<OperationResult[] | undefined> {
  const known = await rows<{ op_id: Id; mark: Mark | null; result: OperationResult }>(
    em,
    'select op_id, mark, result from attendance_operation where op_id = any(?::uuid[])',
    [drafts.map((draft) => draft.opId)],
  );
  if (known.length === 0) return undefined;
  const byId = new Map(known.map((row) => [row.op_id, row]));
  return drafts.map((draft) => {
    const row = byId.get(draft.opId);
    if (row?.mark !== draft.mark) {
      throw appError('op_id_reused', 'This Idempotency-Key settled the conflict in another way.');
    }
    return { ...row.result, status: 'duplicate', original: row.result, isFirst: false };
  });
}

/** What is settled must be what the person saw. */
function requireCurrent({ state, version }: ConflictFacts, input: ConflictResolution): void {
  if (state !== 'open') {
    throw appError('state_conflict', 'The conflict is settled already; read it again.');
  }
  if (version !== input.version) {
    throw appError('stale', 'The conflict changed since you read it; look at it again.', {
      meta: { current_version: version },
    });
  }
}
