/** The activity of the day planner: claims a page of rows, then starts their workflows. */
import { activityInfo, heartbeat } from '@temporalio/activity';
import { keepAuditPartitions } from '../audit/keep-partitions.ts';
import type { Id } from '../domain/types.ts';
import { claimSessions } from '../operations/runs/claim-sessions.ts';
import { inParallel } from '../operations/in-parallel.ts';
import { guard } from './failures.ts';
import { callOperation, type ActivityParts } from './parts.ts';

const STARTS_IN_FLIGHT = 20;

/** What one page did; `claimed` 0 means that nothing is left. */
export interface PlannedPage {
  readonly claimed: number;
  readonly started: number;
}

/** Starts sessions for the planner. */
export function plannerActivities(parts: ActivityParts) {
  return {
    /**
     * Claims and starts one page. The ids still to start are its heartbeat, so that a retry starts
     * those first; what a crash between claim and heartbeat loses, the reconciler finds.
     */
    startSessions: (): Promise<PlannedPage> =>
      guard(parts.logger, 'startSessions', async () => {
        const left = new Set(unstarted());
        const operation = callOperation(parts);
        const ids = left.size > 0 ? [...left] : await claimSessions(operation);
        if (ids.length === 0) await keepAuditPartitions(operation.em); // Once an hour is plenty.
        ids.forEach((id) => left.add(id));
        heartbeat([...left]);
        let failure: unknown;
        await inParallel(ids, STARTS_IN_FLIGHT, async (id) => {
          try {
            await parts.runs.start({ kind: 'session', id });
            left.delete(id);
          } catch (error) {
            failure = error; // The others are still started; the retry takes what is left.
          }
          heartbeat([...left]);
        });
        if (left.size > 0) throw failure;
        return { claimed: ids.length, started: ids.length };
      }),
  };
}

function unstarted(): Id[] {
  const details: unknown = activityInfo().heartbeatDetails;
  return Array.isArray(details) ? details.filter((id) => typeof id === 'string') : [];
}
