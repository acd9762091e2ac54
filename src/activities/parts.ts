/** What activities are built from, and the surroundings of one call. */
import { activityInfo } from '@temporalio/activity';
import type { Logger } from 'pino';
import { operationFor, type OperationParts } from '../operations/operation-for.ts';
import { SYSTEM_ACTOR, type Operation } from '../operations/ports.ts';
import type { Runs } from '../temporal/runs.ts';
import type { DecisionChannel } from '../domain/types.ts';

/** The parts of a worker that activities use. */
export interface ActivityParts extends OperationParts {
  readonly logger: Logger;
  readonly runs: Runs;
  /** Off refuses decisions that operators send past the API (temporal.md section 7). */
  readonly operatorDecisions: boolean;
}

/** One call's operation: its own entity manager, the workflow as its cause. */
export function callOperation(parts: ActivityParts, channel?: DecisionChannel): Operation {
  return operationFor(parts, {
    ...SYSTEM_ACTOR,
    channel: channel ?? 'workflow',
    workflowId: activityInfo().workflowExecution?.workflowId ?? null,
  });
}

/** The refusal of an operator's message where operators may not decide, or null. */
export function channelRefusal(
  parts: Pick<ActivityParts, 'operatorDecisions'>,
  channel: DecisionChannel | 'workflow' | undefined,
): { readonly code: 'channel_disabled'; readonly detail: string } | null {
  if (parts.operatorDecisions || channel === 'api' || channel === 'workflow') return null;
  return {
    code: 'channel_disabled',
    detail: 'Decisions by operators are switched off; use the dashboard or the API.',
  };
}
