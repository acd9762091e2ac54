/** One pass over rows and runs that disagree (temporal.md section 5). */
import { setWorkflowOptions } from '@temporalio/workflow';
import { pages } from './activity-proxies.ts';
import type { ReconcileReport } from './contract.ts';
import { versioned } from './versioned.ts';

/** Starts missing runs and nudges late ones; it never changes a status itself. */
export async function reconcile(): Promise<ReconcileReport> {
  return pages().reconcileRuns();
}

setWorkflowOptions(versioned('PINNED'), reconcile);
