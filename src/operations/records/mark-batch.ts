/** One batch of claims against locked records: each claim sees the effect of those before it. */
import { reasonRefusal } from '../../domain/attendance/admission.ts';
import type { Conflict } from '../../domain/attendance/conflicts.ts';
import { isStudentCaptured, standingMarks } from '../../domain/attendance/operation.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Refusal, ReviewCode } from '../../domain/attendance/results.ts';
import { sharedDeviceConflicts, sharedKeys } from '../../domain/attendance/shared-devices.ts';
import type { Id, Instant } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import type { DraftedCorrections } from '../requests/draft-corrections.ts';
import type { LockedSession } from '../sessions/session-row.ts';
import type { AdmissionFacts, KnownOperation } from './admission-facts.ts';
import { hasReason } from './judge-draft.ts';
import {
  conflictChanges,
  touchedRecords,
  type ConflictChange,
  type ConflictReach,
} from './keep-conflicts.ts';
import {
  payloadHash,
  rejectedResult,
  type DraftVerdict,
  type OperationDraft,
  type OperationResult,
} from './operation-draft.ts';
import type { SealedTexts } from './seal-texts.ts';
import type { LockedRecords, StoredOperation } from './lock-records.ts';
import { autoAbsentOpId, settleStudent, type RecordChange } from './settle-records.ts';
import { autoAbsentOperation, type NewOperation } from './store-operations.ts';

/** Everything a batch is decided by. */
export interface MarkBatchParts {
  readonly locked: LockedSession;
  readonly facts: AdmissionFacts;
  readonly records: LockedRecords;
  readonly reach: ConflictReach;
  /** Students in reach who are on the roster; only they have contradictions. */
  readonly members: ReadonlySet<Id>;
  readonly verdicts: ReadonlyMap<OperationDraft, DraftVerdict | null>;
  readonly drafted: DraftedCorrections;
  readonly sealed: ReadonlyMap<OperationDraft, SealedTexts>;
  readonly operation: Operation;
}

/** What a batch writes and answers. */
export interface BatchOutcome {
  /** Operations to insert, each carrying its first result. */
  readonly operations: readonly NewOperation[];
  readonly changes: readonly RecordChange[];
  /** Records that say what they said, under a new version: their contradictions changed. */
  readonly touched: readonly RecordChange[];
  readonly conflicts: readonly ConflictChange[];
  /** In the order in which the claims were taken. */
  readonly results: OperationResult[];
  readonly now: Instant;
}

/** What became of one claim so far; the answer waits for the end of the batch. */
type Taken =
  | { readonly answer: OperationResult }
  | { readonly stored: NewOperation; readonly refusal: Refusal | null }
  | { readonly repeats: NewOperation; readonly draft: OperationDraft };

/** Takes claims in order, then says what to write. */
export class MarkBatch {
  readonly #parts: MarkBatchParts;
  readonly #now: Instant;
  readonly #stored = new Map<Id, NewOperation>();
  readonly #ofStudent: Map<Id, StoredOperation[]>;
  readonly #changes = new Map<Id, RecordChange>();
  readonly #taken: Taken[] = [];

  constructor(parts: MarkBatchParts) {
    this.#parts = parts;
    this.#now = new Date(parts.locked.nowMs).toISOString();
    this.#ofStudent = Map.groupBy(parts.records.operations, (op) => op.studentId);
  }

  /** Takes the next claim. */
  take(draft: OperationDraft): void {
    const { locked, facts, operation, verdicts } = this.#parts;
    const { userId } = draft.actor ?? operation.actor;
    const hash = payloadHash(locked.session.id, userId, draft);
    const known = facts.known.get(draft.opId);
    const earlier = this.#stored.get(draft.opId);
    if (known) return this.#answer(repeated(draft, known, hash));
    if (earlier && earlier.payloadHash !== hash) return this.#answer(reusedId(draft));
    if (earlier) return void this.#taken.push({ repeats: earlier, draft });
    const verdict = this.#withoutNeed(draft, verdicts.get(draft) ?? null);
    if (verdict?.outcome === 'rejected' && !this.#isKept(draft)) {
      return this.#answer(rejectedResult(draft, verdict));
    }
    const missing = verdict ? null : this.#missingReason(draft);
    if (missing) return this.#answer(rejectedResult(draft, missing));
    this.#store(draft, hash, verdict);
  }

