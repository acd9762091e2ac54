import { describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';
import type { ApiRequest } from '../api/send.ts';
import { NotSignedIn } from '../auth/sign-in-of.ts';
import { createSavedScans, type SavedScan } from './saved-scans.ts';
import type { SavedOutcome } from './send-saved-scan.ts';
import { sendWaiting } from './send-waiting.ts';

const scanOf = (id: string, more: Partial<SavedScan> = {}): SavedScan => ({
  op_id: id,
  session: 'a class',
  student: 'a student',
  captured_at: '2026-08-14T04:32:07.000Z',
  captured_mono_ms: 5_000,
  boot_id: 'another page',
  qr_code: 'a code',
  ...more,
});

/** A browser that keeps these, and a server that takes what is sent offline. */
function setUp(kept: readonly SavedScan[]) {
  const written = new Map<string, string>();
  const storage = {
    getItem: (name: string) => written.get(name) ?? null,
    setItem: (name: string, text: string) => void written.set(name, text),
  };
  const scans = createSavedScans(storage as unknown as Storage, new EventTarget());
  for (const scan of kept) {
    scans.begin(scan);
    scans.release(scan.op_id);
  }
  const stopping = new AbortController();
  const world = {
    isHere: true,
    sent: [] as string[],
    told: [] as SavedOutcome[],
    /** What happens while an answer is under way. */
    meanwhile: () => {},
  };
  const answer = ({ path, idempotencyKey, body }: ApiRequest): unknown => {
    if (path.endsWith('/qr-scan/')) {
      world.sent.push(`repeat ${idempotencyKey}`);
      throw new ApiProblem(410, { code: 'ticket_expired' });
    }
    const [{ op_id: id } = { op_id: '' }] = (body as { ops: { op_id: string }[] }).ops;
    world.sent.push(`sync ${id}`);
    return { results: [{ op_id: id, status: 'applied' }] };
  };
  const api = {
    request: async (request: ApiRequest) => {
      if (!world.isHere) throw new NotSignedIn();
      await Promise.resolve();
      world.meanwhile();
      return answer(request);
    },
  } as ApiClient;
  const sendAll = () =>
    sendWaiting({
      api,
      scans,
      student: 'a student',
      isHere: () => world.isHere,
      signal: stopping.signal,
      tell: (outcomes) => void world.told.push(...outcomes),
    });
  return { world, scans, stopping, sendAll };
}

describe('the scans that wait', () => {
  it('are sent for the student who made them, and no other', async () => {
    const { world, scans, sendAll } = setUp([
      scanOf('one', { ticket: 'a ticket' }),
      scanOf('of another', { student: 'another student' }),
      scanOf('two'),
    ]);
    await sendAll();
    expect(world.sent).toEqual(['repeat one', 'sync one', 'sync two']);
    expect(world.told).toEqual([{ kind: 'taken' }, { kind: 'taken' }]);
    expect(scans.state().waiting.map(({ op_id: id }) => id)).toEqual(['of another']);
  });

  it('stay as they are, ticket and all, where somebody else is signed in by now', async () => {
    const kept = [scanOf('one', { ticket: 'a ticket' }), scanOf('two')];
    const { world, scans, sendAll } = setUp(kept);
    world.isHere = false;
    await expect(sendAll()).rejects.toThrow(NotSignedIn);
    expect(world.sent).toEqual([]);

    world.isHere = true;
    world.meanwhile = () => {
      world.isHere = false;
    };
    await expect(sendAll()).rejects.toThrow(NotSignedIn);

    expect(world).toMatchObject({ sent: ['repeat one'], told: [] });
    expect(scans.state()).toEqual({ waiting: kept, refused: [] });
  });

  it('stay until the student is back where the answer comes after the student left', async () => {
    const { world, scans, sendAll } = setUp([scanOf('one')]);
    world.meanwhile = () => {
      world.isHere = false;
    };
    await expect(sendAll()).rejects.toThrow(NotSignedIn);
    expect(scans.state()).toEqual({ waiting: [scanOf('one')], refused: [] });

    Object.assign(world, { isHere: true, meanwhile: () => {} });
    await sendAll();
    expect(world.sent).toEqual(['sync one', 'sync one']);
    expect(scans.state()).toEqual({ waiting: [], refused: [] });
  });

  it('are sent no further once the sender stopped', async () => {
    const { world, scans, stopping, sendAll } = setUp([scanOf('one'), scanOf('two')]);
    world.meanwhile = () => stopping.abort();
    await sendAll();
    expect(world.sent).toEqual(['sync one']);
    expect(scans.state().waiting).toEqual([scanOf('two')]);
  });
});
