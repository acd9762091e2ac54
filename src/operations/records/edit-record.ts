/** A person changes a record they have read: their claim has seen all claims behind it (rule R7). */
import { firstRow, type Em } from '../../db/orm.ts';
import { stateRefusal } from '../../domain/attendance/admission.ts';
import { refusalError } from '../../domain/attendance/results.ts';
import { appError } from '../../domain/errors.ts';
import type { Fallback } from '../../domain/presence/fallback.ts';
import type { Id, Mark } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { beginMarks, type LockedSession, lockSessionForMarks } from '../sessions/session-row.ts';
import { lockStudents } from './lock-reach.ts';
import { applyOperations, type OperationDraft, type OperationResult } from './apply-operations.ts';
import { fallbackEvidence, markingRank, withRetries, type MarkScope } from './mark-records.ts';
import type { RecordState } from './lock-records.ts';

/** What a person wants a record to say. */
export interface RecordEdit {
  readonly recordId: Id;
  /** The version the person read. */
  readonly version: number;
  readonly opId: Id;
  readonly mark: Mark;
  readonly notes: string | undefined;
  readonly reason: string | undefined;
  /** Why there was no scan, with a mark of presence only. */
  readonly fallback?: Fallback | undefined;
}

/** Conditions of an edit: who reads the record (over `s` and `st`), and who marks its session. */
export interface EditScope extends MarkScope {
  readonly record: { readonly sql: string; readonly parameters: readonly unknown[] };
}

/** The stored edit and the version of the record after it. */
export interface EditedRecord {
  readonly result: OperationResult;
  readonly version: number;
}

/**
 * Stores one claim over the record's winner and everything else behind it. The version is compared
 * while the record is locked, so of two editors of one version one loses; a repeat of the same
 * operation answers its first result whatever the version.
 * @returns null when the record has another version by now
 * @throws AppError `not_found`, `not_staff`, `try_again`, and what refuses a mark
 */
export async function editRecord(
  operation: Operation,
  scope: EditScope,
  edit: RecordEdit,
): Promise<EditedRecord | null> {
  return withRetries(() =>
    operation.em.transactional(async (em) => {
      await beginMarks(em);
      const place = await findPlace(em, scope, edit.recordId);
      const rank = await markingRank(em, scope, place.session_id);
      const locked = await lockSessionForMarks(em, place.session_id);
      const { record, opIds } = await lockRecord(operation, em, place);
      const earlier = await findEarlier(em, edit.opId);
      if (!earlier) {
        refuseByState(locked, rank);
        if (record.version !== edit.version) return null;
      }
      const seen = earlier ?? seenBy(record, opIds);
      const draft = { ...draftOf(edit, place.student_id, rank), ...seen };
      const [result] = await applyOperations({ ...operation, em }, em, place.session_id, [draft], {
        locked,
      });
      return editedRecord(record, result);
    }),
  );
}

interface Place {
  readonly session_id: Id;
  readonly student_id: Id;
}

async function findPlace(em: Em, { record }: EditScope, id: Id): Promise<Place> {
  const row = await firstRow<Place>(
    em,
    `select r.session_id, r.student_id from attendance_record r
     join attendance_session s on s.id = r.session_id
     join student st on st.id = r.student_id
     where r.id = ?::uuid and (${record.sql})`,
    [id, ...record.parameters],
  );
  if (row) return row;
  throw appError('not_found', 'There is no such record, or it is not one of yours.');
}

async function lockRecord(
  { ids }: Operation,
  em: Em,
  { session_id: sessionId, student_id: studentId }: Place,
): Promise<{ record: RecordState; opIds: readonly Id[] }> {
  const found = await lockStudents(em, sessionId, [studentId], () => ids.next());
  const record = found.records.get(studentId);
  if (!record) throw new Error(`record of ${studentId} was not locked`);
  const own = found.operations.filter((op) => op.studentId === studentId);
  return { record, opIds: own.map((op) => op.opId) };
}

type Seen = Pick<OperationDraft, 'baseOpId' | 'acks'>;

/** What the same operation had seen when it was first sent; its payload must come out the same. */
async function findEarlier(em: Em, opId: Id): Promise<Seen | undefined> {
  const row = await firstRow<{ base_op_id: Id | null; acks: Id[] }>(
    em,
    'select base_op_id, acks from attendance_operation where op_id = ?::uuid',
    [opId],
  );
  return row && { baseOpId: row.base_op_id, acks: row.acks };
}

function seenBy({ winnerOpId }: RecordState, opIds: readonly Id[]): Seen {
  return { baseOpId: winnerOpId, acks: opIds.filter((opId) => opId !== winnerOpId) };
}

/** What the class does not take at all is said before the version: reading again would not help. */
function refuseByState({ effectiveStatus, session }: LockedSession, rank: number): void {
  const refusal = stateRefusal(effectiveStatus, rank, session);
  if (refusal) throw refusalError(refusal);
}

function draftOf(edit: RecordEdit, studentId: Id, rank: number): OperationDraft {
  return {
    opId: edit.opId,
    studentId,
    mark: edit.mark,
    rank,
    source: 'manual',
    notes: edit.notes ?? null,
    reason: edit.reason ?? null,
    ...fallbackEvidence(edit.fallback),
    isInteractive: true,
  };
}

function editedRecord(before: RecordState, result: OperationResult | undefined): EditedRecord {
  if (!result) throw new Error('an edit gave no result');
  if (result.status === 'rejected' && result.code) {
    throw refusalError({ ...result, code: result.code });
  }
  const isRepeat = result.status === 'duplicate';
  return { result, version: isRepeat ? before.version : (result.record ?? before).version };
}
