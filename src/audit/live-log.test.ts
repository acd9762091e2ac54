/**
 * Live events are read by number while others write them: a reader that asks for what follows its
 * last number misses nothing, because numbers are given in the order of commits.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVERYTHING, openRequestBench, type RequestBench } from '../../test/request-bench.ts';
import { firstRow, rows } from '../db/orm.ts';
import { listLiveEvents } from '../db/queries/live-sessions.ts';
import type { Id } from '../domain/types.ts';
import { markRecords } from '../operations/records/mark-records.ts';

const WRITERS = 8;
const MARKS = 160;

let bench: RequestBench;
beforeAll(async () => {
  bench = await openRequestBench({ studentCount: 20 });
});
afterAll(() => bench.close());

async function mark(session: Id, place: number): Promise<void> {
  const { faculty, students } = bench.world;
  const studentId = students[place % students.length]?.id ?? '';
  const opId = bench.deps.ids.next();
  await markRecords(
    bench.as(faculty.userId, 'faculty'),
    { view: EVERYTHING, mark: EVERYTHING, facultyId: faculty.id },
    {
      sessionId: session,
      items: [{ opId, studentId, mark: place % 3 === 0 ? 'late' : 'present' }],
      rest: undefined,
      keyNamespace: opId,
    },
  );
}

/** Reads as a screen does, from its last number on, until told to stop and nothing is left. */
async function follow(session: Id, isOver: () => boolean): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    const wasOver = isOver();
    const found = await listLiveEvents(bench.em(), session, seen.at(-1) ?? 0, 7);
    seen.push(...found.events.map(({ seq }) => seq));
    if (wasOver && found.events.length === 0) return seen;
  }
}

describe('following the live log', () => {
  it('misses nothing while eight writers commit side by side', async () => {
    const session = await bench.classFrom(-5, 55);
    let isOver = false;
    const readers = [follow(session, () => isOver), follow(session, () => isOver)];
    const places = Array.from({ length: MARKS }, (_, place) => place);
    const write = async (): Promise<void> => {
      for (let place = places.shift(); place !== undefined; place = places.shift()) {
        await mark(session, place);
      }
    };

    await Promise.all(Array.from({ length: WRITERS }, write));
    isOver = true;

    const stored = await rows<{ seq: string }>(
      bench.em(),
      'select seq from live_event where session_id = ?::uuid order by seq',
      [session],
    );
    const numbers = stored.map(({ seq }) => Number(seq));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(MARKS);
    for (const seen of await Promise.all(readers)) expect(seen).toEqual(numbers);
  });

  it('tells the newest number with the events, so that a reader knows when it is level', async () => {
    const session = await bench.classFrom(-5, 55);
    await mark(session, 0);
    await mark(session, 1);

    const page = await listLiveEvents(bench.em(), session, 0, 1);

    expect(page.events.map(({ seq }) => seq)).toEqual([1]);
    expect(page.seq).toBe(4);
  });

  it('control: numbers taken before the commit are missed by a reader', async () => {
    const em = bench.em();
    await rows(em, 'create table sequence_log (seq bigserial primary key)');
    const follower = { last: 0, seen: [] as number[] };
    const read = async (): Promise<void> => {
      const found = await rows<{ seq: string }>(
        bench.em(),
        'select seq from sequence_log where seq > ?::bigint order by seq',
        [follower.last],
      );
      follower.seen.push(...found.map(({ seq }) => Number(seq)));
      follower.last = follower.seen.at(-1) ?? 0;
    };

    await bench.em().transactional(async (slow) => {
      await rows(slow, 'insert into sequence_log default values');
      await rows(bench.em(), 'insert into sequence_log default values');
      await read();
    });
    await read();

    const stored = await firstRow<{ count: number }>(
      em,
      'select count(*)::int as count from sequence_log',
    );
    expect(stored?.count).toBe(2);
    expect(follower.seen).toEqual([2]);
  });
});
