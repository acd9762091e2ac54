/** Bundles the workflows for the sandbox; production builds the file once, ahead of time. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger, type WorkflowBundleOption } from '@temporalio/worker';
import { dataConverter, type TemporalSettings } from '../temporal/connection.ts';

/** The file whose exports are the workflow types. */
export const WORKFLOWS_PATH = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** What decides how workflows are bundled. */
export interface BundleSettings extends Pick<TemporalSettings, 'temporalCodecKeys'> {
  /** File of a prebuilt bundle. */
  readonly workflowBundle?: string | undefined;
}

/** Gives the prebuilt bundle, or bundles the source, which takes a second or two. */
export async function loadWorkflowBundle(
  settings: BundleSettings,
  logger?: Logger,
): Promise<WorkflowBundleOption> {
  if (settings.workflowBundle) return { codePath: settings.workflowBundle };
  return bundleWorkflows(settings, logger);
}

/** Bundles the source. */
export function bundleWorkflows(
  settings: BundleSettings,
  logger?: Logger,
): Promise<{ readonly code: string }> {
  const { failureConverterPath } = dataConverter(settings);
  return bundleWorkflowCode({
    workflowsPath: WORKFLOWS_PATH,
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
    ...(logger ? { logger } : {}),
  });
}
