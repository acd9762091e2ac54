import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/servers.ts';
import { openOrm, rows, type Em, type Orm } from '../db/orm.ts';
import { withIdempotency } from './idempotency.ts';

let database: TestDatabase;
let orm: Orm;
beforeAll(async () => {
  database = await createTestDatabase();
  orm = await openOrm({ url: database.url, poolMax: 5 });
});
afterAll(async () => {
  await orm.close();
  await database.drop();
});

let effects = 0;
const effect = async (): Promise<{ made: number }> => ({ made: (effects += 1) });
const once = (request: { key?: string; requestHash?: string }, work = effect) =>
  orm.em
    .fork()
    .transactional((em) =>
      withIdempotency(
        em,
        { scope: 'u:POST /x', key: request.key, requestHash: request.requestHash ?? 'h' },
        work,
      ),
    );

describe('withIdempotency', () => {
  it('runs the effect every time without a key', async () => {
    const [first, second] = [await once({}), await once({})];

    expect(second.value.made).toBe(first.value.made + 1);
    expect(second.replayed).toBe(false);
  });

  it('answers a repeat with the stored value', async () => {
    const first = await once({ key: 'k1' });
    const second = await once({ key: 'k1' });

    expect(second).toEqual({ value: first.value, replayed: true });
  });

  it('refuses the key with another request', async () => {
    await once({ key: 'k2' });

    await expect(once({ key: 'k2', requestHash: 'other' })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('answers in_progress while the first still runs', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let entered = (): void => undefined;
    const isInside = new Promise<void>((resolve) => (entered = resolve));
    const first = once({ key: 'k3' }, async () => {
      entered();
      await gate;
      return { made: 1 };
    });
    await isInside;

    await expect(once({ key: 'k3' })).rejects.toMatchObject({ code: 'in_progress' });
    release();
    await first;
    expect((await once({ key: 'k3' })).replayed).toBe(true);
  });

  it('leaves no key behind when the effect fails', async () => {
    const failing = async (): Promise<{ made: number }> => Promise.reject(new Error('no'));

    await expect(once({ key: 'k4' }, failing)).rejects.toThrow('no');
    expect((await once({ key: 'k4' })).replayed).toBe(false);
  });

  it('forgets a key after a day', async () => {
    await once({ key: 'k5' });
    const em: Em = orm.em.fork();
    await rows(em, "update idempotency_key set created_at = app_clock() - interval '25 hours'");

    expect((await once({ key: 'k5' })).replayed).toBe(false);
  });
});
