/** The claims of the model's class as a plain list; what they say is read by test/order/reference.ts. */
import type { ResolvableOperation } from '../../src/domain/attendance/operation.ts';
import type { Mark, MarkSource, SessionPolicy } from '../../src/domain/types.ts';
import { referenceAnswers, type ReferenceAnswers } from '../order/reference.ts';
import { STUDENTS, type Student } from './commands.ts';

const MINUTE = 60_000;
/** The defaults of marks.md section 5. */
export const POLICY: SessionPolicy = {
  earlyOpenMinutes: 5,
  lateAfterMinutes: 5,
  absentAfterMinutes: null,
  lateCaptureMinutes: 0,
  stayMode: 'single',
  minStayMinutes: 10,
  autoAbsent: true,
  lateFrom: 'reference',
  lockAfterHours: 72,
  takenMinShareBp: 1_000,
  offlineQr: 'confirm_first',
  selfEntryEnabled: false,
  selfEntryMinutes: 15,
  qrStepSeconds: 10,
  qrPreviousSteps: 1,
  presenceLevel: 'standard',
  geofenceMode: 'level',
  recheckEnabled: false,
  recheckPercent: 10,
};

/** Rules that a control changes, one at a time; each must be found out. */
export const MUTANTS = ['no-marks-after-close', 'absent-beats-leave', 'lock-is-not-final'] as const;
/** A changed rule. */
export type Mutant = (typeof MUTANTS)[number];

/** A claim as the model states it. */
export interface Claim {
  readonly student: Student;
  readonly mark: Mark;
  readonly rank: number;
  readonly source: MarkSource;
  /** When it was true, in minutes. */
  readonly eff?: number;
  readonly base?: string | null;
  readonly acks?: readonly string[];
  /** Captured elsewhere: after the lock it drafts a correction in the name of this person. */
  readonly draftedBy?: string;
  /** The leave it comes from. */
  readonly leave?: string;
}

/** What the claims say: each record, and the claims of each open contradiction. */
interface Said extends Pick<ReferenceAnswers, 'records'> {
  readonly open: readonly (readonly string[])[];
}

type Op = ResolvableOperation & { readonly leave: string | undefined };

/** Every claim of one class. */
export class Register {
  #claims: Op[] = [];
  #made = 0;

  /** Keeps a claim and gives its id. */
  add(claim: Claim, eff: number, outcome: 'admitted' | 'review'): string {
    this.#made += 1;
    const opId = `op${String(this.#made).padStart(3, '0')}`;
    this.#claims.push({
      opId,
      studentId: claim.student,
      kind: 'mark',
      mark: claim.mark,
      rank: claim.rank,
      source: claim.source,
      // Of two claims about one minute, the one received later was made later.
      effAtMs: eff * MINUTE + this.#made,
      baseOpId: claim.base ?? null,
      acks: claim.acks ?? [],
      targetOpId: null,
      excuseCategory: null,
      phase: 'entry',
      flags: [],
      outcome,
      deviceKeyId: null,
      leave: claim.leave,
    });
    return opId;
  }

  idsOf(student: Student): string[] {
    return this.#claims.filter((op) => op.studentId === student).map((op) => op.opId);
  }

  /** Some of these claims are about one of these students. */
  areOf(opIds: readonly string[], students: readonly string[]): boolean {
    return this.#claims.some((op) => opIds.includes(op.opId) && students.includes(op.studentId));
  }

  hasLeave(leave: string): boolean {
    return this.#claims.some((op) => op.leave === leave);
  }

  /** Takes back what leaves gave; tells whom it concerned. */
  withdrawLeaves(): string[] {
    const students = this.#claims.filter((op) => op.leave).map((op) => op.studentId);
    this.#claims = this.#claims.filter((op) => !op.leave);
    return students;
  }

  sourceOf(opId: string | undefined): MarkSource {
    return this.#claims.find((op) => op.opId === opId)?.source ?? 'system';
  }

  /** Section 4: whether attendance was really taken. */
  wasTaken(members: readonly Student[]): boolean {
    const standing = this.#claims.filter((op) => op.outcome === 'admitted');
    const scanned = members.filter((student) =>
      standing.some((op) => op.rank === 60 && op.studentId === student),
    );
    const share = scanned.length * 10_000;
    const isEnough = share > 0 && share >= members.length * POLICY.takenMinShareBp;
    return isEnough || standing.some((op) => op.rank >= 80);
  }

  /**
   * What the claims say of each student.
   * @param start  minute of the start
   * @param isAbsentDue  the class is over and was taken: whoever has no claim is absent
   */
  read(start: number, isAbsentDue: boolean, mutant: Mutant | null): Said {
    const wasSeenAway = (student: string) =>
      this.#claims.some((op) => op.rank === 80 && op.mark === 'absent' && op.studentId === student);
    const { records, conflicts } = referenceAnswers({
      context: {
        status: isAbsentDue ? 'closed' : 'open',
        policy: POLICY,
        lateReferenceMs: start * MINUTE,
        scheduledStartMs: start * MINUTE,
        autoOpIdOf: (student) => `auto-${student}`,
        wasObserved: isAbsentDue,
      },
      roster: STUDENTS,
      operations: this.#claims.filter(
        ({ rank, studentId }) =>
          mutant !== 'absent-beats-leave' || rank !== 70 || !wasSeenAway(studentId),
      ),
      batches: [],
    });
    const open = conflicts.filter(({ state }) => state === 'open').map(({ opIds }) => opIds);
    return { records, open };
  }
}
