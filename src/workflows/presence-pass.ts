/** One pass over re-checks that are due, and over traces of presence whose time is over. */
import { setWorkflowOptions } from '@temporalio/workflow';
import { pages } from './activity-proxies.ts';
import type { PresenceReport } from './contract.ts';
import { versioned } from './versioned.ts';

/** Starts and settles re-checks and forgets what is kept no longer; a repeat changes nothing. */
export async function presencePass(): Promise<PresenceReport> {
  return pages().keepPresence();
}

setWorkflowOptions(versioned('PINNED'), presencePass);
