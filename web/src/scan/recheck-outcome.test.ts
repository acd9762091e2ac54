import { describe, expect, it } from '@jest/globals';
import { recheckOutcome } from './recheck-outcome.ts';

const NOW = 1_000_000;
const UNTIL = NOW + 60_000;

describe('a scan while a class asks for another', () => {
  it('confirms when the class asks no more and there was still time', () => {
    expect(recheckOutcome({ untilMs: UNTIL, after: null, nowMs: NOW })).toBe('confirmed');
    expect(recheckOutcome({ untilMs: UNTIL, after: null, nowMs: UNTIL - 1 })).toBe('confirmed');
  });

  it('does not confirm whom the class no longer asks because the time is over', () => {
    expect(recheckOutcome({ untilMs: UNTIL, after: null, nowMs: UNTIL })).toBe('unknown');
    expect(recheckOutcome({ untilMs: UNTIL, after: null, nowMs: UNTIL + 1 })).toBe('unknown');
    expect(recheckOutcome({ untilMs: UNTIL, after: { endsAtMs: 0 }, nowMs: NOW })).toBe('unknown');
  });

  it('does not confirm what the server did not say, or what it still asks', () => {
    expect(recheckOutcome({ untilMs: UNTIL, after: undefined, nowMs: NOW })).toBe('unknown');
    expect(recheckOutcome({ untilMs: UNTIL, after: { endsAtMs: UNTIL }, nowMs: NOW })).toBe(
      'asked',
    );
  });

  it('confirms nothing where nobody asked', () => {
    expect(recheckOutcome({ untilMs: null, after: null, nowMs: NOW })).toBe('none');
  });
});
