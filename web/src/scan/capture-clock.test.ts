import { describe, expect, it } from '@jest/globals';
import { capturedAt, steadyTime, type Clocks } from './capture-clock.ts';

const THEN: Clocks = { wallMs: 1_800_000_000_000, monoMs: 5_000, bootId: 'a page' };
const captured = capturedAt(THEN);
const later = (wallMs: number, monoMs: number, bootId = THEN.bootId): Clocks => ({
  wallMs: THEN.wallMs + wallMs,
  monoMs: THEN.monoMs + monoMs,
  bootId,
});

describe('the steady time of a capture', () => {
  it('is sent while both clocks counted the same time', () => {
    expect(captured.captured_at).toBe('2027-01-15T08:00:00.000Z');
    const steady = { captured_mono_ms: 5_000, boot_id: 'a page' };
    expect(steadyTime(captured, later(0, 0))).toEqual(steady);
    expect(steadyTime(captured, later(600_000, 598_000))).toEqual(steady);
    expect(steadyTime(captured, later(600_000, 602_000))).toEqual(steady);
  });

  it('is left out once the phone slept, or its wall clock was set', () => {
    expect(steadyTime(captured, later(600_000, 597_999))).toEqual({});
    expect(steadyTime(captured, later(-3_600_000, 600_000))).toEqual({});
  });

  it('is left out by another page, whose clock began at another time', () => {
    expect(steadyTime(captured, later(600_000, 600_000, 'another page'))).toEqual({});
  });
});
