import { describe, expect, it } from '@jest/globals';
import { judgeDeviceCode, waitForCodeSeconds } from './device-code.ts';

describe('judgeDeviceCode', () => {
  const live = { isLive: true, wrongTries: 0, isRight: true };

  it.each([
    ['none sent, none needed', false, false, null, 'not_needed'],
    ['none sent for a first device', true, false, null, 'required'],
    ['none sent for a later device', true, true, null, 'not_needed'],
    ['right', true, false, live, 'right'],
    ['right though none is needed', false, false, live, 'right'],
    ['wrong though none is needed', false, true, { ...live, isRight: false }, 'wrong'],
    ['wrong', true, false, { ...live, isRight: false }, 'wrong'],
    ['right at the fifth try', true, false, { ...live, wrongTries: 4 }, 'right'],
    ['right after five wrong tries', true, false, { ...live, wrongTries: 5 }, 'spent'],
    ['of another time or sign-in', true, false, { ...live, isLive: false }, 'expired'],
  ] as const)('%s', (_name, isRequired, hadDevice, given, verdict) => {
    expect(judgeDeviceCode({ isRequired, hadDevice, given })).toBe(verdict);
  });
});

describe('waitForCodeSeconds', () => {
  it.each([
    ['none yet', [], 0],
    ['two in the last minutes', [5, 60], 0],
    ['three in the last minutes', [5, 60, 300], 600],
    ['three, the oldest a quarter of an hour ago', [5, 60, 900], 0],
    [
      'ten in a day',
      [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000],
      76_400,
    ],
    ['ten, in any order', [10_000, 1, 9_000, 2, 8_000, 3, 7_000, 6_000, 5_000, 4_000], 76_400],
  ])('%s', (_name, ages, seconds) => {
    expect(waitForCodeSeconds(ages)).toBe(seconds);
  });
});
