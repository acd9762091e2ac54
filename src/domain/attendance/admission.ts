/** Which claims a session's state admits (marks.md section 6), and which marks a rank may state. */
import type { ErrorCode } from '../errors.ts';
import { inUtc } from '../in-utc.ts';
import type { Instant, Mark, SessionStatus } from '../types.ts';
import { markClass } from './conflicts.ts';
import { isHumanRank, isMachineRank, RANK } from './ranks.ts';
import type { ClassTimes, Refusal } from './results.ts';

const ADMITTED_WHEN_CLOSED: ReadonlySet<number> = new Set([
  RANK.autoAbsent,
  RANK.offlineQr,
  RANK.card,
  RANK.biometricNoLiveness,
  RANK.biometric,
  RANK.leave,
  RANK.faculty,
  RANK.override,
  RANK.correction,
]);

/** When a class takes marks, and when it becomes final. */
export interface ClassWindow {
  readonly opensAt: Instant;
  readonly closesAt: Instant;
  readonly lockDueAt: Instant | null;
}

/** The window as the wire names it. */
export const classTimes = ({ opensAt, closesAt, lockDueAt }: ClassWindow): ClassTimes => ({
  opens_at: opensAt,
  closes_at: closesAt,
  lock_due_at: lockDueAt,
});

/**
 * Why the effective state refuses a claim, or null when it admits it.
 * @param status  effective status, from the row and the clock
 * @param window  told with the refusal
 * @param isFromTerminal  rank 40 is admitted after close from a terminal only
 */
export function stateRefusal(
  status: SessionStatus,
  rank: number,
  window: ClassWindow,
  isFromTerminal = false,
): Refusal<ErrorCode> | null {
  const refusal = refusalOf(status, rank, window, isFromTerminal);
  return refusal && { ...refusal, times: classTimes(window) };
}

function refusalOf(
  status: SessionStatus,
  rank: number,
  { opensAt }: ClassWindow,
  isFromTerminal: boolean,
): Refusal<ErrorCode> | null {
  switch (status) {
    case 'scheduled':
      return rank === RANK.leave
        ? null
        : { code: 'session_not_open', detail: `Marking opens at ${inUtc(opensAt)}.` };
    case 'open':
      return null;
    case 'closed':
      return ADMITTED_WHEN_CLOSED.has(rank) || (rank === RANK.weak && isFromTerminal)
        ? null
        : { code: 'session_closed', detail: 'Marking is closed. Ask your teacher.' };
    case 'locked':
      return rank === RANK.correction
        ? null
        : {
            code: 'session_locked',
            detail: 'This class is final. File a correction request to change a record.',
          };
    case 'cancelled':
      return { code: 'session_cancelled', detail: 'This class was cancelled.' };
    default:
      return status satisfies never;
  }
}

/** Why a rank may not state this mark, or null (marks.md section 1). */
export function markRefusal(rank: number, mark: Mark | null): Refusal<ErrorCode> | null {
  if (isMachineRank(rank) && mark !== 'present') {
    return { code: 'mark_not_allowed', detail: 'A machine proves presence only.' };
  }
  const mayExcuse = rank === RANK.leave || rank >= RANK.override;
  if (mark === 'excused' && !mayExcuse) {
    return {
      code: 'mark_not_allowed',
      detail: 'Excused comes from an approved leave or a correction; mark present, late or absent.',
    };
  }
  return null;
}

/** A claim or a record: how strong it is and what it says. */
interface Claim {
  readonly rank: number;
  readonly mark: Mark | null;
}

/** What a person's mark is compared with before it is taken without a reason. */
export interface Standing {
  /** The record as it stands. */
  readonly record: { readonly rank: number | null; readonly mark: Mark | null };
  /** Every claim behind it that was not withdrawn. */
  readonly claims: readonly Claim[];
}

/**
 * Why a person must give a reason for this mark, or null: it contradicts a machine or a leave, be
 * it the record's winner or hidden behind a person's earlier mark (marks.md section 11). A change of
 * a person's mark that nothing else contradicts needs none.
 */
export function reasonRefusal(
  mark: Mark | null,
  { record, claims }: Standing,
): Refusal<ErrorCode> | null {
  const isHuman = record.rank !== null && isHumanRank(record.rank);
  const compared = isHuman ? claims : [{ rank: record.rank ?? 0, mark: record.mark }];
  const contradicted = compared.some(
    (claim) =>
      claim.rank >= RANK.weak &&
      claim.rank <= RANK.leave &&
      claim.mark !== null &&
      mark !== null &&
      markClass(claim.mark) !== markClass(mark),
  );
  return contradicted
    ? {
        code: 'reason_required',
        detail: 'The mark contradicts evidence or a leave; give a reason.',
      }
    : null;
}
