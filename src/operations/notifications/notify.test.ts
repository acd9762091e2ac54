import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { openRequestBench, type RequestBench } from '../../../test/request-bench.ts';
import { rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { notify, type Notice } from './notify.ts';

let bench: RequestBench;
beforeAll(async () => {
  bench = await openRequestBench({ studentCount: 4 });
});
afterAll(() => bench.close());

const userAt = (index: number): Id => {
  const student = bench.world.students[index];
  if (!student) throw new Error(`the world has no student ${index}`);
  return student.userId;
};
const overruled = (userId: Id, dedupeKey: string, mail = false): Notice => ({
  userId,
  kind: 'mark_overruled',
  dedupeKey,
  payload: { session: v7(), mark: 'absent' },
  mail,
});
const tell = (...notices: Notice[]): Promise<number> =>
  bench.em().transactional((em) => notify(em, { next: () => v7() }, notices));
const toldTo = (userId: Id) =>
  rows<{ dedupe_key: string; mail_status: string; is_due: boolean; payload: object }>(
    bench.em(),
    `select dedupe_key, mail_status, mail_due_at is not null as is_due, payload
     from notification where user_id = ?::uuid order by created_at, dedupe_key`,
    [userId],
  );

describe('notify', () => {
  it('tells everybody once, in one call or in several', async () => {
    const first = await tell(
      overruled(userAt(0), 'a'),
      overruled(userAt(0), 'a'),
      overruled(userAt(1), 'a', true),
    );
    const second = await tell(overruled(userAt(1), 'a'), overruled(userAt(1), 'b'));

    expect([first, second]).toEqual([2, 1]);
    expect(await toldTo(userAt(0))).toHaveLength(1);
    expect(await toldTo(userAt(1))).toMatchObject([
      { dedupe_key: 'a', mail_status: 'due', is_due: true },
      { dedupe_key: 'b', mail_status: 'none', is_due: false },
    ]);
  });

  it('writes nothing for nobody, and nothing where the caller fails', async () => {
    expect(await tell()).toBe(0);
    const failing = bench.em().transactional(async (em) => {
      await notify(em, { next: () => v7() }, [overruled(userAt(2), 'a')]);
      throw new Error('the mark was refused');
    });

    await expect(failing).rejects.toThrow('the mark was refused');
    expect(await toldTo(userAt(2))).toEqual([]);
  });

  it('does not deadlock when many transactions tell the same people in any order', async () => {
    const people = [0, 1, 2, 3].map(userAt);
    const turns = Array.from({ length: 12 }, (_, turn) =>
      tell(
        ...people.map((_person, index) =>
          overruled(people[(index + turn) % people.length] ?? '', `race-${turn % 2}`),
        ),
      ),
    );

    const told = await Promise.all(turns);

    expect(told.reduce((sum, count) => sum + count, 0)).toBe(8);
  });
});
