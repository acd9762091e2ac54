/** Opens notes and reasons of claims for whom may read them, and records that they were read. */
import { appendLog, auditEntry, personChain } from '../../audit/append-log.ts';
import type { HistoryRow, RecordReading } from '../../db/queries/record-history.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';

/** The texts of one claim; null where there is none and for who may not read it. */
export interface ClaimTexts {
  readonly notes: string | null;
  readonly reason: string | null;
}

/** A claim as far as its texts go. */
type SealedClaim = Pick<HistoryRow, 'opId' | 'notesSealed' | 'reasonSealed' | 'actor'>;

/**
 * Opens the texts of claims (trust.md O10): staff of the session and the head of its department read
 * all, everyone else what they wrote. Reading another person's words is an event of the student.
 */
export async function readRecordTexts(
  operation: Operation,
  recordId: Id,
  reading: Pick<RecordReading, 'studentId' | 'mayReadTexts'>,
  claims: readonly SealedClaim[],
): Promise<ReadonlyMap<Id, ClaimTexts>> {
  const { userId } = operation.actor;
  const isOwn = ({ actor }: SealedClaim): boolean => actor !== null && actor.id === userId;
  const readable = claims.filter(
    (claim) =>
      (claim.notesSealed !== null || claim.reasonSealed !== null) &&
      (reading.mayReadTexts || isOwn(claim)),
  );
  const opened = await Promise.all(
    readable.map(async (claim) => [claim.opId, await openTexts(operation, claim)] as const),
  );
  const foreign = readable.filter((claim) => !isOwn(claim));
  if (foreign.length > 0) await recordReading(operation, recordId, reading.studentId, foreign);
  return new Map(opened);
}

async function openTexts({ sealer }: Operation, claim: SealedClaim): Promise<ClaimTexts> {
  const open = (column: string, sealed: string | null) =>
    sealed === null
      ? null
      : sealer.open({ table: 'attendance_operation', column, rowId: claim.opId }, sealed);
  const [notes, reason] = await Promise.all([
    open('notes_sealed', claim.notesSealed),
    open('reason_sealed', claim.reasonSealed),
  ]);
  return { notes, reason };
}

async function recordReading(
  { em, ids, actor }: Operation,
  recordId: Id,
  studentId: Id,
  claims: readonly SealedClaim[],
): Promise<void> {
  await em.transactional((inner) =>
    appendLog(inner, ids, {
      audit: [
        auditEntry(actor, {
          chain: personChain(studentId),
          action: 'record.texts_read',
          entityType: 'AttendanceRecord',
          entityId: recordId,
          studentId,
          after: { op_ids: claims.map((claim) => claim.opId) },
        }),
      ],
    }),
  );
}
