/** What the rules of a session say to a claim before the records are asked (marks.md R1 to R3). */
import { classTimes, markRefusal, stateRefusal } from '../../domain/attendance/admission.ts';
import { isMachineRank, RANK } from '../../domain/attendance/ranks.ts';
import type { Refusal } from '../../domain/attendance/results.ts';
import { inUtc } from '../../domain/in-utc.ts';
import type { Id } from '../../domain/types.ts';
import type { LockedSession, SessionRow } from '../sessions/session-row.ts';
import type { DraftVerdict, OperationDraft } from './operation-draft.ts';

const EXIT_GRACE_MS = 15 * 60_000;

/** Why a claim never counts or waits for a person, or null when it is admitted. */
export function judgeDraft(
  { session, effectiveStatus, nowMs }: LockedSession,
  members: ReadonlySet<Id>,
  draft: OperationDraft,
): DraftVerdict | null {
  // What was claimed while a student was on the roster can be taken back afterwards.
  if (draft.kind !== 'withdraw' && !members.has(draft.studentId)) {
    return rejected({
      code: 'not_on_roster',
      detail: 'The student is not enrolled in this class on its date.',
    });
  }
  if (draft.verdict?.outcome === 'rejected') return draft.verdict;
  const forbidden = missingReason(draft) ?? offlineQrRefusal(session, draft);
  if (forbidden) return rejected(forbidden);
  const refused = stateRefusal(effectiveStatus, draft.rank, session, draft.source === 'biometric');
  if (refused && !isLateEvidence(draft, refused)) return rejected(refused);
  const wrong = markRefusal(draft.rank, draft.mark) ?? windowRefusal(session, draft, nowMs);
  if (wrong) return rejected(wrong);
  if (refused) return { outcome: 'review', ...LATE };
  return draft.verdict ?? null;
}

const LATE: Refusal = {
  code: 'session_locked',
  detail: 'This class is final. The evidence waits in a correction request.',
};

const rejected = (refusal: Refusal): DraftVerdict => ({ outcome: 'rejected', ...refusal });

/** An override of the staff of a class needs a reason, always. */
function missingReason(draft: OperationDraft): Refusal | null {
  if (!draft.isInteractive || draft.rank !== RANK.override || hasReason(draft)) return null;
  return { code: 'reason_required', detail: 'An override of the staff of a class needs a reason.' };
}

/** Says whether a person gave words with the mark. */
export const hasReason = ({ reason, notes }: OperationDraft): boolean => Boolean(reason ?? notes);

function offlineQrRefusal({ policy }: SessionRow, draft: OperationDraft): Refusal | null {
  if (draft.rank !== RANK.offlineQr || policy.offlineQr !== 'off') return null;
  return {
    code: 'offline_qr_disabled',
    detail: 'Codes scanned offline do not count here. Ask your teacher to mark you.',
  };
}

/** Evidence of weight that arrives after the lock is kept for a correction (marks.md section 6). */
function isLateEvidence(draft: OperationDraft, refused: Refusal): boolean {
  const isLiveScan = draft.source === 'qr' && draft.captureMode !== 'offline';
  return (
    refused.code === 'session_locked' &&
    draft.draftsAfterLock === true &&
    draft.kind !== 'withdraw' &&
    draft.rank >= RANK.weak &&
    draft.rank <= RANK.override &&
    !isLiveScan
  );
}

/** R2.6: a machine's claim must lie in the capture window of the class. */
function windowRefusal(session: SessionRow, draft: OperationDraft, nowMs: number): Refusal | null {
  if (!isMachineRank(draft.rank)) return null;
  const effMs = draft.effAt === undefined ? nowMs : Date.parse(draft.effAt);
  const lastMs =
    draft.phase === 'exit'
      ? Math.max(Date.parse(session.closesAt), Date.parse(session.endAt) + EXIT_GRACE_MS)
      : Date.parse(session.closesAt);
  if (effMs >= Date.parse(session.opensAt) && effMs <= lastMs) return null;
  return {
    code: 'outside_window',
    detail: `This class takes marks from ${inUtc(session.opensAt)} to ${inUtc(session.closesAt)}.`,
    times: classTimes(session),
  };
}
