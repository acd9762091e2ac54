/**
 * The one way a mark enters: admits operations, stores them, settles the records and appends the
 * audit and live events, inside the caller's transaction (marks.md sections 3 to 7).
 */
import { auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import type { Em } from '../../db/orm.ts';
import { isStudentCaptured } from '../../domain/attendance/operation.ts';
import { stateRefusal } from '../../domain/attendance/admission.ts';
import { appError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import type { Actor, Operation } from '../ports.ts';
import { draftCorrections } from '../requests/draft-corrections.ts';
import { lockSessionForMarks, lookAtSession, type LockedSession } from '../sessions/session-row.ts';
import { lockDeviceKeys, readAdmissionFacts, type AdmissionFacts } from './admission-facts.ts';
import { appendMarks } from './append-marks.ts';
import { becomeTaken, mayUndoTaken } from './become-taken.ts';
import { judgeDraft } from './judge-draft.ts';
import { writeConflicts, type ConflictReach } from './keep-conflicts.ts';
import { MarkBatch } from './mark-batch.ts';
import { rosterMembers } from './roster.ts';
import { rejectedResult, type OperationDraft, type OperationResult } from './operation-draft.ts';
import { sealTexts } from './seal-texts.ts';
import { insertOperations, lockRecords, writeRecords } from './settle-records.ts';
import { tellOfMarks } from './tell-of-marks.ts';

export { appendMarks, markEntries } from './append-marks.ts';
export { payloadHash, type OperationDraft, type OperationResult } from './operation-draft.ts';

/** Options of callers inside larger transactions. */
export interface ApplyOptions {
  /** The session as the caller locked it; without it the session is locked here. */
  readonly locked?: LockedSession;
  /** Audit events of the same transaction, appended together because chain heads lock last. */
  readonly audit?: readonly AuditEntry[];
}

/**
 * Applies claims to one session. Results come in the order of the drafts and one never blocks the
 * others; a refused claim is stored only where its draft says so. Append to the same
 * chains only through `options.audit`.
 * @throws AppError `not_found`, `try_again`
 */
export async function applyOperations(
  operation: Operation,
  em: Em,
  sessionId: Id,
  drafts: readonly OperationDraft[],
  options: ApplyOptions = {},
): Promise<OperationResult[]> {
  const early = options.locked ? null : await refuseEarly(em, sessionId, drafts);
  if (early) return early;
  const sealed = await sealTexts(operation, drafts);
  const locked = options.locked ?? (await lockSessionForMarks(em, sessionId, mayUndoTaken(drafts)));
  const facts = await readAdmissionFacts(em, locked.session, drafts);
  const verdicts = new Map(
    drafts.map((draft) => [draft, judgeDraft(locked, facts.members, draft)]),
  );
  const late = drafts.filter(
    (draft) => verdicts.get(draft)?.code === 'session_locked' && !facts.known.has(draft.opId),
  );
  const drafted = await draftCorrections(
    operation,
    em,
    locked,
    late.filter((draft) => verdicts.get(draft)?.outcome === 'review'),
  );
  const { reach, records } = await lockReach(operation, em, locked, facts, drafts, (draft) => {
    const verdict = verdicts.get(draft) ?? null;
    return !facts.known.has(draft.opId) && verdict?.outcome !== 'rejected';
  });
  const batch = new MarkBatch({
    locked,
    facts,
    records,
    reach,
    members: await membersOf(em, locked, facts, reach),
    verdicts,
    drafted,
    sealed,
    operation,
  });
  for (const draft of drafts) batch.take(draft);
  const outcome = batch.finish();
  await store(em, sessionId, outcome);
  await writeConflicts(em, sessionId, outcome.conflicts, operation.actor, outcome.now);
  const actors = new Map(drafts.map(({ studentId, actor }) => [studentId, actor]));
  const actorOf = (studentId: Id): Actor => actors.get(studentId) ?? operation.actor;
  const taken = await becomeTaken(em, operation, locked, outcome.operations);
  await tellOfMarks(operation, em, locked.session, outcome);
  await appendMarks(
    em,
    operation,
    locked.session,
    [...outcome.operations, ...taken.operations],
    [...outcome.changes, ...taken.changes],
    {
      actorOf,
      conflicts: [...outcome.conflicts, ...taken.conflicts],
      audit: [
        ...reusedIds(actorOf, sessionId, outcome.results),
        ...drafted.audit,
        ...(options.audit ?? []),
      ],
    },
  );
  return outcome.results;
}

async function store(
  em: Em,
  sessionId: Id,
  outcome: ReturnType<MarkBatch['finish']>,
): Promise<void> {
  const inserted = await insertOperations(em, sessionId, outcome.operations);
  if (inserted.size !== outcome.operations.length) {
    // Another transaction took one of the ids after we looked; on a retry it is known.
    throw appError('try_again', 'The same operation is being written just now; send it again.');
  }
  await writeRecords(em, [...outcome.changes, ...outcome.touched]);
}

/**
 * Refuses without any lock when the clock already says so: a stream of late marks would otherwise
 * hold the close of their class back (marks.md section 7).
 */
async function refuseEarly(
  em: Em,
  sessionId: Id,
  drafts: readonly OperationDraft[],
): Promise<OperationResult[] | null> {
  const isKept = (draft: OperationDraft): boolean =>
    draft.keepsRefusal === true || draft.draftsAfterLock === true || draft.kind === 'withdraw';
  if (drafts.some(isKept)) return null;
  const seen = await lookAtSession(em, sessionId);
  const refusals = drafts.map((draft) =>
    stateRefusal(
      seen.effectiveStatus,
      draft.rank,
      seen.session.opensAt,
      draft.source === 'biometric',
    ),
  );
  if (refusals.some((refusal) => refusal === null)) return null;
  const facts = await readAdmissionFacts(em, seen.session, drafts);
  if (facts.known.size > 0) return null;
  return drafts.map((draft, index) => {
    const refusal = judgeDraft(seen, facts.members, draft) ?? refusals[index];
    if (!refusal) throw new Error('a refused mark lost its refusal');
    return rejectedResult(draft, refusal);
  });
}

/** Who in reach is on the roster; only fellow users of a phone must still be asked about. */
async function membersOf(
  em: Em,
  { session }: LockedSession,
  facts: AdmissionFacts,
  { students }: ConflictReach,
): Promise<ReadonlySet<Id>> {
  const isKnown = [...students].every((id) => facts.students.has(id));
  return isKnown ? facts.members : rosterMembers(em, session, [...students]);
}

/** Locks, in the order that avoids deadlocks: device keys, then records. */
async function lockReach(
  operation: Operation,
  em: Em,
  { session }: LockedSession,
  facts: AdmissionFacts,
  drafts: readonly OperationDraft[],
  isFresh: (draft: OperationDraft) => boolean,
) {
  // A refused claim or a repeat must not leave an empty record behind.
  const fresh = drafts.filter(isFresh);
  const deviceKeys = new Set(facts.deviceKeys);
  for (const draft of fresh) {
    if (draft.deviceKeyId && isStudentCaptured(draft)) deviceKeys.add(draft.deviceKeyId);
  }
  const students = await lockDeviceKeys(em, session.id, deviceKeys);
  for (const { studentId } of fresh) students.add(studentId);
  const records = await lockRecords(em, session.id, [...students], () => operation.ids.next());
  const own = new Set(fresh.map((draft) => draft.studentId));
  for (const op of records.operations) {
    // A fellow student's other phone is fine; our own students' keys must have been locked.
    if (op.deviceKeyId === null || !own.has(op.studentId) || !isStudentCaptured(op)) continue;
    if (!deviceKeys.has(op.deviceKeyId)) throw movedMeanwhile();
  }
  return { reach: { students, deviceKeys }, records };
}

const movedMeanwhile = () =>
  appError('try_again', 'Another mark of this student is being written; send it again.');

/** An id that came back with another claim is a mistake or a forgery: one event each (R0). */
function reusedIds(
  actorOf: (studentId: Id) => Actor,
  sessionId: Id,
  results: readonly OperationResult[],
): AuditEntry[] {
  return results
    .filter((result) => result.code === 'op_id_reused')
    .map(({ opId, studentId }) =>
      auditEntry(actorOf(studentId), {
        chain: sessionChain(sessionId),
        action: 'security.op_id_reused',
        entityType: 'AttendanceOperation',
        entityId: opId,
        sessionId,
        studentId,
      }),
    );
}
