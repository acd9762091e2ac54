/**
 * One class's register while its past is made up: operations go through the same resolver and give
 * the same rows and audit events as live ones.
 */
import { auditEntry, sessionChain } from '../../audit/append-log.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import { wasTaken } from '../../domain/attendance/resolve-session.ts';
import type { Id, SessionStatus } from '../../domain/types.ts';
import type { Actor } from '../../operations/ports.ts';
import {
  markEntries,
  payloadHash,
  type OperationDraft,
} from '../../operations/records/apply-operations.ts';
import {
  conflictChanges,
  conflictEntries,
  type ConflictChange,
} from '../../operations/records/keep-conflicts.ts';
import type { RecordState, StoredConflict } from '../../operations/records/lock-records.ts';
import {
  autoAbsentOpId,
  settleStudent,
  type RecordChange,
} from '../../operations/records/settle-records.ts';
import type { NewOperation } from '../../operations/records/store-operations.ts';
import type { SessionRow } from '../../operations/sessions/session-row.ts';
import type { GeneratedSession } from '../../operations/timetable/insert-sessions.ts';
import { idAt, iso, SEED_ACTOR, type SeedContext } from './context.ts';

/** A record as it ended, with the instant its row appeared. */
export interface FinishedRecord extends RecordState {
  readonly createdAtMs: number;
}

/** A contradiction as it ended. */
export interface FinishedConflict extends StoredConflict {
  readonly openedAtMs: number;
}

interface OwnRecord {
  readonly createdAtMs: number;
  readonly operations: NewOperation[];
  conflicts: FinishedConflict[];
  state: RecordState;
}

/** The register of one session; steps are taken in the order of time. */
export class Register {
  readonly session: GeneratedSession;
  readonly roster: readonly Id[];
  readonly #context: SeedContext;
  readonly #records = new Map<Id, OwnRecord>();
  #status: SessionStatus = 'scheduled';
  #taken = false;
  #shownAtMs: number | null = null;

  constructor(context: SeedContext, session: GeneratedSession, roster: readonly Id[]) {
    this.#context = context;
    this.session = session;
    this.roster = roster;
  }

  get taken(): boolean {
    return this.#taken;
  }

  /** When the code of the class came on the screen; null where it showed none. */
  get shownAtMs(): number | null {
    return this.#shownAtMs;
  }

  /** The code of the class is on the screen from now on. */
  show(atMs: number): void {
    this.#shownAtMs = atMs;
  }

