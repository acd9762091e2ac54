import { describe, expect, it } from '@jest/globals';
import type { TailedEvent } from '../db/queries/live-sessions.ts';
import { planDelivery } from './plan-delivery.ts';

const event = (seq: number, type: string, payload: object): TailedEvent => ({
  sessionId: 'S',
  seq,
  at: '2026-11-23T04:00:00.000Z',
  type,
  payload: { ...payload },
});
const row = (seq: number, student: string) => event(seq, 'record.changed', { student });
const counts = (seq: number) => event(seq, 'counts.changed', { counts: { present: seq } });

describe('planDelivery', () => {
  it('drops counts that newer ones of the batch replace, and says so by after', () => {
    const { whole } = planDelivery(10, [row(11, 'A'), counts(12), row(13, 'B'), counts(14)]);

    expect(whole.map(({ after, seq }) => [after, seq])).toEqual([
      [10, 11],
      [11, 13],
      [13, 14],
    ]);
  });

  it('keeps a change of the session, whose counts replace earlier ones', () => {
    const changed = event(13, 'session.changed', { status: 'closed', counts: {} });
    const { whole } = planDelivery(10, [row(11, 'A'), counts(12), changed]);

    expect(whole.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      '11 record.changed',
      '13 session.changed',
    ]);
  });

  it('sends rows to those who see them, in order, each continuing from the start', () => {
    const { part } = planDelivery(10, [row(11, 'A'), counts(12), row(13, 'B'), counts(14)]);

    expect(part.map(({ student, message }) => [student, message.after, message.seq])).toEqual([
      ['A', 10, 11],
      ['B', 10, 13],
      [null, 10, 14],
    ]);
  });

  it('ends a batch that was cut within a transaction with an empty row for the others', () => {
    const { part } = planDelivery(10, [row(11, 'A'), row(12, 'B')]);

    expect(part.at(-1)).toMatchObject({ student: null, message: { seq: 12, payload: {} } });
  });
});
