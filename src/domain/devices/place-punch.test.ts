import { describe, expect, it } from '@jest/globals';
import { placePunch, type PunchCandidate } from './place-punch.ts';

const at = (clock: string): number => Date.parse(`2026-11-23T${clock}:00Z`);
const classOf = (
  sessionId: string,
  start: string,
  end: string,
  absentAfterMinutes: number | null = null,
): PunchCandidate => ({
  sessionId,
  startMs: at(start),
  endMs: at(end),
  opensMs: at(start) - 10 * 60_000,
  absentAfterMinutes,
});
const place = (clock: string, ...candidates: PunchCandidate[]): string[] =>
  placePunch(at(clock), candidates).map(
    ({ sessionId, phase, isAmbiguous }) => `${phase} ${sessionId}${isAmbiguous ? ' ?' : ''}`,
  );

describe('placePunch', () => {
  const [first, second] = [
    classOf('S1', '09:00', '10:00', 30),
    classOf('S2', '10:00', '11:00', 30),
  ];

  it.each([
    ['08:49', []],
    ['08:50', ['entry S1']],
    ['09:02', ['entry S1']],
    ['09:34', ['exit S1']],
    ['09:57', ['entry S2', 'exit S1']],
    ['10:15', ['entry S2', 'exit S1']],
    ['10:16', ['entry S2']],
    ['10:40', ['exit S2']],
    ['11:16', []],
  ])('the example of devices.md section 4 at %s', (clock, expected) => {
    expect(place(clock, first, second)).toEqual(expected);
    expect(place(clock, second, first)).toEqual(expected);
  });

  it('takes a late entry until the end where nobody is absent by minutes', () => {
    expect(place('09:34', classOf('S1', '09:00', '10:00'))).toEqual(['entry S1']);
    expect(place('10:00', classOf('S1', '09:00', '10:00'))).toEqual(['exit S1']);
  });

  it('takes the nearest start of two classes at once and says so', () => {
    const [early, late] = [classOf('A', '09:00', '10:00'), classOf('B', '09:00', '12:00')];
    expect(place('09:05', early, late)).toEqual(['entry A ?']);
    expect(place('08:55', classOf('A', '09:00', '10:00'), classOf('B', '09:03', '10:03'))).toEqual([
      'entry B',
    ]);
  });
});
