import { describe, expect, it } from '@jest/globals';
import { createSavedScans, type SavedScan } from './saved-scans.ts';

/** What a browser keeps, in memory; `isFull` refuses to write. */
function makeStorage() {
  const kept = new Map<string, string>();
  const storage = {
    isFull: false,
    getItem: (name: string) => kept.get(name) ?? null,
    setItem(name: string, text: string) {
      if (storage.isFull) throw new Error('full');
      kept.set(name, text);
    },
  };
  return storage;
}

/** A page of that browser. */
const openPage = (storage: ReturnType<typeof makeStorage>) => {
  const events = new EventTarget();
  const scans = createSavedScans(storage as unknown as Storage, events);
  return { scans, hearOfOthers: () => events.dispatchEvent(new Event('storage')) };
};

const scanOf = (id: string): SavedScan => ({
  op_id: id,
  session: 'a class',
  student: 'a student',
  captured_at: '2026-08-14T04:32:07.000Z',
  captured_mono_ms: 5_000,
  boot_id: 'a page',
  qr_code: 'a code',
});

describe('scans kept in a browser', () => {
  it('are kept from the moment they are sent, and wait once no answer came', () => {
    const storage = makeStorage();
    const { scans } = openPage(storage);
    scans.begin(scanOf('one'));
    scans.setTicket('one', 'a ticket');
    expect(scans.state().waiting).toEqual([]);
    // This page may end here; the next one finds the scan.
    const sent = { ...scanOf('one'), ticket: 'a ticket' };
    expect(openPage(storage).scans.state().waiting).toEqual([sent]);

    scans.release('one');
    expect(scans.state().waiting).toEqual([sent]);
    scans.setTicket('one', null);
    expect(scans.state().waiting).toEqual([scanOf('one')]);
    scans.settle('one');
    expect(scans.state()).toEqual({ waiting: [], refused: [] });
  });

  it('are told as refused until the student has read it, also after a new start', () => {
    const storage = makeStorage();
    const { scans } = openPage(storage);
    scans.begin(scanOf('one'));
    scans.release('one');
    scans.settle('one', { code: 'stale_code', detail: 'Too old.' });

    const next = openPage(storage).scans;
    expect(next.state()).toMatchObject({
      waiting: [],
      refused: [{ op_id: 'one', session: 'a class', code: 'stale_code', detail: 'Too old.' }],
    });
    next.dismiss('one');
    expect(openPage(storage).scans.state().refused).toEqual([]);
  });

  it('are the same in all pages, of which none overwrites what another wrote', () => {
    const storage = makeStorage();
    const [left, right] = [openPage(storage), openPage(storage)];
    left.scans.begin(scanOf('one'));
    right.scans.begin(scanOf('two'));
    left.scans.settle('one');

    right.hearOfOthers();
    expect(left.scans.find('two')).toEqual(scanOf('two'));
    expect(right.scans.find('one')).toBeUndefined();
  });

  it('are held by the page alone where the browser takes no more', () => {
    const storage = makeStorage();
    const { scans } = openPage(storage);
    storage.isFull = true;
    scans.begin(scanOf('one'));
    scans.release('one');
    expect(scans.find('one')).toEqual(scanOf('one'));
    expect(scans.state().waiting).toEqual([scanOf('one')]);
  });

  it('of other pages are seen while the browser takes no more, and outlive it with the own', () => {
    const storage = makeStorage();
    const [left, right] = [openPage(storage), openPage(storage)];
    for (const id of ['left-settles', 'right-settles', 'both-keep']) left.scans.begin(scanOf(id));
    storage.isFull = true;
    left.scans.begin(scanOf('of-left'));
    left.scans.setTicket('right-settles', 'a ticket');
    left.scans.setTicket('both-keep', 'a ticket');
    left.scans.settle('left-settles', { code: 'stale_code', detail: 'Too old.' });
    // A shorter list fits where a longer one does not.
    storage.isFull = false;
    right.scans.settle('right-settles');
    right.scans.begin(scanOf('of-right'));
    storage.isFull = true;
    left.hearOfOthers();
    expect(left.scans.find('of-right')).toEqual(scanOf('of-right'));
    expect(left.scans.find('left-settles')).toBeUndefined();
    expect(left.scans.find('right-settles')).toBeUndefined();

    storage.isFull = false;
    left.scans.begin(scanOf('later'));
    left.scans.dismiss('no refusal');

    const { waiting, refused } = openPage(storage).scans.state();
    const idsOf = (kept: readonly { op_id: string }[]) =>
      kept.map(({ op_id: id }) => id).toSorted();
    expect(idsOf(waiting)).toEqual(['both-keep', 'later', 'of-left', 'of-right']);
    expect(waiting.find(({ op_id: id }) => id === 'both-keep')?.ticket).toBe('a ticket');
    expect(idsOf(refused)).toEqual(['left-settles']);
  });

  it('are not what something else wrote under their name', () => {
    const storage = makeStorage();
    storage.setItem('campshub360.saved-scans', '[{"op_id":1},null]');
    storage.setItem('campshub360.refused-scans', 'no list');
    expect(openPage(storage).scans.state()).toEqual({ waiting: [], refused: [] });
  });
});
