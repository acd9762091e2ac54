/** Every workflow type, for the bundler. */
export { caseApproval, correctionApproval, leaveApproval, selfEntryApproval } from './approval.ts';
export { dailyNotices } from './daily-notices.ts';
export { dayPlan } from './day-plan.ts';
export { presencePass } from './presence-pass.ts';
export { reconcile } from './reconcile.ts';
export { sessionLifecycle } from './session-lifecycle.ts';
