/** The activity of the reconciler: compares late rows with their runs and heals them. */
import { heartbeat } from '@temporalio/activity';
import {
  countLateOutbox,
  findLateRuns,
  keepUnfinished,
} from '../operations/runs/find-late-runs.ts';
import { recordRepair } from '../operations/runs/record-start.ts';
import type { RunRef } from '../operations/runs/run-ref.ts';
import type { ReconcileReport } from '../workflows/contract.ts';
import { guard } from './failures.ts';
import { inParallel } from '../operations/in-parallel.ts';
import { callOperation, type ActivityParts } from './parts.ts';

const CALLS_IN_FLIGHT = 20;
/** Failed runs are looked for this far back; a pass runs every minute. */
const FAILED_WITHIN_MS = 24 * 3_600_000;

type Outcome = Exclude<keyof ReconcileReport, 'outboxLate'>;

/** A row to look at: late itself, or one whose earlier run failed. */
interface Suspect extends RunRef {
  readonly isLate: boolean;
}

/** Heals rows whose run is missing, failed or late. */
export function reconcilerActivities(parts: ActivityParts) {
  return {
    /** One pass; a status is never changed here, only runs are started and nudged. */
    reconcileRuns: (): Promise<ReconcileReport> =>
      guard(parts.logger, 'reconcileRuns', async () => {
        const operation = callOperation(parts);
        const late = await findLateRuns(operation);
        const failed = await keepUnfinished(operation, await failedRuns(parts));
        const refs = new Map<string, Suspect>();
        for (const ref of failed) refs.set(`${ref.kind}/${ref.id}`, { ...ref, isLate: false });
        for (const ref of late) refs.set(`${ref.kind}/${ref.id}`, { ...ref, isLate: true });
        const counts = { nudged: 0, started: 0, repaired: 0, healthy: 0, stuck: 0, unreachable: 0 };
        await inParallel([...refs.values()], CALLS_IN_FLIGHT, async (suspect) => {
          counts[await heal(parts, suspect)] += 1;
          heartbeat();
        });
        const report = { ...counts, outboxLate: await countLateOutbox(operation) };
        if (refs.size > counts.healthy || report.outboxLate > 0) {
          parts.logger.warn(report, 'reconciled');
        }
        return report;
      }),
  };
}

/** Visibility may lag or be away; late rows are found without it. */
async function failedRuns(parts: ActivityParts): Promise<RunRef[]> {
  try {
    return await parts.runs.failedSince(new Date(Date.now() - FAILED_WITHIN_MS));
  } catch (error) {
    parts.logger.warn({ err: error }, 'failed runs could not be listed');
    return [];
  }
}

/** One row's trouble must not keep the others from being healed. */
async function heal(parts: ActivityParts, { isLate, ...ref }: Suspect): Promise<Outcome> {
  try {
    return await healRun(parts, ref, isLate);
  } catch (error) {
    parts.logger.error({ err: error, ...ref }, 'a run could not be healed');
    return 'unreachable';
  }
}

async function healRun(parts: ActivityParts, ref: RunRef, isLate: boolean): Promise<Outcome> {
  const status = await parts.runs.statusOf(ref);
  switch (status) {
    case 'running':
      if (!isLate) return 'healthy'; // Repaired by an earlier pass.
      await parts.runs.nudge(ref);
      return 'nudged';
    case 'missing':
      await parts.runs.start(ref);
      await recordRepair(callOperation(parts), ref, status);
      return 'started';
    case 'failed':
      await parts.runs.start(ref, { afterFailure: true });
      await recordRepair(callOperation(parts), ref, status);
      return 'repaired';
    case 'completed':
      parts.logger.error(ref, 'a run completed although its row is not final');
      return 'stuck';
    default:
      return status satisfies never;
  }
}
