import { beforeAll, describe, expect, it } from '@jest/globals';
import i18next from 'i18next';
import type { ApiClient } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';
import { setUpTexts } from '../texts/set-up-texts.ts';
import { createSavedScans, type SavedScan } from './saved-scans.ts';
import { scanRefusalWords } from './scan-refusal.ts';
import { sendWaiting } from './send-waiting.ts';

const NOW_MS = Date.parse('2026-12-01T06:00:00Z');
const TIMES = {
  opens_at: '2026-12-01T04:20:00.000Z',
  closes_at: '2026-12-01T05:40:00.000Z',
  lock_due_at: '2026-12-01T05:50:00.000Z',
};
const SCAN: SavedScan = {
  op_id: 'one',
  session: 'a class',
  student: 'a student',
  captured_at: '2026-12-01T04:10:00.000Z',
  captured_mono_ms: 5_000,
  boot_id: 'another page',
  qr_code: 'a code',
};

beforeAll(setUpTexts);

const makeStorage = () => {
  const written = new Map<string, string>();
  return {
    getItem: (name: string) => written.get(name) ?? null,
    setItem: (name: string, text: string) => void written.set(name, text),
  } as unknown as Storage;
};

/** What a page says that is opened after the scan was sent and answered like this. */
async function wordsOf(answer: object | ApiProblem): Promise<string | null> {
  const storage = makeStorage();
  const scans = createSavedScans(storage, new EventTarget());
  scans.begin(SCAN);
  scans.release(SCAN.op_id);
  const api = {
    request: async () => {
      await Promise.resolve();
      if (answer instanceof ApiProblem) throw answer;
      return { results: [answer] };
    },
  } as unknown as ApiClient;
  const { signal } = new AbortController();
  const rest = { isHere: () => true, signal, tell: () => {} };
  await sendWaiting({ api, scans, student: SCAN.student, ...rest });
  return told(storage);
}

function told(storage: Storage): string | null {
  const [refused] = createSavedScans(storage, new EventTarget()).state().refused;
  return refused ? scanRefusalWords(i18next.t, refused, 'Asia/Kolkata', NOW_MS) : null;
}

describe('a refused saved scan', () => {
  it('says the times of its class in the zone of the class, also after a new start', async () => {
    const rejected = { op_id: 'one', status: 'rejected', detail: 'In UTC.', ...TIMES };
    expect(await wordsOf({ ...rejected, code: 'outside_window' })).toMatch(
      /from .*9:50\sam to .*11:10\sam\.$/,
    );
    expect(await wordsOf({ ...rejected, code: 'session_locked' })).toMatch(/since .*11:20\sam\./);
    const original = { ...rejected, code: 'session_not_open' };
    expect(await wordsOf({ op_id: 'one', status: 'duplicate', original })).toMatch(/9:50\sam\.$/);
    const unreadable = new ApiProblem(422, { ...rejected, code: 'outside_window' });
    expect(await wordsOf(unreadable)).toMatch(/11:10\sam\.$/);
  });

  it('says what the API said where no times came with it, or an earlier version kept none', async () => {
    const rejected = { op_id: 'one', status: 'rejected', code: 'outside_window' };
    expect(await wordsOf({ ...rejected, detail: 'In UTC.', lock_due_at: null })).toBe('In UTC.');
    const { op_id, session, student, captured_at } = SCAN;
    const kept = {
      op_id,
      session,
      student,
      captured_at,
      code: 'outside_window',
      detail: 'Before.',
    };
    const storage = makeStorage();
    storage.setItem('campshub360.refused-scans', JSON.stringify([kept]));
    expect(told(storage)).toBe('Before.');
    storage.setItem('campshub360.refused-scans', JSON.stringify([{ ...kept, opens_at: 7 }]));
    expect(told(storage)).toBe('Before.');
  });

  it('is not told where the scan was taken', async () => {
    expect(await wordsOf({ op_id: 'one', status: 'applied' })).toBeNull();
  });
});