  /** Every operation of the class. */
  operations(): NewOperation[] {
    return [...this.#records.values()].flatMap((record) => record.operations);
  }

  /** Every record of the class, as it stands. */
  records(): FinishedRecord[] {
    return [...this.#records.values()].map(({ state, createdAtMs }) => ({ ...state, createdAtMs }));
  }

  /** Every contradiction between claims, as it stands. */
  conflicts(): FinishedConflict[] {
    return [...this.#records.values()].flatMap((record) => record.conflicts);
  }

  /** The operation a student's record rests on now; null while unmarked. */
  winnerOf(studentId: Id): Id | null {
    return this.#records.get(studentId)?.state.winnerOpId ?? null;
  }

  /** Takes claims at one instant, at most one of each student, as one transaction would. */
  mark(atMs: number, actor: Actor, drafts: readonly OperationDraft[]): void {
    const stored: NewOperation[] = [];
    const changes: RecordChange[] = [];
    const contradictions: ConflictChange[] = [];
    for (const draft of drafts) {
      const own = this.#recordOf(draft.studentId, atMs);
      const op = this.#operation(draft, actor, atMs);
      own.operations.push(op);
      const change = settleStudent(this.#row(), own.state, own.operations, iso(atMs));
      own.operations[own.operations.length - 1] = { ...op, result: firstResult(op, change) };
      own.state = change.after;
      stored.push(op);
      if (change.changed) changes.push(change);
      contradictions.push(...this.#contradict(own, change, atMs));
    }
    this.#context.trail.add(
      atMs,
      ...markEntries(actor, this.session.id, stored, changes),
      ...conflictEntries(actor, this.session.id, contradictions),
    );
  }

  #contradict(own: OwnRecord, change: RecordChange, atMs: number): ConflictChange[] {
    const reach = { students: new Set([change.studentId]), deviceKeys: new Set<Id>() };
    const nextId = (): Id => idAt(this.#context.random, atMs);
    const found = conflictChanges(own.conflicts, change.conflicts, reach, nextId);
    for (const { after } of found) {
      const before = own.conflicts.find(({ id }) => id === after.id);
      const others = own.conflicts.filter(({ id }) => id !== after.id);
      own.conflicts = [...others, { ...after, openedAtMs: before?.openedAtMs ?? atMs }];
    }
    return found;
  }

  /** The timer opens the class. */
  open(atMs: number): void {
    this.#edge(atMs, 'session.opened', 'open', {});
  }

  /** The timer closes the class; if it was taken, the unmarked become absent. */
  close(atMs: number): void {
    this.#taken = wasTaken(this.#takenFacts(), this.session.policy);
    const before = this.#status;
    this.#status = 'closed';
    const changes = this.#taken ? this.#autoAbsents(atMs) : [];
    const stored = changes.map((change) => this.#autoAbsent(change, atMs));
    const entries = markEntries(SEED_ACTOR, this.session.id, stored, changes);
    this.#context.trail.add(atMs, ...entries);
    this.#status = before;
    this.#edge(atMs, 'session.closed', 'closed', { taken: this.#taken });
  }

  /**
   * The timer locks the class.
   * @param digest  of the register, as marks.md R12 demands
   */
  lock(atMs: number, digest: string): void {
    this.#edge(atMs, 'session.locked', 'locked', { register_sha256: digest });
  }

  #edge(
    atMs: number,
    action: string,
    status: SessionStatus,
    after: Readonly<Record<string, string | boolean>>,
  ): void {
    const entry = auditEntry(SEED_ACTOR, {
      chain: sessionChain(this.session.id),
      action,
      entityType: 'AttendanceSession',
      entityId: this.session.id,
      sessionId: this.session.id,
      source: 'timer',
      before: { status: this.#status, epoch: 1 },
      after: { status, ...after },
    });
    this.#status = status;
    this.#context.trail.add(atMs, entry);
  }

  #takenFacts() {
    const operations = this.operations();
    return {
      humanOperations: operations.filter((op) => op.rank >= RANK.faculty).length,
      wasObserved: this.#shownAtMs !== null,
      machineStudents: new Set(
        operations
          .filter((op) => op.rank >= RANK.weak && op.rank <= RANK.biometric)
          .map((op) => op.studentId),
      ).size,
      rosterSize: this.roster.length,
    };
  }

  #autoAbsents(atMs: number): RecordChange[] {
    return this.roster.flatMap((studentId) => {
      const own = this.#recordOf(studentId, atMs);
      const change = settleStudent(this.#row(), own.state, own.operations, iso(atMs));
      own.state = change.after;
      return change.changed ? [change] : [];
    });
  }

  #autoAbsent({ studentId }: RecordChange, atMs: number): NewOperation {
    const draft: OperationDraft = {
      opId: autoAbsentOpId({ id: this.session.id, epoch: 1 }, studentId),
      studentId,
      mark: 'absent',
      rank: RANK.autoAbsent,
      source: 'system',
    };
    const op = { ...this.#operation(draft, SEED_ACTOR, atMs), payloadHash: '', result: {} };
    this.#recordOf(studentId, atMs).operations.push(op);
    return op;
  }

  #recordOf(studentId: Id, atMs: number): OwnRecord {
    const known = this.#records.get(studentId);
    if (known) return known;
    const made: OwnRecord = {
      createdAtMs: atMs,
      operations: [],
      conflicts: [],
      state: {
        id: idAt(this.#context.random, atMs),
        studentId,
        mark: null,
        winnerOpId: null,
        rank: null,
        source: null,
        captureMode: null,
        arrivalAt: null,
        markedAt: null,
        excuseCategory: null,
        flags: [],
        version: 1,
        updatedAt: iso(atMs),
      },
    };
    this.#records.set(studentId, made);
    return made;
  }

  #operation(draft: OperationDraft, actor: Actor, atMs: number): NewOperation {
    return {
      opId: draft.opId,
      sessionId: this.session.id,
      studentId: draft.studentId,
      kind: 'mark',
      mark: draft.mark,
      rank: draft.rank,
      source: draft.source,
      captureMode: 'online',
      actorId: actor.userId,
      effAtMs: draft.effAt === undefined ? atMs : Date.parse(draft.effAt),
      receivedAt: iso(atMs),
      baseOpId: draft.baseOpId ?? null,
      acks: [],
      targetOpId: null,
      excuseCategory: draft.excuseCategory ?? null,
      phase: 'entry',
      flags: draft.flags ?? [],
      outcome: 'admitted',
      outcomeCode: null,
      deviceKeyId: draft.deviceKeyId ?? null,
      capturedAt: null,
      clockTrust: 'server',
      clientId: null,
      payloadHash: payloadHash(this.session.id, actor.userId, draft),
      result: null,
      epoch: 1,
      deviceRef: draft.deviceRef ?? null,
      evidence: draft.evidence ?? null,
      leaveApplicationId: draft.leaveApplicationId ?? null,
      correctionRequestId: null,
      notesSealed: null,
      reasonSealed: null,
    };
  }

  #row(): SessionRow {
    const { session } = this;
    return {
      id: session.id,
      campusId: session.slot.campusId,
      courseSectionId: session.slot.courseSectionId,
      facultyId: session.slot.facultyId,
      roomId: session.slot.roomId,
      status: this.#status,
      startAt: session.startAt,
      endAt: session.endAt,
      opensAt: session.opensAt,
      closesAt: session.closesAt,
      lockDueAt: null,
      lateReferenceAt: this.#shownAtMs === null ? null : iso(this.#shownAtMs),
      autoOpen: true,
      epoch: 1,
      version: 1,
      taken: this.#taken,
      scheduledDate: session.date,
      component: session.slot.component,
      units: session.slot.units,
      policy: session.policy,
    };
  }
}

/** The result a client would have been given, in the form the mark path stores it. */
function firstResult(op: NewOperation, change: RecordChange) {
  const isWinner = change.after.winnerOpId === op.opId;
  return {
    opId: op.opId,
    studentId: op.studentId,
    status: isWinner ? 'applied' : 'superseded',
    code: null,
    detail: null,
    conflictIds: [],
    won: null,
    record: change.after,
    original: null,
    isFirst: change.before.winnerOpId === null && isWinner,
  };
}
