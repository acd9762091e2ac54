import { describe, expect, it } from '@jest/globals';
import { ladder } from './ladder.ts';

const DAY_MS = 24 * 3_600_000;
const addDays = (from: string, days: number): string =>
  new Date(Date.parse(from) + days * DAY_MS).toISOString();

describe('the ladder of a self-entry', () => {
  const times = {
    submittedAt: '2026-11-24T04:35:00.000Z',
    expiresAt: '2026-11-27T05:30:00.000Z',
    sessionClosesAt: '2026-11-24T05:30:00.000Z',
  };

  it('reminds at the close of the class and 4 hours later, and escalates after a working day', () => {
    const steps = ladder('self_entry', times, addDays);

    expect(steps).toEqual([
      { at: '2026-11-24T05:30:00.000Z', kind: 'reminder', level: 1 },
      { at: '2026-11-24T09:30:00.000Z', kind: 'reminder', level: 1 },
      { at: '2026-11-25T04:35:00.000Z', kind: 'escalation', level: 2 },
      { at: '2026-11-27T05:30:00.000Z', kind: 'expiry', level: 2 },
    ]);
  });

  it('drops the steps after the lock of the class', () => {
    const steps = ladder(
      'self_entry',
      { ...times, expiresAt: '2026-11-24T07:00:00.000Z' },
      addDays,
    );

    expect(steps.map(({ kind }) => kind)).toEqual(['reminder', 'expiry']);
  });
});
