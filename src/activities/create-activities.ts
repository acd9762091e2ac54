/** Every activity, built once per worker from its parts; thin over operations (temporal.md section 9). */
import { caseActivities } from './cases.ts';
import { noticeActivities } from './notices.ts';
import type { ActivityParts } from './parts.ts';
import { plannerActivities } from './planner.ts';
import { presenceActivities } from './presence.ts';
import { reconcilerActivities } from './reconciler.ts';
import { sessionActivities } from './sessions.ts';

/** Builds the activities that workers register and workflows call by type. */
export function createActivities(parts: ActivityParts) {
  return {
    ...sessionActivities(parts),
    ...caseActivities(parts),
    ...plannerActivities(parts),
    ...reconcilerActivities(parts),
    ...noticeActivities(parts),
    ...presenceActivities(parts),
  };
}

/** What workflows proxy; they import this type only. */
export type Activities = ReturnType<typeof createActivities>;
