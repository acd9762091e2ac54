/** The activity of presence: re-checks that are due, and traces whose time is over. */
import { systemDice } from '../security/system-dice.ts';
import { forgetPresence } from '../operations/presence/forget-presence.ts';
import { runDueRechecks } from '../operations/presence/recheck-session.ts';
import type { PresenceReport } from '../workflows/contract.ts';
import { guard } from './failures.ts';
import { callOperation, type ActivityParts } from './parts.ts';

/** Keeps re-checks going and the promises about what is stored. */
export function presenceActivities(parts: ActivityParts) {
  return {
    keepPresence: (): Promise<PresenceReport> =>
      guard(parts.logger, 'keepPresence', async () => {
        const operation = callOperation(parts);
        const rechecks = await runDueRechecks(operation, systemDice);
        return { ...rechecks, forgotten: await forgetPresence(operation) };
      }),
  };
}
