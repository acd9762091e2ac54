import { describe, expect, it } from '@jest/globals';
import { judgeClock } from './judge-clock.ts';

const RECEIVED = Date.UTC(2026, 10, 23, 4, 0, 0);
const judge = (change: object) =>
  judgeClock({
    capturedMs: RECEIVED,
    clockOffsetMs: 0,
    gatewayOffsetMs: 0,
    receivedMs: RECEIVED,
    ...change,
  });

describe('judgeClock', () => {
  it('takes the offsets of terminal and gateway off the captured time', () => {
    expect(judge({ clockOffsetMs: 60_000, gatewayOffsetMs: -10_000 })).toEqual({
      effMs: RECEIVED - 50_000,
      offsetMs: 50_000,
      isFlagged: false,
      code: null,
    });
  });

  it.each([
    ['120 s', 120_000, false, null],
    ['120.001 s', 120_001, true, null],
    ['900 s', 900_000, true, null],
    ['900.001 s', 900_001, true, 'clock_untrusted'],
    ['-900.001 s', -900_001, true, 'clock_untrusted'],
  ])('an offset of %s', (_name, clockOffsetMs, isFlagged, code) => {
    expect(judge({ clockOffsetMs, capturedMs: RECEIVED + clockOffsetMs })).toMatchObject({
      isFlagged,
      code,
    });
  });

  it('uses no offset and flags the time when the terminal was not measured', () => {
    expect(judge({ clockOffsetMs: null, gatewayOffsetMs: 5_000_000 })).toEqual({
      effMs: RECEIVED,
      offsetMs: 0,
      isFlagged: true,
      code: null,
    });
  });

  it.each([
    ['60 s ahead of receipt', 60_000, null],
    ['more', 60_001, 'future_time'],
    ['72 h behind', -72 * 3_600_000, null],
    ['more', -72 * 3_600_000 - 1, 'too_old'],
    ['in 1999', Date.UTC(1999, 0, 1) - RECEIVED, 'implausible_time'],
  ])('a time %s', (_name, aheadMs, code) => {
    expect(judge({ capturedMs: RECEIVED + aheadMs }).code).toBe(code);
  });
});
