import { describe, expect, it } from '@jest/globals';
import type { SessionStatus } from '../api/types.ts';
import { isOpen } from './is-open.ts';

const at = (clock: string): number => Date.parse(`2026-11-24T${clock}:00Z`);

describe('isOpen', () => {
  it.each<[SessionStatus, boolean, string, boolean]>([
    ['scheduled', true, '04:19', false],
    ['scheduled', true, '04:20', true],
    ['scheduled', false, '04:20', false],
    ['open', false, '04:10', true],
    ['open', true, '05:29', true],
    ['open', true, '05:30', false],
    ['closed', true, '04:30', false],
    ['cancelled', true, '04:30', false],
  ])('a class that is %s (opens itself: %s) at %s: %s', (status, opensItself, clock, expected) => {
    const session = {
      status,
      auto_open: opensItself,
      opens_at: '2026-11-24T04:20:00Z',
      closes_at: '2026-11-24T05:30:00Z',
    };
    expect(isOpen(session, at(clock))).toBe(expected);
  });
});
