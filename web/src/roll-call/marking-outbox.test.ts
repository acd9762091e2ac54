import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MarkOperation } from '../api/records.ts';
import type { RollMark } from '../api/types.ts';
import { createMarkingOutbox, type Outcome } from './marking-outbox.ts';

let made = 0;
const operation = (student: string, mark: RollMark): MarkOperation => ({
  op_id: `op-${(made += 1)}`,
  student,
  mark,
});

const storedOutcome = (sent: MarkOperation): Outcome => ({
  kind: 'stored',
  operation: sent,
  result: {
    op_id: sent.op_id,
    student: sent.student,
    status: 'applied',
    code: null,
    detail: null,
    record: null,
  },
});

interface Request {
  readonly marks: readonly string[];
  answer(outcomes?: readonly Outcome[]): Promise<void>;
  fail(): Promise<void>;
}

/** An outbox whose requests the test answers. */
function setUp(restored: readonly MarkOperation[] = []) {
  const requests: Request[] = [];
  const settled: Outcome[] = [];
  const saved: (readonly MarkOperation[])[] = [];
  const outbox = createMarkingOutbox(
    {
      send: (operations) => {
        const { promise, resolve, reject } = Promise.withResolvers<readonly Outcome[]>();
        const letRun = () => jest.advanceTimersByTimeAsync(0);
        requests.push({
          marks: operations.map(({ student, mark }) => `${student} ${mark}`),
          answer: (outcomes = operations.map(storedOutcome)) => {
            resolve(outcomes);
            return letRun();
          },
          fail: () => {
            reject(new Error('no answer'));
            return letRun();
          },
        });
        return promise;
      },
      settled: (outcomes) => settled.push(...outcomes),
      diagnose: () => ({ trouble: 'offline', waitMs: null }),
      save: (operations) => saved.push(operations),
    },
    restored,
  );
  const request = (index: number): Request => {
    const found = requests[index];
    if (!found) throw new Error(`request ${index} was not sent`);
    return found;
  };
  return { outbox, requests, request, settled, saved };
}

describe('createMarkingOutbox', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('sends a mark at once and those made meanwhile together', async () => {
    const { outbox, requests, request } = setUp();
    outbox.start();
    outbox.add([operation('a', 'present')]);
    outbox.add([operation('b', 'late')]);
    outbox.add([operation('c', 'absent')]);
    expect(requests).toHaveLength(1);

    await request(0).answer();

    expect(requests.map(({ marks }) => marks)).toEqual([['a present'], ['b late', 'c absent']]);
  });

  it('sends a second mark of a student only after the first one was answered', async () => {
    const { outbox, requests, request } = setUp();
    outbox.start();
    outbox.add([operation('a', 'present')]);
    outbox.add([operation('a', 'late')]);
    outbox.add([operation('a', 'absent')]);
    expect(outbox.state().unsent.get('a')?.mark).toBe('absent');

    await request(0).answer();
    await request(1).answer();

    // `late` was replaced before it was ever sent.
    expect(requests.map(({ marks }) => marks)).toEqual([['a present'], ['a absent']]);
    expect(outbox.state().unsent.size).toBe(0);
  });

  it('keeps a mark without an answer and sends the very same operation again', async () => {
    const { outbox, requests, request, settled } = setUp();
    outbox.start();
    const first = operation('a', 'present');
    outbox.add([first]);

    await request(0).fail();
    expect(outbox.state()).toMatchObject({ trouble: 'offline' });
    outbox.add([operation('a', 'absent')]);
    expect(requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1_000);
    await request(1).answer();
    await request(2).answer();

    // The first may be stored, so it is asked about before the second builds upon it.
    expect(requests.map(({ marks }) => marks)).toEqual([
      ['a present'],
      ['a present'],
      ['a absent'],
    ]);
    expect(settled[0]?.operation).toBe(first);
    expect(outbox.state()).toEqual({ unsent: new Map(), trouble: null });
  });

  it('waits longer after each failure, and not at all when told to send now', async () => {
    const { outbox, requests, request } = setUp();
    outbox.start();
    outbox.add([operation('a', 'present')]);
    await request(0).fail();
    await jest.advanceTimersByTimeAsync(1_000);
    await request(1).fail();
    await jest.advanceTimersByTimeAsync(1_999);
    expect(requests).toHaveLength(2);

    outbox.start();

    expect(requests).toHaveLength(3);
  });

  it('saves what is unsent after every change, and sends what was restored', async () => {
    const kept = operation('a', 'late');
    const { outbox, request, saved } = setUp([kept]);
    expect(outbox.state().unsent.get('a')?.mark).toBe('late');
    outbox.start();
    const added = operation('b', 'present');
    outbox.add([added]);
    expect(saved.at(-1)).toEqual([kept, added]);

    await request(0).answer();
    await request(1).answer();

    expect(saved.at(-1)).toEqual([]);
  });

  it('says that the network is slow while an answer takes its time', async () => {
    const { outbox, request } = setUp();
    outbox.start();
    outbox.add([operation('a', 'present')]);
    await jest.advanceTimersByTimeAsync(4_000);
    expect(outbox.state().trouble).toBe('slow');

    await request(0).answer();

    expect(outbox.state().trouble).toBeNull();
  });

  it('sends nothing once stopped, and continues when started again', async () => {
    const { outbox, requests, request } = setUp();
    outbox.start();
    outbox.add([operation('a', 'present')]);
    await request(0).fail();
    outbox.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(requests).toHaveLength(1);

    outbox.start();

    expect(requests).toHaveLength(2);
  });
});
