/** The steps of a displayed code: when each begins, and how long it is accepted (presence.md section 2). */

/** How a session's codes turn. */
export interface StepRule {
  /** Length of a step, whole seconds. */
  readonly seconds: number;
  /** How many steps before the current one are still accepted. */
  readonly previous: number;
}

/** What a code's step is at an instant. */
export type StepState = 'live' | 'expired' | 'future';

/** Longest time in which a rotating code is accepted (OWASP ASVS 5.0, 6.5.5). */
export const ACCEPTED_SECONDS_MAX = 30;

/** A new code is shown this long after its step begins, so that a small skew never shows a future one. */
export const SHOWN_AFTER_MS = 1_000;

/** The step of an instant (Unix milliseconds). */
export function stepAt({ seconds }: Pick<StepRule, 'seconds'>, ms: number): number {
  return Math.floor(ms / (seconds * 1_000));
}

/** The instants from which (inclusive) and until which (exclusive) a step is accepted, Unix milliseconds. */
export function acceptedWindow(
  { seconds, previous }: StepRule,
  step: number,
): { readonly fromMs: number; readonly untilMs: number } {
  return { fromMs: step * seconds * 1_000, untilMs: (step + 1 + previous) * seconds * 1_000 };
}

/** Whether a step is accepted at an instant of the server's clock. */
export function stepState(rule: StepRule, step: number, nowMs: number): StepState {
  const { fromMs, untilMs } = acceptedWindow(rule, step);
  if (nowMs < fromMs) return 'future';
  return nowMs < untilMs ? 'live' : 'expired';
}

/** Whether rotating codes may turn like this: no code is accepted for more than 30 s. */
export function isBounded({ seconds, previous }: StepRule): boolean {
  return seconds * (1 + previous) <= ACCEPTED_SECONDS_MAX;
}

/** Steps of the short text code: 15 s, the current and one previous. */
export const TEXT_CODE_RULE: StepRule = { seconds: 15, previous: 1 };

/** From when (inclusive) until when (exclusive) the digits of a step are on the screen, Unix milliseconds. */
export function textCodeShown(step: number): { readonly fromMs: number; readonly untilMs: number } {
  const stepMs = TEXT_CODE_RULE.seconds * 1_000;
  return {
    fromMs: step * stepMs + SHOWN_AFTER_MS,
    untilMs: (step + 1) * stepMs + SHOWN_AFTER_MS,
  };
}

/**
 * Steps of a static code: accepted for `expiryMinutes` from its step's start, which need not be a
 * whole number of steps.
 */
export function staticStepState(
  { intervalMinutes, expiryMinutes }: { intervalMinutes: number; expiryMinutes: number },
  step: number,
  nowMs: number,
): StepState {
  const fromMs = step * intervalMinutes * 60_000;
  if (nowMs < fromMs) return 'future';
  return nowMs < fromMs + expiryMinutes * 60_000 ? 'live' : 'expired';
}

/** How far a saved scan's time may lie from the window of its code, by how far its clock is trusted. */
export const OFFLINE_TOLERANCE_MS = { high: 10_000, low: 120_000 } as const;

/** Whether a capture captured offline can have seen its code on a screen (presence.md section 9). */
export function wasSeenInStep(
  rule: StepRule,
  step: number,
  effAtMs: number,
  trust: 'high' | 'low',
): boolean {
  const tolerance = OFFLINE_TOLERANCE_MS[trust];
  const { fromMs, untilMs } = acceptedWindow(rule, step);
  return effAtMs >= fromMs - tolerance && effAtMs <= untilMs + tolerance;
}
