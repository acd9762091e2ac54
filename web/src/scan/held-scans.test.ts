import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ApiClient } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';
import { createSavedScans, type SavedScan } from './saved-scans.ts';
import { createScanSender } from './scan-sender.ts';
import { readyScans, sendWaiting } from './send-waiting.ts';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const OWN = 'a student';
const scanOf = (id: string, student = OWN): SavedScan => ({
  op_id: id,
  session: 'a class',
  student,
  captured_at: '2026-08-14T04:32:07.000Z',
  captured_mono_ms: 5_000,
  boot_id: 'another page',
  qr_code: 'a code',
});

/** A browser that keeps two scans of a student and one of another, and a server that answers so. */
function setUp(refusal: ApiProblem | null) {
  const written = new Map<string, string>();
  const storage = {
    getItem: (name: string) => written.get(name) ?? null,
    setItem: (name: string, text: string) => void written.set(name, text),
  } as unknown as Storage;
  const world = { refusal, attempts: 0 };
  const api = {
    request: async () => {
      world.attempts += 1;
      await Promise.resolve();
      if (world.refusal) throw world.refusal;
      return { results: [{ status: 'applied' }] };
    },
  } as unknown as ApiClient;
  const openPage = () => {
    const scans = createSavedScans(storage, new EventTarget());
    const parts = { api, scans, student: OWN, isHere: () => true, tell: () => {} };
    const sender = createScanSender({
      count: () => readyScans(scans.state().waiting, OWN).length,
      sendAll: (signal) => sendWaiting({ ...parts, signal }),
      random: () => 0.5,
    });
    return { scans, sender };
  };
  const page = openPage();
  for (const scan of [scanOf('one'), scanOf('two'), scanOf('not own', 'another student')]) {
    page.scans.begin(scan);
    page.scans.release(scan.op_id);
  }
  return { world, openPage, ...page };
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

const REFUSAL = new ApiProblem(403, {
  code: 'device_of_another',
  detail: 'This device is registered for another person.',
});

describe('saved scans of a browser from which the server takes nothing', () => {
  it('are tried once, and then neither by a timer nor with focus, network or a new page', async () => {
    const { world, openPage, sender, scans } = setUp(REFUSAL);
    sender.start();
    await pass(0);
    expect(world.attempts).toBe(1);
    expect(sender.state()).toEqual({ isSending: false, failure: REFUSAL });
    const held = { code: REFUSAL.code, detail: REFUSAL.detail };
    expect(scans.state().waiting).toEqual([
      { ...scanOf('one'), held },
      { ...scanOf('two'), held },
      scanOf('not own', 'another student'),
    ]);

    await pass(3_600_000);
    sender.start();
    sender.expect();
    openPage().sender.start();
    await pass(3_600_000);

    expect(world.attempts).toBe(1);
  });

  it('are sent once they are resumed, and held again where nothing changed', async () => {
    const { world, sender, scans } = setUp(REFUSAL);
    sender.start();
    await pass(0);
    scans.resume(OWN);
    sender.start();
    await pass(3_600_000);
    expect(world.attempts).toBe(2);

    world.refusal = null;
    scans.resume(OWN);
    sender.start();
    await pass(0);
    expect(world.attempts).toBe(4);
    expect(scans.state().waiting).toEqual([scanOf('not own', 'another student')]);
  });

  it('end where the student gives them up', async () => {
    const { world, openPage, sender, scans } = setUp(REFUSAL);
    sender.start();
    await pass(0);
    scans.discard(OWN);
    const left = { waiting: [scanOf('not own', 'another student')], refused: [] };
    expect(scans.state()).toEqual(left);
    expect(openPage().scans.state()).toEqual(left);
    await pass(3_600_000);
    expect(world.attempts).toBe(1);
  });

  it('are tried again by themselves after any other failure', async () => {
    const { world, sender } = setUp(new ApiProblem(503, { code: 'busy' }));
    sender.start();
    await pass(0);
    await pass(5_000);
    sender.start();
    await pass(0);
    expect(world.attempts).toBe(3);
  });
});