  /** Settles what the claims reach and gives everything to write and to answer. */
  finish(): BatchOutcome {
    const { operation, records, reach } = this.#parts;
    if (reach.deviceKeys.size > 0) {
      const shared = sharedKeys(this.#all());
      for (const studentId of reach.students) this.#settle(studentId, shared);
    }
    const conflicts = conflictChanges(records.conflicts, this.#conflicts(), this.#reach(), () =>
      operation.ids.next(),
    );
    const touched = touchedRecords(conflicts, this.#all(), this.#changes, this.#now);
    for (const change of touched) this.#changes.set(change.studentId, change);
    const openOf = this.#openConflicts(conflicts);
    const results = new Map<Id, OperationResult>();
    const answers = this.#taken.map((taken): OperationResult => {
      if ('answer' in taken) return taken.answer;
      if ('stored' in taken) {
        const result = this.#resultOf(taken.stored, taken.refusal, openOf);
        results.set(taken.stored.opId, result);
        return result;
      }
      const original = results.get(taken.repeats.opId) ?? null;
      if (!original) throw new Error('a repeated claim lost its first result');
      return { ...original, status: 'duplicate', original, isFirst: false };
    });
    return {
      operations: [...this.#stored.values()].map((op) => ({
        ...op,
        result: results.get(op.opId) ?? op.result,
      })),
      changes: [...this.#changes.values()].filter((change) => change.changed),
      touched,
      conflicts,
      results: answers,
      now: this.#now,
    };
  }

  #answer(answer: OperationResult): void {
    this.#taken.push({ answer });
  }

  /** Late evidence for what the locked record says already leads nowhere. */
  #withoutNeed(draft: OperationDraft, verdict: DraftVerdict | null): DraftVerdict | null {
    if (!this.#parts.drafted.needless.has(draft.opId)) return verdict;
    return {
      outcome: 'rejected',
      code: 'session_locked',
      detail: 'This class is final and its record says so already.',
    };
  }

  /** A refused claim from elsewhere is evidence of what was tried; one about nobody cannot be kept. */
  #isKept(draft: OperationDraft): boolean {
    return draft.keepsRefusal === true && this.#parts.facts.students.has(draft.studentId);
  }

  #missingReason(draft: OperationDraft): Refusal | null {
    if (!draft.isInteractive || hasReason(draft)) return null;
    const changed = this.#changes.get(draft.studentId);
    const record = changed?.after ?? this.#parts.records.records.get(draft.studentId);
    if (!record) return null;
    return reasonRefusal(draft.mark, { record, claims: standingMarks(this.#own(draft.studentId)) });
  }

  #own(studentId: Id): StoredOperation[] {
    const own = this.#ofStudent.get(studentId) ?? [];
    this.#ofStudent.set(studentId, own);
    return own;
  }

  #store(draft: OperationDraft, hash: string, verdict: DraftVerdict | null): void {
    const op = this.#newOperation(draft, hash, verdict);
    this.#stored.set(op.opId, op);
    this.#taken.push({ stored: op, refusal: verdict });
    if (verdict?.outcome === 'rejected') return;
    this.#own(op.studentId).push(op);
    this.#settle(op.studentId);
  }

  #newOperation(draft: OperationDraft, hash: string, verdict: DraftVerdict | null): NewOperation {
    const { locked, operation, sealed, drafted } = this.#parts;
    return {
      opId: draft.opId,
      sessionId: locked.session.id,
      studentId: draft.studentId,
      kind: draft.kind ?? 'mark',
      mark: draft.mark,
      rank: draft.rank,
      source: draft.source,
      captureMode: draft.captureMode ?? 'online',
      actorId: (draft.actor ?? operation.actor).userId,
      effAtMs: draft.effAt === undefined ? locked.nowMs : Date.parse(draft.effAt),
      receivedAt: this.#now,
      capturedAt: draft.capturedAt ?? null,
      clockTrust: draft.clockTrust ?? (draft.effAt === undefined ? 'server' : null),
      baseOpId: draft.baseOpId ?? null,
      acks: draft.acks ?? [],
      targetOpId: draft.targetOpId ?? null,
      excuseCategory: draft.excuseCategory ?? null,
      phase: draft.phase ?? 'entry',
      flags: draft.flags ?? [],
      outcome: verdict?.outcome ?? 'admitted',
      outcomeCode: verdict?.code ?? null,
      deviceKeyId: draft.deviceKeyId ?? null,
      recheckMissed: draft.source === 'qr' && this.#parts.records.missed.has(draft.studentId),
      clientId: draft.clientId ?? null,
      payloadHash: hash,
      result: null,
      epoch: locked.session.epoch,
      deviceRef: draft.deviceRef ?? null,
      evidence: draft.evidence ?? null,
      leaveApplicationId: draft.leaveApplicationId ?? null,
      correctionRequestId: draft.correctionRequestId ?? drafted.requestOf.get(draft.opId) ?? null,
      notesSealed: sealed.get(draft)?.notes ?? null,
      reasonSealed: sealed.get(draft)?.reason ?? null,
    };
  }

  /** Sharing of devices is looked at once, when the whole batch is known. */
  #settle(studentId: Id, shared: ReadonlySet<Id> = NO_KEYS): void {
    const before = this.#parts.records.records.get(studentId);
    if (!before) throw new Error(`record of ${studentId} was not locked`);
    const { session } = this.#parts.locked;
    const own = this.#own(studentId);
    if (this.#isFinal(studentId)) return;
    const change = settleStudent(session, before, own, this.#now, shared);
    const isMember = this.#parts.members.has(studentId);
    this.#changes.set(studentId, isMember ? change : { ...change, conflicts: [] });
    if (change.after.rank !== RANK.autoAbsent) return;
    const autoId = autoAbsentOpId(session, studentId);
    const isMissing = !this.#stored.has(autoId) && !own.some((op) => op.opId === autoId);
    if (change.after.winnerOpId === autoId && isMissing) {
      // The claim that stood above the automatic absence is gone; now that one is needed.
      this.#stored.set(autoId, autoAbsentOperation(session, studentId, this.#now));
    }
  }

  /** R12: once a class is final, only a correction changes a record; evidence that came late waits. */
  #isFinal(studentId: Id): boolean {
    if (this.#parts.locked.effectiveStatus !== 'locked') return false;
    const stored = [...this.#stored.values()];
    return !stored.some((op) => op.studentId === studentId && op.rank === RANK.correction);
  }

  #all(): StoredOperation[] {
    return [...this.#ofStudent.values()].flat();
  }

  #reach(): ConflictReach {
    return { students: new Set(this.#changes.keys()), deviceKeys: this.#parts.reach.deviceKeys };
  }

  #conflicts(): Conflict[] {
    const found = [...this.#changes.values()].flatMap((change) => change.conflicts);
    const { reach, members } = this.#parts;
    if (reach.deviceKeys.size === 0) return found;
    return [...found, ...sharedDeviceConflicts(reach.deviceKeys, this.#all(), members)];
  }

  /** Ids of open contradictions by the claims they name. */
  #openConflicts(changes: readonly ConflictChange[]): Map<Id, Id[]> {
    const now = new Map(this.#parts.records.conflicts.map((conflict) => [conflict.id, conflict]));
    for (const { after } of changes) now.set(after.id, after);
    const openOf = new Map<Id, Id[]>();
    for (const { id, state, opIds } of now.values()) {
      if (state !== 'open') continue;
      for (const opId of opIds) openOf.set(opId, [...(openOf.get(opId) ?? []), id]);
    }
    return openOf;
  }

  #resultOf(
    op: NewOperation,
    refusal: Refusal | null,
    openOf: ReadonlyMap<Id, Id[]>,
  ): OperationResult {
    if (op.outcome === 'rejected' && refusal) return rejectedResult(op, refusal);
    const change = this.#changes.get(op.studentId);
    const record = change?.after ?? this.#parts.records.records.get(op.studentId) ?? null;
    const conflictIds = openOf.get(op.opId) ?? [];
    const isWinner = record?.winnerOpId === op.opId;
    const common = {
      opId: op.opId,
      studentId: op.studentId,
      record,
      conflictIds,
      original: null,
      isFirst: change?.before.winnerOpId === null && isWinner,
    };
    const review = this.#reviewOf(op, refusal);
    if (review) return { ...common, status: 'needs_review', ...review, won: null };
    if (conflictIds.length > 0) {
      return { ...common, status: 'conflict_resolved', ...NO_CODE, won: isWinner };
    }
    if (isWinner || op.kind === 'withdraw') {
      return { ...common, status: 'applied', ...NO_CODE, won: null };
    }
    const isSecondScan = isStudentCaptured(op) && record?.source === op.source;
    const code = isSecondScan ? ('already_marked' as const) : null;
    return { ...common, status: 'superseded', code, detail: null, won: null };
  }

  #reviewOf(
    op: NewOperation,
    refusal: Refusal | null,
  ): { code: ReviewCode; detail: string } | null {
    if (op.outcome === 'review' && refusal) {
      return { code: refusal.code as ReviewCode, detail: refusal.detail };
    }
    const { policy } = this.#parts.locked.session;
    if (op.kind === 'withdraw') return null;
    if (op.rank === RANK.selfEntry) {
      return { code: 'awaiting_approval', detail: 'Your teacher is asked to approve it.' };
    }
    if (op.rank === RANK.offlineQr && policy.offlineQr === 'confirm_first') {
      return { code: 'offline_unconfirmed', detail: 'Your teacher is asked to confirm it.' };
    }
    return null;
  }
}

const NO_CODE = { code: null, detail: null } as const;
const NO_KEYS: ReadonlySet<Id> = new Set();

function repeated(draft: OperationDraft, known: KnownOperation, hash: string): OperationResult {
  if (known.payloadHash !== hash) return reusedId(draft);
  return { ...known.result, status: 'duplicate', original: known.result, isFirst: false };
}

const reusedId = (draft: OperationDraft): OperationResult =>
  rejectedResult(draft, {
    code: 'op_id_reused',
    detail: 'This operation id was used for another mark; send this one under a fresh id.',
  });
