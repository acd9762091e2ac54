/** How runs move to a new build of the worker (temporal.md sections 2 and 14). */
import { workflowInfo, type setWorkflowOptions } from '@temporalio/workflow';

type Options = Exclude<Parameters<typeof setWorkflowOptions>[0], (...args: never[]) => unknown>;

/**
 * The options of a workflow type. A worker outside a deployment (development, tests) declares no
 * behaviour: the server refuses every task of such a worker that does.
 */
export function versioned(behavior: NonNullable<Options['versioningBehavior']>): () => Options {
  return () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: behavior } : {};
}
