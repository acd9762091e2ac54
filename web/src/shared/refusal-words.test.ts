import { beforeAll, describe, expect, it } from '@jest/globals';
import i18next from 'i18next';
import { ApiProblem } from '../api/problem.ts';
import { setUpTexts } from '../texts/set-up-texts.ts';
import { refusalWords } from './refusal-words.ts';

const NOW_MS = Date.parse('2026-12-01T06:00:00Z');
const TIMES = {
  opens_at: '2026-12-01T04:20:00.000Z',
  closes_at: '2026-12-01T05:40:00.000Z',
  lock_due_at: '2026-12-01T05:50:00.000Z',
};

beforeAll(setUpTexts);

const wordsOf = (code: string, members: object): string =>
  refusalWords(
    i18next.t,
    new ApiProblem(409, { code, detail: 'In UTC.', ...members }),
    'Asia/Kolkata',
    NOW_MS,
  );

describe('refusalWords', () => {
  it('says the times that came with a refusal in the zone of the reader', () => {
    expect(wordsOf('session_not_open', TIMES)).toMatch(/^Marking opens .*9:50\sam\.$/);
    expect(wordsOf('outside_window', TIMES)).toMatch(/from .*9:50\sam to .*11:10\sam\.$/);
    expect(wordsOf('self_entry_window_closed', TIMES)).toMatch(/9:50\sam to .*11:10\sam/);
    expect(wordsOf('session_locked', TIMES)).toMatch(/final since .*11:20\sam\./);
    expect(wordsOf('correction_window_closed', { closed_at: TIMES.opens_at })).toMatch(/9:50\sam/);
  });

  it('repeats the API where no times came, or where they explain nothing', () => {
    const later = { ...TIMES, lock_due_at: '2026-12-03T05:50:00.000Z' };
    expect(wordsOf('session_locked', later)).toBe('In UTC.');
    expect(wordsOf('session_closed', TIMES)).toBe('In UTC.');
    expect(wordsOf('session_not_open', { opens_at: 'no instant' })).toBe('In UTC.');
    expect(wordsOf('outside_window', {})).toBe('In UTC.');
  });
});
