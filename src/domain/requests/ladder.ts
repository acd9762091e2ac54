/** Reminders, escalations and expiry of a case (temporal.md section 8). Nothing is approved by silence. */
import type { CaseKind, Instant } from '../types.ts';
import type { LadderStep } from './case.ts';

/** Moves an instant by whole working days: holidays and zone are the caller's. */
export type AddWorkingDays = (from: Instant, days: number) => Instant;

interface Rung {
  readonly afterWorkingDays: number;
  readonly kind: LadderStep['kind'];
  readonly level: number;
}

/** Leave: reminders after 1 and 2 working days, the head of department after 3. Correction: 1, then 2. */
const RUNGS: Readonly<Record<CaseKind, readonly Rung[]>> = {
  leave: [
    { afterWorkingDays: 1, kind: 'reminder', level: 1 },
    { afterWorkingDays: 2, kind: 'reminder', level: 1 },
    { afterWorkingDays: 3, kind: 'escalation', level: 2 },
  ],
  correction: [
    { afterWorkingDays: 1, kind: 'reminder', level: 1 },
    { afterWorkingDays: 2, kind: 'escalation', level: 2 },
  ],
};

const WEEK_MS = 7 * 24 * 3_600_000;
const WEEKLY_REMINDERS_MAX = 60;

/**
 * The steps of a case, earliest first, counted from its submission, so that a late start of its
 * workflow moves no deadline. The last step is the expiry at `expiresAt`; steps after it are dropped.
 */
export function ladder(
  kind: CaseKind,
  submittedAt: Instant,
  expiresAt: Instant,
  addWorkingDays: AddWorkingDays,
): LadderStep[] {
  const rungs = RUNGS[kind].map(({ afterWorkingDays, kind: stepKind, level }): LadderStep => ({
    at: addWorkingDays(submittedAt, afterWorkingDays),
    kind: stepKind,
    level,
  }));
  const lastMs = Date.parse(rungs.at(-1)?.at ?? submittedAt);
  const weekly = Array.from({ length: WEEKLY_REMINDERS_MAX }, (_, index): LadderStep => ({
    at: new Date(lastMs + (index + 1) * WEEK_MS).toISOString(),
    kind: 'reminder',
    level: 2,
  }));
  const before = [...rungs, ...weekly].filter(
    (step) => Date.parse(step.at) < Date.parse(expiresAt),
  );
  return [...before, { at: expiresAt, kind: 'expiry', level: 2 }];
}
