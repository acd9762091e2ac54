/**
 * The one way a mark enters: admits operations, stores them, settles the records and appends the
 * audit and live events, inside the caller's transaction (marks.md sections 3 to 7).
 */
import { createHash } from 'node:crypto';
import {
  appendLog,
  auditEntry,
  sessionChain,
  type AuditEntry,
  type LiveEntry,
} from '../../audit/append-log.ts';
import { rows, type Em } from '../../db/orm.ts';
import {
  markRefusal,
  reasonRefusal,
  stateRefusal,
  type Refusal,
} from '../../domain/attendance/admission.ts';
import { isMachineRank, RANK } from '../../domain/attendance/ranks.ts';
import { standingMarks } from '../../domain/attendance/operation.ts';
import { appError, type ErrorCode } from '../../domain/errors.ts';
import type {
  CaptureMode,
  ExcuseCategory,
  Id,
  Instant,
  Mark,
  MarkSource,
} from '../../domain/types.ts';
import { canonicalJson, type CanonicalValue } from '../../security/canonical-json.ts';
import type { Actor, Operation } from '../ports.ts';
import {
  lockSessionForMarks,
  type LockedSession,
  type SessionRow,
} from '../sessions/session-row.ts';
import { loadSessionView } from '../sessions/load-session-view.ts';
import { becomeTaken } from './become-taken.ts';
import { countRecords, rosterMembers } from './roster.ts';
import {
  autoAbsentOperation,
  autoAbsentOpId,
  insertOperations,
  lockRecords,
  settleStudent,
  writeRecords,
  type LockedRecords,
  type NewOperation,
  type RecordChange,
  type RecordState,
  type StoredOperation,
} from './settle-records.ts';

/** A claim as its caller states it; authority has been checked by the caller. */
export interface OperationDraft {
  readonly opId: Id;
  readonly studentId: Id;
  readonly kind?: 'mark' | 'withdraw';
  readonly mark: Mark | null;
  readonly rank: number;
  readonly source: MarkSource;
  readonly captureMode?: CaptureMode;
  /** When the claim was true; absent means the moment of receipt. */
  readonly effAt?: Instant;
  readonly baseOpId?: Id | null;
  readonly acks?: readonly Id[];
  readonly targetOpId?: Id | null;
  readonly excuseCategory?: ExcuseCategory | null;
  readonly phase?: 'entry' | 'exit';
  readonly flags?: readonly string[];
  readonly deviceRef?: string | null;
  readonly evidence?: Readonly<Record<string, CanonicalValue>> | null;
  readonly leaveApplicationId?: Id | null;
  readonly correctionRequestId?: Id | null;
  readonly notes?: string | null;
  readonly reason?: string | null;
  /** A person states it at a screen: contradicting evidence then needs a reason or notes. */
  readonly isInteractive?: boolean;
}

/** What became of one claim (marks.md section 12). */
export interface OperationResult {
  readonly opId: Id;
  readonly studentId: Id;
  readonly status: 'applied' | 'superseded' | 'duplicate' | 'rejected';
  readonly code: ErrorCode | null;
  readonly detail: string | null;
  readonly record: RecordState | null;
  /** The first result, where this one is a duplicate. */
  readonly original: OperationResult | null;
  /** This claim gave the student's first mark in the session. */
  readonly isFirst: boolean;
}

/** Options of callers inside larger transactions. */
export interface ApplyOptions {
  /** The session as the caller locked it; without it the session is locked here. */
  readonly locked?: LockedSession;
  /** Audit events of the same transaction, appended together because chain heads lock last. */
  readonly audit?: readonly AuditEntry[];
}

/**
 * Applies claims to one session. Results come in the order of the drafts; a refused one stores
 * nothing and never blocks the others. Append to the same chains only through `options.audit`.
 * @throws AppError `not_found`, `try_again`
 */
export async function applyOperations(
  operation: Operation,
  em: Em,
  sessionId: Id,
  drafts: readonly OperationDraft[],
  options: ApplyOptions = {},
): Promise<OperationResult[]> {
  const sealed = await sealTexts(operation, drafts);
  const locked = options.locked ?? (await lockSessionForMarks(em, sessionId));
  const { session } = locked;
  const members = await rosterMembers(
    em,
    session,
    drafts.map((draft) => draft.studentId),
  );
  const known = await knownOperations(
    em,
    drafts.map((draft) => draft.opId),
  );
  // A refused claim or a repeat must not leave an empty record behind.
  const fresh = drafts.filter(
    (draft) => !known.has(draft.opId) && refusalOf(locked, members, draft) === null,
  );
  const records = await lockRecords(
    em,
    sessionId,
    fresh.map((draft) => draft.studentId),
    () => operation.ids.next(),
  );
  const batch = new Batch(locked, records, known, members, operation.actor.userId, sealed);
  const results = drafts.map((draft) => batch.take(draft));
  const stored = batch.finish(results);
  const inserted = await insertOperations(em, sessionId, stored);
  if (inserted.size !== stored.length) {
    // Another transaction took one of the ids after we looked; on a retry it is known.
    throw appError('try_again', 'The same operation is being written just now; send it again.');
  }
  await writeRecords(em, batch.changes());
  const late = await becomeTaken(em, operation, locked, stored);
  const changes = [...batch.changes(), ...late.changes];
  await appendMarks(em, operation, session, [...stored, ...late.operations], changes, {
    audit: [...reusedIds(operation.actor, sessionId, results), ...(options.audit ?? [])],
  });
  return results;
}

