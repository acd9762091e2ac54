/** Activities of class sessions. */
import { appError } from '../domain/errors.ts';
import type { SessionView, TransitionResult } from '../domain/session/view.ts';
import type { Id } from '../domain/types.ts';
import {
  applyTransition,
  type TransitionRequest,
} from '../operations/sessions/apply-transition.ts';
import { loadSessionView } from '../operations/sessions/load-session-view.ts';
import { guard } from './failures.ts';
import { callOperation, channelRefusal, type ActivityParts } from './parts.ts';

/** Loads sessions and applies their transitions. */
export function sessionActivities(parts: ActivityParts) {
  const load = async (sessionId: Id): Promise<SessionView> => {
    const view = await loadSessionView(callOperation(parts).em, sessionId);
    if (!view) throw appError('not_found', 'There is no such session.');
    return view;
  };
  return {
    /** The row as its workflow sees it. */
    loadSession: (sessionId: Id): Promise<SessionView> =>
      guard(parts.logger, 'loadSession', () => load(sessionId)),

    /** One edge in one transaction; a repeat gives the first result. */
    applySessionTransition: (request: TransitionRequest): Promise<TransitionResult> =>
      guard(parts.logger, 'applySessionTransition', async () => {
        const refused = channelRefusal(parts, request.command.channel);
        if (refused) return { view: await load(request.sessionId), refused };
        return applyTransition(callOperation(parts), request);
      }),
  };
}
