import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgeCapture, type CaptureClaim, type JudgedTime } from './capture-time.ts';

const RECEIVED = Date.UTC(2026, 7, 14, 5, 10);
const MINUTE = 60_000;

function claim(change: Partial<CaptureClaim> = {}): CaptureClaim {
  return {
    receivedMs: RECEIVED,
    sentMs: RECEIVED,
    sentMonoMs: 10_000_000,
    bootId: 'boot',
    capturedMs: RECEIVED - 30 * MINUTE,
    capturedMonoMs: null,
    capturedBootId: null,
    ...change,
  };
}

describe('judgeCapture', () => {
  it.each<[string, Partial<CaptureClaim>, Partial<JudgedTime>]>([
    [
      'the steady clock of one boot, whatever the wall clock says',
      {
        sentMs: RECEIVED + 24 * 60 * MINUTE,
        capturedMs: 0,
        capturedMonoMs: 10_000_000 - 30 * MINUTE,
        capturedBootId: 'boot',
      },
      { effAtMs: RECEIVED - 30 * MINUTE, trust: 'high', flags: [], review: null },
    ],
    [
      'another boot: the wall clock',
      { capturedMonoMs: 5, capturedBootId: 'before' },
      { effAtMs: RECEIVED - 30 * MINUTE, trust: 'low', flags: [], review: null },
    ],
    [
      'a clock two minutes fast is corrected',
      { sentMs: RECEIVED + 2 * MINUTE, capturedMs: RECEIVED - 28 * MINUTE },
      { effAtMs: RECEIVED - 30 * MINUTE, flags: [], review: null },
    ],
    [
      'a millisecond more is corrected and flagged',
      { sentMs: RECEIVED + 2 * MINUTE + 1, capturedMs: RECEIVED - 28 * MINUTE },
      { effAtMs: RECEIVED - 30 * MINUTE - 1, flags: ['clock_flagged'], review: null },
    ],
    [
      'fifteen minutes slow is still corrected',
      { sentMs: RECEIVED - 15 * MINUTE },
      { effAtMs: RECEIVED - 15 * MINUTE, flags: ['clock_flagged'], review: null },
    ],
    [
      '18 a clock 20 minutes fast waits for a person',
      { sentMs: RECEIVED + 20 * MINUTE, capturedMs: RECEIVED + 20 * MINUTE },
      { effAtMs: RECEIVED, flags: ['clock_flagged'], review: 'clock_untrusted' },
    ],
    [
      'a clock a day off waits for a person',
      { sentMs: RECEIVED - 24 * 60 * MINUTE, capturedMs: RECEIVED - 25 * 60 * MINUTE },
      { review: 'clock_untrusted' },
    ],
    [
      'a capture up to a minute ahead counts as now',
      { capturedMs: RECEIVED + MINUTE },
      { effAtMs: RECEIVED, review: null },
    ],
    [
      'a capture further ahead waits for a person',
      { capturedMs: RECEIVED + MINUTE + 1 },
      { effAtMs: RECEIVED, review: 'future_time' },
    ],
    [
      'a steady clock that runs backwards waits for a person',
      { capturedMonoMs: 10_000_000 + 2 * MINUTE, capturedBootId: 'boot' },
      { effAtMs: RECEIVED, trust: 'high', review: 'future_time' },
    ],
  ])('%s', (_name, change, expected) => {
    expect(judgeCapture(claim(change))).toMatchObject(expected);
  });

  it('never gives a time after receipt, and never trusts a wall clock that is far off', () => {
    const day = 24 * 60 * MINUTE;
    fc.assert(
      fc.property(
        fc.integer({ min: -day, max: day }),
        fc.integer({ min: -day, max: day }),
        (sent, captured) => {
          const judgement = judgeCapture(
            claim({ sentMs: RECEIVED + sent, capturedMs: RECEIVED + captured }),
          );
          expect(judgement.effAtMs).toBeLessThanOrEqual(RECEIVED);
          if (Math.abs(sent) > 15 * MINUTE) expect(judgement.review).not.toBeNull();
        },
      ),
    );
  });
});
