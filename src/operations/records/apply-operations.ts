/**
 * The one way a mark enters: admits operations, stores them, settles the records and appends the
 * audit and live events, inside the caller's transaction (marks.md sections 3 to 7).
 */
import { auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import type { Em } from '../../db/orm.ts';
import { stateRefusal } from '../../domain/attendance/admission.ts';
import { appError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';
import type { Actor, Operation } from '../ports.ts';
import { draftCorrections, type DraftedCorrections } from '../requests/draft-corrections.ts';
import { lockSessionForMarks, lookAtSession, type LockedSession } from '../sessions/session-row.ts';
import { readAdmissionFacts, type AdmissionFacts } from './admission-facts.ts';
import { appendMarksOf, type SessionMarks } from './append-marks.ts';
import { becomeTaken, mayUndoTaken } from './become-taken.ts';
import { judgeDraft } from './judge-draft.ts';
import { writeConflicts, type ConflictReach } from './keep-conflicts.ts';
import { lockReach, type LockedReach } from './lock-reach.ts';
import { MarkBatch, type BatchOutcome } from './mark-batch.ts';
import { rosterMembers } from './roster.ts';
import {
  rejectedResult,
  type DraftVerdict,
  type OperationDraft,
  type OperationResult,
} from './operation-draft.ts';
import { sealTexts, type SealedTexts } from './seal-texts.ts';
import { writeRecords } from './settle-records.ts';
import { insertOperations } from './store-operations.ts';
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
  const claims = [{ locked, drafts }];
  const [results] = await applyLocked(operation, em, claims, sealed, options.audit ?? []);
  return results ?? [];
}

/** Claims about one session that the caller locked. */
export interface LockedClaims {
  readonly locked: LockedSession;
  readonly drafts: readonly OperationDraft[];
}

/**
 * Applies claims to several sessions, each step in one statement for all of them: a batch costs the
 * same round trips for one class and for a hundred (quality.md section 4).
 * @param claims  at most one entry per session, ascending by session
 * @returns the results by claim, in the order given
 * @throws AppError `try_again`
 */
export async function applyToSessions(
  operation: Operation,
  em: Em,
  claims: readonly LockedClaims[],
): Promise<OperationResult[][]> {
  const sealed = await sealTexts(
    operation,
    claims.flatMap(({ drafts }) => drafts),
  );
  return applyLocked(operation, em, claims, sealed, []);
}

async function applyLocked(
  operation: Operation,
  em: Em,
  claims: readonly LockedClaims[],
  sealed: ReadonlyMap<OperationDraft, SealedTexts>,
  audit: readonly AuditEntry[],
): Promise<OperationResult[][]> {
  const judged = await judge(operation, em, claims);
  const reached = await lockReach(em, judged.map(freshClaims), () => operation.ids.next());
  const settled: Settled[] = [];
  for (const claim of judged) {
    const { id } = claim.locked.session;
    settled.push({
      ...claim,
      outcome: await settle(operation, em, claim, reached.get(id), sealed),
    });
  }
  await store(em, settled);
  const marks: SessionMarks[] = [];
  for (const claim of settled) marks.push(await finish(operation, em, claim));
  await appendMarksOf(em, operation, marks, audit);
  return settled.map(({ outcome }) => outcome.results);
}

/** Claims about one session with what is known of them before records are locked. */
interface Judged extends LockedClaims {
  readonly facts: AdmissionFacts;
  readonly verdicts: ReadonlyMap<OperationDraft, DraftVerdict | null>;
  readonly drafted: DraftedCorrections;
}

interface Settled extends Judged {
  readonly outcome: BatchOutcome;
}

async function judge(
  operation: Operation,
  em: Em,
  claims: readonly LockedClaims[],
): Promise<Judged[]> {
  const factsOf = await readAdmissionFacts(
    em,
    claims.map(({ locked, drafts }) => ({ session: locked.session, drafts })),
  );
  const judged: Judged[] = [];
  for (const { locked, drafts } of claims) {
    const facts = factsOf.get(locked.session.id);
    if (!facts) throw new Error(`nothing is known of the claims on ${locked.session.id}`);
    const verdicts = new Map(
      drafts.map((draft) => [draft, judgeDraft(locked, facts.members, draft)]),
    );
    const late = drafts.filter((draft) => {
      const verdict = verdicts.get(draft);
      const isLate = verdict?.code === 'session_locked' && verdict.outcome === 'review';
      return isLate && !facts.known.has(draft.opId);
    });
    const drafted = await draftCorrections(operation, em, locked, late);
    judged.push({ locked, drafts, facts, verdicts, drafted });
  }
  return judged;
}

/** A refused claim or a repeat must not leave an empty record behind. */
function freshClaims({ locked, drafts, facts, verdicts }: Judged) {
  const isFresh = (draft: OperationDraft): boolean =>
    !facts.known.has(draft.opId) && verdicts.get(draft)?.outcome !== 'rejected';
  return {
    sessionId: locked.session.id,
    drafts: drafts.filter(isFresh),
    deviceKeys: facts.deviceKeys,
  };
}

async function settle(
  operation: Operation,
  em: Em,
  { locked, drafts, facts, verdicts, drafted }: Judged,
  reached: LockedReach | undefined,
  sealed: ReadonlyMap<OperationDraft, SealedTexts>,
): Promise<BatchOutcome> {
  if (!reached) throw new Error(`the claims on ${locked.session.id} were not locked`);
  const members = await membersOf(em, locked, facts, reached.reach);
  const batch = new MarkBatch({
    ...reached,
    locked,
    facts,
    members,
    verdicts,
    drafted,
    sealed,
    operation,
  });
  for (const draft of drafts) batch.take(draft);
  return batch.finish();
}

async function store(em: Em, settled: readonly Settled[]): Promise<void> {
  const operations = settled.flatMap(({ outcome }) => outcome.operations);
  const inserted = await insertOperations(em, operations);
  if (inserted.size !== operations.length) {
    // Another transaction took one of the ids after we looked; on a retry it is known.
    throw appError('try_again', 'The same operation is being written just now; send it again.');
  }
  await writeRecords(
    em,
    settled.flatMap(({ outcome }) => [...outcome.changes, ...outcome.touched]),
  );
}

/** What few claims bring about beside their records, and what is told of all of them. */
async function finish(
  operation: Operation,
  em: Em,
  { locked, drafts, drafted, outcome }: Settled,
): Promise<SessionMarks> {
  const { session } = locked;
  await writeConflicts(em, session.id, outcome.conflicts, operation.actor, outcome.now);
  const actors = new Map(drafts.map(({ studentId, actor }) => [studentId, actor]));
  const actorOf = (studentId: Id): Actor => actors.get(studentId) ?? operation.actor;
  const taken = await becomeTaken(em, operation, locked, outcome.operations);
  await tellOfMarks(operation, em, session, outcome);
  return {
    session,
    stored: [...outcome.operations, ...taken.operations],
    changes: [...outcome.changes, ...taken.changes],
    actorOf,
    conflicts: [...outcome.conflicts, ...taken.conflicts],
    audit: [...reusedIds(actorOf, session.id, outcome.results), ...drafted.audit],
  };
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
    stateRefusal(seen.effectiveStatus, draft.rank, seen.session, draft.source === 'biometric'),
  );
  if (refusals.some((refusal) => refusal === null)) return null;
  const facts = (await readAdmissionFacts(em, [{ session: seen.session, drafts }])).get(sessionId);
  if (!facts || facts.known.size > 0) return null;
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