/** An id that came back with another claim is a mistake or a forgery: one event each (R0). */
function reusedIds(actor: Actor, sessionId: Id, results: readonly OperationResult[]): AuditEntry[] {
  return results
    .filter((result) => result.code === 'op_id_reused')
    .map(({ opId, studentId }) =>
      auditEntry(actor, {
        chain: sessionChain(sessionId),
        action: 'security.op_id_reused',
        entityType: 'AttendanceOperation',
        entityId: opId,
        sessionId,
        studentId,
      }),
    );
}

/** SHA-256 over the canonical form of what the client claimed (R0). */
export function payloadHash(sessionId: Id, actorId: Id | null, draft: OperationDraft): string {
  const text = canonicalJson({
    actor_id: actorId,
    session_id: sessionId,
    student_id: draft.studentId,
    kind: draft.kind ?? 'mark',
    mark: draft.mark,
    captured_at: draft.effAt ?? null,
    base_op_id: draft.baseOpId ?? null,
    acks: [...(draft.acks ?? [])],
    evidence: draft.evidence ?? null,
    notes: draft.notes ?? null,
    reason: draft.reason ?? null,
  });
  return createHash('sha256').update(text).digest('hex');
}

interface KnownOperation {
  readonly payloadHash: string;
  readonly result: OperationResult;
}

async function knownOperations(em: Em, opIds: readonly Id[]): Promise<Map<Id, KnownOperation>> {
  const found = await rows<{ op_id: string; payload_hash: string; result: OperationResult }>(
    em,
    'select op_id, payload_hash, result from attendance_operation where op_id = any(?::uuid[])',
    [opIds],
  );
  return new Map(
    found.map((row) => [row.op_id, { payloadHash: row.payload_hash, result: row.result }]),
  );
}

interface SealedTexts {
  readonly notes: string | null;
  readonly reason: string | null;
}

async function sealTexts(
  { sealer }: Operation,
  drafts: readonly OperationDraft[],
): Promise<Map<OperationDraft, SealedTexts>> {
  const sealed = new Map<OperationDraft, SealedTexts>();
  for (const draft of drafts) {
    const seal = (column: string, text: string | null | undefined) =>
      text
        ? sealer.seal(
            `student:${draft.studentId}`,
            { table: 'attendance_operation', column, rowId: draft.opId },
            text,
          )
        : null;
    sealed.set(draft, {
      notes: await seal('notes_sealed', draft.notes),
      reason: await seal('reason_sealed', draft.reason),
    });
  }
  return sealed;
}

/** Takes the claims of one batch in order, each seeing the effect of those before it. */
class Batch {
  readonly #locked: LockedSession;
  readonly #records: LockedRecords;
  readonly #known: Map<Id, KnownOperation>;
  readonly #members: ReadonlySet<Id>;
  readonly #actorId: Id | null;
  readonly #sealed: ReadonlyMap<OperationDraft, SealedTexts>;
  readonly #now: Instant;
  readonly #stored: NewOperation[] = [];
  readonly #changes = new Map<Id, RecordChange>();

  constructor(
    locked: LockedSession,
    records: LockedRecords,
    known: Map<Id, KnownOperation>,
    members: ReadonlySet<Id>,
    actorId: Id | null,
    sealed: ReadonlyMap<OperationDraft, SealedTexts>,
  ) {
    this.#locked = locked;
    this.#records = records;
    this.#known = known;
    this.#members = members;
    this.#actorId = actorId;
    this.#sealed = sealed;
    this.#now = new Date(locked.nowMs).toISOString();
  }

