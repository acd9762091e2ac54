/** The notices of a day, written once at its end (temporal.md section 5). */
import { setWorkflowOptions } from '@temporalio/workflow';
import { pages } from './activity-proxies.ts';
import type { DailyNoticesReport } from './contract.ts';
import { versioned } from './versioned.ts';

/** Writes the digest of open contradictions; who was told that day already is not told again. */
export async function dailyNotices(): Promise<DailyNoticesReport> {
  return pages().writeConflictDigests();
}

setWorkflowOptions(versioned('PINNED'), dailyNotices);
