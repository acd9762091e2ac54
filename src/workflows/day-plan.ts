/** Starts the workflows of the coming sessions, a page of rows at a time (temporal.md section 5). */
import {
  condition,
  continueAsNew,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { pages } from './activity-proxies.ts';
import {
  pauseSignal,
  progressQuery,
  resumeSignal,
  type DayPlanInput,
  type DayPlanProgress,
} from './contract.ts';
import { versioned } from './versioned.ts';

const PAGES_PER_RUN = 500;

/** Ends when no row of the next 36 hours waits for its start. */
export async function dayPlan(input: DayPlanInput = {}): Promise<DayPlanProgress> {
  let { pages: taken, started } = input.carried ?? { pages: 0, started: 0 };
  let isPaused = false;
  const limit = taken + (input.testContinueAsNewAfter ?? PAGES_PER_RUN);
  setHandler(pauseSignal, () => {
    isPaused = true;
  });
  setHandler(resumeSignal, () => {
    isPaused = false;
  });
  setHandler(progressQuery, () => ({ pages: taken, started }));
  const { startSessions } = pages();
  for (;;) {
    await condition(() => !isPaused);
    const page = await startSessions();
    taken += 1;
    started += page.started;
    if (page.claimed === 0) return { pages: taken, started };
    if (taken >= limit || workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof dayPlan>({ ...input, carried: { pages: taken, started } });
    }
  }
}

setWorkflowOptions(versioned('PINNED'), dayPlan);