  take(draft: OperationDraft): OperationResult {
    const hash = payloadHash(this.#locked.session.id, this.#actorId, draft);
    const known = this.#known.get(draft.opId);
    if (known) return repeated(draft, known, hash);
    const refusal = this.#refuse(draft);
    if (refusal) return rejected(draft, refusal);
    const op = this.#store(draft, hash);
    const change = this.#settle(draft.studentId);
    const result: OperationResult = {
      opId: draft.opId,
      studentId: draft.studentId,
      status: change.after.winnerOpId === op.opId ? 'applied' : 'superseded',
      code: null,
      detail: null,
      record: change.after,
      original: null,
      isFirst: change.before.winnerOpId === null && change.after.winnerOpId === op.opId,
    };
    this.#known.set(draft.opId, { payloadHash: hash, result });
    return result;
  }

  /** The operations to insert, each carrying its first result. */
  finish(results: readonly OperationResult[]): NewOperation[] {
    const byId = new Map(
      results.filter((result) => result.status !== 'duplicate').map((r) => [r.opId, r]),
    );
    return this.#stored.map((op) => ({ ...op, result: byId.get(op.opId) ?? op.result }));
  }

  changes(): RecordChange[] {
    return [...this.#changes.values()].filter((change) => change.changed);
  }

  #refuse(draft: OperationDraft): Refusal | null {
    return refusalOf(this.#locked, this.#members, draft) ?? this.#missingReason(draft);
  }

  #missingReason(draft: OperationDraft): Refusal | null {
    if (!draft.isInteractive || hasReason(draft)) return null;
    const changed = this.#changes.get(draft.studentId);
    const record = changed?.after ?? this.#records.records.get(draft.studentId);
    if (!record) return null;
    const claims = standingMarks(this.#operationsOf(draft.studentId));
    return reasonRefusal(draft.mark, { record, claims });
  }

  #operationsOf(studentId: Id): StoredOperation[] {
    return [...this.#records.operations, ...this.#stored].filter(
      (op) => op.studentId === studentId,
    );
  }

  #store(draft: OperationDraft, hash: string): NewOperation {
    const { session, nowMs } = this.#locked;
    const op: NewOperation = {
      opId: draft.opId,
      studentId: draft.studentId,
      kind: draft.kind ?? 'mark',
      mark: draft.mark,
      rank: draft.rank,
      source: draft.source,
      captureMode: draft.captureMode ?? 'online',
      actorId: this.#actorId,
      effAtMs: draft.effAt === undefined ? nowMs : Date.parse(draft.effAt),
      receivedAt: this.#now,
      baseOpId: draft.baseOpId ?? null,
      acks: draft.acks ?? [],
      targetOpId: draft.targetOpId ?? null,
      excuseCategory: draft.excuseCategory ?? null,
      phase: draft.phase ?? 'entry',
      flags: draft.flags ?? [],
      outcome: 'admitted',
      outcomeCode: null,
      deviceKeyId: null,
      capturedAt: null,
      clockTrust: 'server',
      clientId: null,
      payloadHash: hash,
      result: null,
      epoch: session.epoch,
      deviceRef: draft.deviceRef ?? null,
      evidence: draft.evidence ?? null,
      leaveApplicationId: draft.leaveApplicationId ?? null,
      correctionRequestId: draft.correctionRequestId ?? null,
      notesSealed: this.#sealed.get(draft)?.notes ?? null,
      reasonSealed: this.#sealed.get(draft)?.reason ?? null,
    };
    this.#stored.push(op);
    return op;
  }

  #settle(studentId: Id): RecordChange {
    const before = this.#records.records.get(studentId);
    if (!before) throw new Error(`record of ${studentId} was not locked`);
    const { session } = this.#locked;
    const operations = this.#operationsOf(studentId);
    const change = settleStudent(session, before, operations, this.#now);
    this.#changes.set(studentId, change);
    const autoId = autoAbsentOpId(session, studentId);
    if (change.after.winnerOpId === autoId && !operations.some((op) => op.opId === autoId)) {
      // The claim that stood above the automatic absence is gone; now that one is needed.
      this.#stored.push(autoAbsentOperation(session, studentId, this.#now));
    }
    return change;
  }
}

/** Why a claim cannot be taken whatever the records say, or null. */
function refusalOf(
  { session, effectiveStatus, nowMs }: LockedSession,
  members: ReadonlySet<Id>,
  draft: OperationDraft,
): Refusal | null {
  // What was claimed while a student was on the roster can be taken back afterwards.
  if (draft.kind !== 'withdraw' && !members.has(draft.studentId)) {
    return {
      code: 'not_on_roster',
      detail: 'The student is not enrolled in this class on its date.',
    };
  }
  if (draft.isInteractive && draft.rank === RANK.override && !hasReason(draft)) {
    return {
      code: 'reason_required',
      detail: 'An override of the staff of a class needs a reason.',
    };
  }
  return (
    stateRefusal(effectiveStatus, draft.rank, session.opensAt, draft.source === 'biometric') ??
    markRefusal(draft.rank, draft.mark) ??
    windowRefusal(session, draft, nowMs)
  );
}

