import { describe, expect, it } from '@jest/globals';
import { windowProblem } from './window.ts';

const NOW = '2026-08-14T04:30:00.000Z';
const at = (minutes: number): string => new Date(Date.parse(NOW) + minutes * 60_000).toISOString();
const DAY = 24 * 60;

describe('windowProblem', () => {
  it.each([
    ['an hour from now', 60, 120, null],
    ['twelve hours to the minute', 0, 12 * 60, null],
    ['twelve hours and a minute', 0, 12 * 60 + 1, 'too_long'],
    ['no time at all', 60, 60, 'window_inverted'],
    ['an end before the start', 60, 0, 'window_inverted'],
    ['400 days ahead', 400 * DAY, 400 * DAY + 60, null],
    ['a minute more than 400 days ahead', 400 * DAY + 1, 400 * DAY + 60, 'too_far'],
  ])('judges %s', (_name, start, end, code) => {
    expect(windowProblem(at(start), at(end), Date.parse(NOW))?.code ?? null).toBe(code);
  });
});
