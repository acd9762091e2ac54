import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createScanSender } from './scan-sender.ts';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A sender of one scan; the test says when it gets through. */
function setUp() {
  const world = { waiting: 1, isReachable: false, attempts: 0, isTold: () => false };
  const sender = createScanSender({
    count: () => world.waiting,
    sendAll: async (signal) => {
      world.attempts += 1;
      world.isTold = () => signal.aborted;
      await Promise.resolve();
      if (!world.isReachable) throw new Error('no answer');
      world.waiting = 0;
    },
    random: () => 0.5,
  });
  return { world, sender };
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('a sender of saved scans', () => {
  it('tries again after pauses that double up to five minutes, until nothing waits', async () => {
    const { world, sender } = setUp();
    sender.start();
    await pass(0);
    expect(world.attempts).toBe(1);
    expect(sender.state().failure).toEqual(new Error('no answer'));
    for (const pauseMs of [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      const before = world.attempts;
      await pass(pauseMs - 1);
      expect(world.attempts).toBe(before);
      await pass(1);
      expect(world.attempts).toBe(before + 1);
    }

    world.isReachable = true;
    await pass(300_000);

    expect(world).toMatchObject({ waiting: 0, attempts: 10 });
    expect(sender.state()).toEqual({ isSending: false, failure: null });
    await pass(3_600_000);
    expect(world.attempts).toBe(10);
  });

  it('sends at once where there is a reason to, one attempt at a time', async () => {
    const { world, sender } = setUp();
    sender.start();
    sender.start();
    await pass(0);
    expect(world.attempts).toBe(1);

    world.isReachable = true;
    sender.start();
    await pass(0);

    expect(world).toMatchObject({ waiting: 0, attempts: 2 });
  });

  it('sends what begins to wait later after the first pause', async () => {
    const { world, sender } = setUp();
    world.waiting = 0;
    sender.start();
    await pass(60_000);
    expect(world.attempts).toBe(0);

    Object.assign(world, { waiting: 1, isReachable: true });
    sender.expect();
    await pass(4_999);
    expect(world.attempts).toBe(0);
    await pass(1);

    expect(world).toMatchObject({ waiting: 0, attempts: 1 });
  });

  it('sends nothing once it was stopped', async () => {
    const { world, sender } = setUp();
    sender.start();
    await pass(0);
    sender.stop();
    await pass(3_600_000);
    expect(world.attempts).toBe(1);
  });

  it('tells what is under way to stop, and begins anew only when it is started again', async () => {
    const { world, sender } = setUp();
    sender.start();
    expect(world.isTold()).toBe(false);
    sender.stop();
    expect(world.isTold()).toBe(true);
    sender.start();
    expect(world.attempts).toBe(1);
    await pass(0);
    expect(world.attempts).toBe(2);
    expect(world.isTold()).toBe(false);
  });
});
