import { describe, expect, it } from '@jest/globals';
import { recheckEveryMs } from './recheck-every.ts';

const NOW = 1_000_000;
const live = { isLive: true, isOpen: true, nowMs: NOW };
const running = { status: 'running', endsAtMs: NOW + 1 } as const;

describe('a page asks how a re-check stands', () => {
  it('often while its time is ahead, and seldom once it is over and not settled', () => {
    expect(recheckEveryMs(running, live)).toBe(5_000);
    expect(recheckEveryMs({ ...running, endsAtMs: NOW }, live)).toBe(30_000);
    expect(recheckEveryMs({ ...running, endsAtMs: 0 }, live)).toBe(30_000);
  });

  it('not while live events would tell of it, and never of a closed class', () => {
    const none = { status: 'none', endsAtMs: 0 } as const;
    expect(recheckEveryMs(undefined, live)).toBe(false);
    expect(recheckEveryMs(none, live)).toBe(false);
    expect(recheckEveryMs(none, { ...live, isLive: false })).toBe(15_000);
    for (const isLive of [true, false]) {
      expect(recheckEveryMs(running, { ...live, isLive, isOpen: false })).toBe(false);
    }
  });
});
