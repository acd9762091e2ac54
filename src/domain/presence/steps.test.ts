import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  acceptedWindow,
  isBounded,
  SHOWN_AFTER_MS,
  staticStepState,
  stepAt,
  stepState,
  TEXT_CODE_RULE,
  wasSeenInStep,
} from './steps.ts';

const RULE = { seconds: 10, previous: 1 };
const at = (text: string): number => Date.parse(`2026-08-14T${text}Z`);

describe('the step of a code', () => {
  test('the known answer of presence.md section 2', () => {
    expect(stepAt(RULE, at('04:32:07'))).toBe(178_668_192);
    expect(acceptedWindow(RULE, 178_668_192)).toEqual({
      fromMs: at('04:32:00'),
      untilMs: at('04:32:20'),
    });
    expect(stepAt(TEXT_CODE_RULE, at('04:32:07'))).toBe(119_112_128);
    expect(acceptedWindow(TEXT_CODE_RULE, 119_112_128)).toEqual({
      fromMs: at('04:32:00'),
      untilMs: at('04:32:30'),
    });
  });

  test.each([
    ['04:31:59.999', 'future'],
    ['04:32:00.000', 'live'],
    ['04:32:19.999', 'live'],
    ['04:32:20.000', 'expired'],
  ] as const)('at %s it is %s', (time, state) => {
    expect(stepState(RULE, 178_668_192, at(time))).toBe(state);
  });

  test.each([
    [{ seconds: 10, previous: 1 }, true],
    [{ seconds: 15, previous: 1 }, true],
    [{ seconds: 15, previous: 2 }, false],
    [{ seconds: 60, previous: 1 }, false],
  ] as const)('no rule accepts a code longer than 30 s: %j', (rule, allowed) => {
    expect(isBounded(rule)).toBe(allowed);
  });

  test('a code is good for at least 9 s after it left the screen, and dead 19 s after it appeared', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 0, max: 60_000 }),
        (step, late) => {
          const shownMs = step * 10_000 + SHOWN_AFTER_MS;
          const hiddenMs = shownMs + 10_000;
          expect(stepState(RULE, step, hiddenMs + late)).toBe(late < 9_000 ? 'live' : 'expired');
          expect(stepState(RULE, step, shownMs + 19_000 + late)).toBe('expired');
        },
      ),
    );
  });
});

test.each([
  [at('04:29:59.999'), 'future'],
  [at('04:30:00'), 'live'],
  [at('05:29:59.999'), 'live'],
  [at('05:30:00'), 'expired'],
] as const)('a static code lives for the original 60 minutes: %#', (nowMs, state) => {
  const settings = { intervalMinutes: 5, expiryMinutes: 60 };
  const step = stepAt({ seconds: 300 }, at('04:32:07'));
  expect(staticStepState(settings, step, nowMs)).toBe(state);
});

test.each([
  [at('04:31:50'), 'high', true],
  [at('04:31:49.999'), 'high', false],
  [at('04:32:30'), 'high', true],
  [at('04:32:30.001'), 'high', false],
  [at('04:30:00'), 'low', true],
  [at('04:29:59.999'), 'low', false],
  [at('04:34:20'), 'low', true],
  [at('04:34:20.001'), 'low', false],
] as const)('a saved scan lies near the window of its code: %#', (effAtMs, trust, isPlausible) => {
  expect(wasSeenInStep(RULE, 178_668_192, effAtMs, trust)).toBe(isPlausible);
});
