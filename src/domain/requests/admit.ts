/** Whether a decision may be taken at all: the rule behind updates, signals and the deciding transaction. */
import type { ErrorCode } from '../errors.ts';
import { VERDICTS } from '../types.ts';
import type { CaseView, DecisionMessage } from './case.ts';

/** Why a decision is refused: a stable code and one sentence naming the way on. */
export interface AdmissionRefusal {
  readonly code: ErrorCode;
  readonly detail: string;
}

/**
 * Why a decision is refused, or null when it is admitted. Authority is checked where the database
 * is: by the API's policy before and by the deciding transaction after.
 * @param seenDecisionIds  decisions this case took already; a repeat of one is admitted and answered
 *   with its first result
 * @see temporal.md section 7, trust.md O5
 */
export function admit(
  view: CaseView,
  seenDecisionIds: ReadonlySet<string>,
  message: DecisionMessage,
): AdmissionRefusal | null {
  if (seenDecisionIds.has(message.decisionId)) return null;
  if (!VERDICTS.includes(message.verdict)) {
    return { code: 'validation_failed', detail: 'The verdict is approved or rejected.' };
  }
  if (message.deciderId === view.applicantId || message.deciderId === view.subjectId) {
    return {
      code: 'own_request',
      detail: 'Nobody decides a request they filed or that concerns them.',
    };
  }
  if (view.status !== 'pending') {
    return { code: 'already_decided', detail: `This request is ${view.status}; read it again.` };
  }
  if (message.verdict === 'rejected' && !message.note?.trim()) {
    return { code: 'note_required', detail: 'Say in the note why the request is rejected.' };
  }
  return null;
}
