import { describe, expect, it } from '@jest/globals';
import { createPasswords } from './passwords.ts';

const CHEAP = { memoryCost: 64, timeCost: 1, parallelism: 1 };

describe('createPasswords', () => {
  it('makes argon2id strings with the configured cost and a salt of their own', async () => {
    const passwords = createPasswords();

    const [first, second] = await Promise.all([passwords.hash('secret'), passwords.hash('secret')]);

    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(first).not.toBe(second);
  });

  it('tells right from wrong, exactly as typed', async () => {
    const passwords = createPasswords(CHEAP);
    const stored = await passwords.hash(' Päss ');

    expect(await passwords.matches(stored, ' Päss ')).toBe(true);
    expect(await passwords.matches(stored, 'Päss')).toBe(false);
  });

  it('never matches an account without a password', async () => {
    expect(await createPasswords(CHEAP).matches(null, '')).toBe(false);
  });

  it('spends on an unknown account what it spends on a known one', async () => {
    const passwords = createPasswords();
    const stored = await passwords.hash('secret');
    await passwords.matches(null, 'warm up');
    const time = async (hash: string | null): Promise<number> => {
      const startedAt = performance.now();
      for (let round = 0; round < 5; round += 1) await passwords.matches(hash, 'guess');
      return performance.now() - startedAt;
    };

    const [known, unknown] = [await time(stored), await time(null)];

    expect(unknown).toBeGreaterThan(known / 3);
  });

  it('answers busy beyond the waiting line, then works again', async () => {
    const passwords = createPasswords(CHEAP, { running: 1, waitingMax: 2 });

    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => passwords.hash('x')));

    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    await expect(passwords.hash('x')).resolves.toMatch(/argon2id/);
  });

  it('sees that a hash is weaker than the configured cost', async () => {
    const weak = await createPasswords(CHEAP).hash('x');

    expect(createPasswords().isWeak(weak)).toBe(true);
    expect(createPasswords(CHEAP).isWeak(weak)).toBe(false);
  });
});
