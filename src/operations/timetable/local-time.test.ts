import { describe, expect, it } from '@jest/globals';
import { dateIn, instantAt } from './local-time.ts';

describe('instantAt', () => {
  it.each([
    ['Asia/Kolkata', '2026-11-23', '09:00', '2026-11-23T03:30:00.000Z'],
    ['Europe/Berlin', '2026-10-24', '09:00', '2026-10-24T07:00:00.000Z'],
    ['Europe/Berlin', '2026-10-26', '09:00:00', '2026-10-26T08:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29', '02:30', '2026-03-29T01:30:00.000Z'],
    ['Europe/Berlin', '2026-10-25', '02:30', '2026-10-25T00:30:00.000Z'],
    ['America/New_York', '2026-11-02', '08:00', '2026-11-02T13:00:00.000Z'],
  ])('in %s gives the instant of %s %s', (zone, date, time, expected) => {
    expect(instantAt(zone, date, time)).toBe(expected);
  });

  it('refuses a zone that does not exist', () => {
    expect(() => instantAt('Mars/Olympus', '2026-11-23', '09:00')).toThrow('is no time');
  });
});

describe('dateIn', () => {
  it('gives the local date, which may be tomorrow in UTC terms', () => {
    expect(dateIn('Asia/Kolkata', new Date('2026-11-23T19:00:00Z'))).toBe('2026-11-24');
  });
});