const hasReason = ({ reason, notes }: OperationDraft): boolean => Boolean(reason ?? notes);

function repeated(draft: OperationDraft, known: KnownOperation, hash: string): OperationResult {
  if (known.payloadHash !== hash) {
    return rejected(draft, {
      code: 'op_id_reused',
      detail: 'This operation id was used for another mark; send this one under a fresh id.',
    });
  }
  return {
    ...known.result,
    status: 'duplicate',
    original: known.result,
    isFirst: false,
  };
}

function rejected(draft: OperationDraft, { code, detail }: Refusal): OperationResult {
  return {
    opId: draft.opId,
    studentId: draft.studentId,
    status: 'rejected',
    code,
    detail,
    record: null,
    original: null,
    isFirst: false,
  };
}

/** R2.6: a machine's claim must lie in the capture window of the class. */
function windowRefusal(session: SessionRow, draft: OperationDraft, nowMs: number): Refusal | null {
  if (!isMachineRank(draft.rank)) return null;
  const effMs = draft.effAt === undefined ? nowMs : Date.parse(draft.effAt);
  const lastMs = Date.parse(session.closesAt) + (draft.phase === 'exit' ? 15 * 60_000 : 0);
  if (effMs >= Date.parse(session.opensAt) && effMs <= lastMs) return null;
  return {
    code: 'outside_window',
    detail: `This class takes marks from ${session.opensAt} to ${session.closesAt}.`,
  };
}

/** What else the transaction appends beside its marks. */
export interface MarkLog {
  readonly audit: readonly AuditEntry[];
  /** The session's own row changed: screens are told its state with the counts. */
  readonly sessionChanged?: boolean;
}

/** Appends one `op.recorded` per operation, one `record.changed` per record, and the live counts. */
export async function appendMarks(
  em: Em,
  operation: Operation,
  session: SessionRow,
  stored: readonly NewOperation[],
  changes: readonly RecordChange[],
  more: MarkLog,
): Promise<void> {
  const { actor, ids } = operation;
  const audit = [...markEntries(actor, session.id, stored, changes), ...more.audit];
  const sessionChanged = more.sessionChanged ?? false;
  const isSeen = changes.length > 0 || sessionChanged;
  await appendLog(em, ids, {
    audit,
    liveAfterLock: async () => (isSeen ? liveEntries(em, session.id, changes, sessionChanged) : []),
  });
}

/** The audit events of stored operations and of the records they changed, in that order. */
export function markEntries(
  actor: Actor,
  sessionId: Id,
  stored: readonly NewOperation[],
  changes: readonly RecordChange[],
): AuditEntry[] {
  const chain = sessionChain(sessionId);
  const recorded = stored.map((op) =>
    auditEntry(actor, {
      chain,
      action: 'op.recorded',
      entityType: 'AttendanceOperation',
      entityId: op.opId,
      sessionId,
      studentId: op.studentId,
      source: op.source,
      after: {
        kind: op.kind,
        mark: op.mark,
        rank: op.rank,
        eff_at: new Date(op.effAtMs).toISOString(),
      },
    }),
  );
  const changed = changes.map((change) =>
    auditEntry(actor, {
      chain,
      action: 'record.changed',
      entityType: 'AttendanceRecord',
      entityId: change.after.id,
      sessionId,
      studentId: change.studentId,
      source: change.after.source,
      before: auditState(change.before),
      after: auditState(change.after),
    }),
  );
  return [...recorded, ...changed];
}

function auditState(record: RecordState): Record<string, CanonicalValue> {
  return {
    mark: record.mark,
    winner_op_id: record.winnerOpId,
    rank: record.rank,
    arrival_at: record.arrivalAt,
    excuse_category: record.excuseCategory,
    flags: [...record.flags],
    version: record.version,
  };
}

async function liveEntries(
  em: Em,
  sessionId: Id,
  changes: readonly RecordChange[],
  sessionChanged: boolean,
): Promise<LiveEntry[]> {
  const counts = await countRecords(em, sessionId);
  const view = sessionChanged ? await loadSessionView(em, sessionId) : undefined;
  const last: LiveEntry = view
    ? {
        sessionId,
        type: 'session.changed',
        payload: {
          status: view.status,
          opens_at: view.opensAt,
          closes_at: view.closesAt,
          epoch: view.epoch,
          counts,
        },
      }
    : { sessionId, type: 'counts.changed', payload: { counts } };
  return [
    ...changes.map(({ studentId, after }) => ({
      sessionId,
      type: 'record.changed',
      payload: {
        student: studentId,
        mark: after.mark,
        source: after.source,
        winner_op_id: after.winnerOpId,
        version: after.version,
      },
    })),
    last,
  ];
}
