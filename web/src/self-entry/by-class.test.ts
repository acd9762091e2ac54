import { describe, expect, it } from '@jest/globals';
import type { SelfEntry } from '../api/types.ts';
import { byClass } from './by-class.ts';

const entry = (id: string, session: string, submittedAt: string, startAt: string): SelfEntry =>
  ({
    id,
    submitted_at: submittedAt,
    session: { id: session, start_datetime: startAt },
  }) as unknown as SelfEntry;

describe('waiting entries by class', () => {
  it('groups them by class, the earlier class and the older entry first', () => {
    const groups = byClass([
      entry('c', 'late', '2026-11-24T09:03:00Z', '2026-11-24T09:00:00Z'),
      entry('b', 'early', '2026-11-24T04:07:00Z', '2026-11-24T04:00:00Z'),
      entry('a', 'early', '2026-11-24T04:05:00Z', '2026-11-24T04:00:00Z'),
    ]);

    expect(groups.map(({ session, entries }) => [session.id, entries.map(({ id }) => id)])).toEqual(
      [
        ['early', ['a', 'b']],
        ['late', ['c']],
      ],
    );
  });
});
