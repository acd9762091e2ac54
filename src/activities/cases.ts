/** Activities of leave applications and correction requests. */
import { appError } from '../domain/errors.ts';
import type {
  CaseResult,
  CaseView,
  DecisionMessage,
  LadderStep,
  UnlockedRegister,
  WithdrawMessage,
} from '../domain/requests/case.ts';
import type { CaseKind, DecisionChannel, Id } from '../domain/types.ts';
import { applyDecision } from '../operations/requests/apply-decision.ts';
import { expireCase } from '../operations/requests/expire-case.ts';
import { ladderInstants } from '../operations/requests/ladder-instants.ts';
import { loadCaseView } from '../operations/requests/load-case-view.ts';
import { recordReminder } from '../operations/requests/record-reminder.ts';
import { loadUnlockedRegister, relockSession } from '../operations/requests/relock-session.ts';
import { withdrawCase } from '../operations/requests/withdraw-case.ts';
import { guard } from './failures.ts';
import { callOperation, channelRefusal, type ActivityParts } from './parts.ts';

/** Loads cases, decides them, reminds and expires. */
export function caseActivities(parts: ActivityParts) {
  const load = async (kind: CaseKind, caseId: Id): Promise<CaseView> => {
    const view = await loadCaseView(callOperation(parts).em, kind, caseId);
    if (!view) throw appError('not_found', 'There is no such request.');
    return view;
  };
  return {
    /** The row as its workflow sees it. */
    loadCase: (kind: CaseKind, caseId: Id): Promise<CaseView> =>
      guard(parts.logger, 'loadCase', () => load(kind, caseId)),

    /** The steps of the case's ladder, earliest first. */
    ladderInstants: (kind: CaseKind, caseId: Id): Promise<LadderStep[]> =>
      guard(parts.logger, 'ladderInstants', () =>
        ladderInstants(callOperation(parts), kind, caseId),
      ),

    /** Decides in one transaction; a known decision id gives the first result. */
    applyDecision: (kind: CaseKind, caseId: Id, message: DecisionMessage): Promise<CaseResult> =>
      guard(parts.logger, 'applyDecision', async () => {
        const refused = channelRefusal(parts, message.channel ?? 'operator_update');
        if (refused) return { view: await load(kind, caseId), refused };
        return applyDecision(callOperation(parts, message.channel), kind, caseId, message);
      }),

    /** Withdraws for the applicant; a known withdrawal id gives the first result. */
    withdrawCase: (
      kind: CaseKind,
      caseId: Id,
      message: WithdrawMessage,
      channel: DecisionChannel,
    ): Promise<CaseResult> =>
      guard(parts.logger, 'withdrawCase', async () => {
        const refused = channelRefusal(parts, channel);
        if (refused) return { view: await load(kind, caseId), refused };
        return withdrawCase(callOperation(parts, channel), kind, caseId, message);
      }),

    /** Expires a case nobody decided, when its time has come. */
    expireCase: (kind: CaseKind, caseId: Id): Promise<CaseView> =>
      guard(parts.logger, 'expireCase', () => expireCase(callOperation(parts), kind, caseId)),

    /** How the register of an approved unlock stands. */
    loadUnlockedRegister: (caseId: Id): Promise<UnlockedRegister> =>
      guard(parts.logger, 'loadUnlockedRegister', () =>
        loadUnlockedRegister(callOperation(parts).em, caseId),
      ),

    /** Locks the register of an approved unlock again, when its time has come. */
    relockSession: (caseId: Id): Promise<UnlockedRegister> =>
      guard(parts.logger, 'relockSession', () => relockSession(callOperation(parts), caseId)),

    /** Records one reminder or escalation; each step once. */
    recordReminder: (kind: CaseKind, caseId: Id, step: LadderStep): Promise<void> =>
      guard(parts.logger, 'recordReminder', () =>
        recordReminder(callOperation(parts), kind, caseId, step),
      ),
  };
}
