/** Marks by people: a single mark or a class in bulk, in one transaction (marks.md section 12). */
import { firstRow, rows, sqlState, type Em } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { appError, AppError } from '../../domain/errors.ts';
import { fallbackRefusal, type Fallback } from '../../domain/presence/fallback.ts';
import type { Id, Mark } from '../../domain/types.ts';
import { uuidV5 } from '../../security/uuid-v5.ts';
import type { Operation } from '../ports.ts';
import { beginMarks, lockSessionForMarks } from '../sessions/session-row.ts';
import { applyOperations, type OperationDraft, type OperationResult } from './apply-operations.ts';
import { rosterOf } from './roster.ts';

/** One mark as a person states it. */
export interface MarkItem {
  readonly opId: Id;
  readonly studentId: Id;
  readonly mark: Mark;
  readonly notes?: string | undefined;
  readonly reason?: string | undefined;
  readonly baseOpId?: Id | null | undefined;
  readonly acks?: readonly Id[] | undefined;
  /** Why there was no scan, with a mark of presence only. */
  readonly fallback?: Fallback | undefined;
}

/** Conditions over session `s`: who sees it, who teaches it, who may override. */
export interface MarkScope {
  readonly view: { readonly sql: string; readonly parameters: readonly unknown[] };
  readonly mark: { readonly sql: string; readonly parameters: readonly unknown[] };
  /** The asker's faculty id, to tell rank 80 from an override. */
  readonly facultyId: Id | null;
}

/** The mark of everyone who has none when it arrives. */
export interface RestMark {
  readonly mark: Mark;
  /** Waiting claims that were shown, of whichever student; a mark answers those of its own. */
  readonly acks?: readonly Id[] | undefined;
}

/** A class in bulk: items, and a mark for everyone else without a record. */
export interface BulkMarks {
  readonly sessionId: Id;
  readonly items: readonly MarkItem[];
  readonly rest: RestMark | undefined;
  /** Namespace of the ids of the default's items: the request's Idempotency-Key. */
  readonly keyNamespace: Id;
}

const ATTEMPTS = 3;

/**
 * Stores the marks in one transaction and answers each item in request order, those of the default
 * after them. A refused item never blocks the others.
 * @throws AppError `not_found` (session outside the asker's sight), `not_staff`, `try_again`
 */
export async function markRecords(
  operation: Operation,
  scope: MarkScope,
  input: BulkMarks,
): Promise<OperationResult[]> {
  return withRetries(() =>
    operation.em.transactional(async (em) => {
      await beginMarks(em);
      const rank = await markingRank(em, scope, input.sessionId);
      const locked = await lockSessionForMarks(em, input.sessionId);
      const items = [...input.items, ...(await defaultItems(em, locked.session, input))];
      const drafts = items.map((item) => toDraft(item, rank));
      return applyOperations(operation, em, input.sessionId, drafts, { locked });
    }),
  );
}

/** Runs a transaction again after a lock wait, a deadlock or a session that changed under it. */
export async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isTransient =
        (error instanceof AppError && error.code === 'try_again') ||
        ['40P01', '40001', '55P03'].includes(sqlState(error) ?? '');
      if (!isTransient) throw error;
      if (attempt === ATTEMPTS) {
        throw appError('try_again', 'The class is busy just now; send the mark again.', {
          cause: error,
        });
      }
    }
  }
}

/** Rank 80 for staff of the session, 90 for an override by a head of department or administrator. */
export async function markingRank(em: Em, scope: MarkScope, sessionId: Id): Promise<number> {
  const row = await firstRow<{ may_mark: boolean; teaches: boolean }>(
    em,
    `select (${scope.mark.sql}) as may_mark, exists (
       select 1 from teaching_assignment ta where ta.faculty_id = ?::uuid
         and (ta.session_id = s.id or ta.course_section_id in (
           select x.course_section_id from session_section x where x.session_id = s.id))
         and ta.valid_from <= s.scheduled_date
         and (ta.valid_to is null or ta.valid_to > s.scheduled_date)) as teaches
     from attendance_session s where s.id = ?::uuid and (${scope.view.sql})`,
    [...scope.mark.parameters, scope.facultyId, sessionId, ...scope.view.parameters],
  );
  if (!row) throw appError('not_found', 'There is no such session, or it is not one of yours.');
  if (row.teaches) return RANK.faculty;
  if (row.may_mark) return RANK.override;
  throw appError('not_staff', 'Only the staff of this class may mark it.');
}

async function defaultItems(
  em: Em,
  session: Parameters<typeof rosterOf>[1],
  { rest, items, keyNamespace }: BulkMarks,
): Promise<MarkItem[]> {
  if (rest === undefined) return [];
  const listed = new Set(items.map((item) => item.studentId));
  const marked = await rows<{ student_id: Id }>(
    em,
    'select student_id from attendance_record where session_id = ?::uuid and mark is not null',
    [session.id],
  );
  const known = new Set(marked.map((row) => row.student_id));
  const roster = await rosterOf(em, session);
  const opIdOf = (studentId: Id): Id => bulkItemId(keyNamespace, session.id, studentId);
  const earlier = await rows<{ op_id: Id }>(
    em,
    'select op_id from attendance_operation where op_id = any(?::uuid[])',
    [roster.map(opIdOf)],
  );
  const repeated = new Set(earlier.map((row) => row.op_id));
  const acksOf = await ownersOf(em, session.id, rest.acks ?? []);
  return roster
    .filter((id) => !listed.has(id) && (!known.has(id) || repeated.has(opIdOf(id))))
    .map((studentId) => ({
      opId: opIdOf(studentId),
      studentId,
      mark: rest.mark,
      acks: acksOf.get(studentId),
    }));
}

/** The claims among these that are about the session, by student. */
async function ownersOf(
  em: Em,
  sessionId: Id,
  opIds: readonly Id[],
): Promise<ReadonlyMap<Id, Id[]>> {
  if (opIds.length === 0) return new Map();
  const found = await rows<{ op_id: Id; student_id: Id }>(
    em,
    `select op_id, student_id from attendance_operation
     where session_id = ?::uuid and op_id = any(?::uuid[]) order by op_id`,
    [sessionId, opIds],
  );
  const owned = Map.groupBy(found, (row) => row.student_id);
  return new Map([...owned].map(([student, own]) => [student, own.map((row) => row.op_id)]));
}

/** The id of a bulk item without one: UUIDv5 of `session:student` in the key's namespace. */
export function bulkItemId(keyNamespace: Id, sessionId: Id, studentId: Id): Id {
  return uuidV5(keyNamespace, `${sessionId}:${studentId}`);
}

function toDraft(item: MarkItem, rank: number): OperationDraft {
  const refusal = fallbackRefusal(item);
  return {
    opId: item.opId,
    studentId: item.studentId,
    mark: item.mark,
    rank,
    source: 'manual',
    baseOpId: item.baseOpId ?? null,
    acks: item.acks ?? [],
    notes: item.notes ?? null,
    reason: item.reason ?? null,
    ...fallbackEvidence(item.fallback),
    isInteractive: true,
    verdict: refusal && { outcome: 'rejected', ...refusal },
  };
}

/** A fallback as the evidence of a claim; hashed with it (R0). Without one the claim has none. */
export function fallbackEvidence(fallback: Fallback | undefined): Pick<OperationDraft, 'evidence'> {
  return fallback === undefined ? {} : { evidence: { fallback } };
}
