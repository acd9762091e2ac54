/** The activities as workflows call them: queues, time limits and retries of temporal.md section 9. */
import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  workflowInfo,
  type ActivityInterfaceFor,
} from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { siblingQueue } from './contract.ts';

/** A database that is away never makes a session or case be given up. */
const FOR_EVER = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

/** Reads: short, so that a hanging connection is noticed soon. */
export const reads = proxyActivities<Activities>({
  startToCloseTimeout: '5s',
  retry: FOR_EVER,
});

/** Writes of one row and its effects. */
export const writes = proxyActivities<Activities>({
  startToCloseTimeout: '30s',
  retry: FOR_EVER,
});

/** Notices: a day of retries, then the notice is given up and the case goes on. */
export function notices(): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({
    taskQueue: siblingQueue(workflowInfo().taskQueue, 'notify'),
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: '24h',
    retry: { initialInterval: '10s', backoffCoefficient: 2, maximumInterval: '15m' },
  });
}

/** Pages of the planner and reconciler. */
export function pages(): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({
    taskQueue: siblingQueue(workflowInfo().taskQueue, 'bulk'),
    startToCloseTimeout: '5m',
    heartbeatTimeout: '30s',
    retry: { ...FOR_EVER, maximumAttempts: 10 },
  });
}

/** A refusal that an activity threw: the stable code and the sentence. */
export interface ThrownRefusal {
  readonly code: string;
  readonly detail: string;
  readonly type: string;
}

/**
 * The refusal behind a failed activity, or undefined when the failure is none (a cancellation).
 * Activities retry everything else for ever, so a failure that arrives here is final.
 */
export function thrownRefusal(error: unknown): ThrownRefusal | undefined {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) {
    return undefined;
  }
  const { details, message, type } = error.cause;
  const code = details?.[0];
  return {
    code: typeof code === 'string' ? code : 'internal_error',
    detail: message,
    type: type ?? 'Unknown',
  };
}
