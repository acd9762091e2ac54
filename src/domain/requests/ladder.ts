/** Reminders, escalations and expiry of a case (temporal.md section 8). Nothing is approved by silence. */
import type { CaseKind, Instant } from '../types.ts';
import type { LadderStep } from './case.ts';

/** Moves an instant by whole working days: holidays and zone are the caller's. */
export type AddWorkingDays = (from: Instant, days: number) => Instant;

type Rung = Pick<LadderStep, 'kind' | 'level'> &
  (
    | { readonly afterWorkingDays: number }
    | { readonly afterHours: number }
    /** Hours after the class of the case has closed. */
    | { readonly afterCloseHours: number }
  );

/**
 * Leave: reminders after 1 and 2 working days, the head of department after 3. Correction: 1, then
 * 2. Self-entry: when the class closes and 4 hours later, the head of department after 1. Unlock:
 * after 4 hours, the exam cell after 1.
 */
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
  self_entry: [
    { afterCloseHours: 0, kind: 'reminder', level: 1 },
    { afterCloseHours: 4, kind: 'reminder', level: 1 },
    { afterWorkingDays: 1, kind: 'escalation', level: 2 },
  ],
  unlock: [
    { afterHours: 4, kind: 'reminder', level: 1 },
    { afterWorkingDays: 1, kind: 'escalation', level: 2 },
  ],
};

const HOUR_MS = 3_600_000;

const WEEK_MS = 7 * 24 * 3_600_000;
const WEEKLY_REMINDERS_MAX = 60;

/** The instants of a case that its ladder is counted from. */
export interface LadderTimes {
  readonly submittedAt: Instant;
  readonly expiresAt: Instant;
  /** When the class of the case closed or will close; null for a case without one. */
  readonly sessionClosesAt: Instant | null;
}

const addHours = (from: Instant, hours: number): Instant =>
  new Date(Date.parse(from) + hours * HOUR_MS).toISOString();

/**
 * The steps of a case, earliest first, counted from its submission, so that a late start of its
 * workflow moves no deadline. The last step is the expiry at `expiresAt`; steps after it are dropped.
 */
export function ladder(
  kind: CaseKind,
  { submittedAt, expiresAt, sessionClosesAt }: LadderTimes,
  addWorkingDays: AddWorkingDays,
): LadderStep[] {
  const instantOf = (rung: Rung): Instant => {
    if ('afterCloseHours' in rung) {
      return addHours(sessionClosesAt ?? submittedAt, rung.afterCloseHours);
    }
    return 'afterHours' in rung
      ? addHours(submittedAt, rung.afterHours)
      : addWorkingDays(submittedAt, rung.afterWorkingDays);
  };
  const rungs = RUNGS[kind]
    .map((rung): LadderStep => ({ at: instantOf(rung), kind: rung.kind, level: rung.level }))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
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
