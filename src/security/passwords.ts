/** Password hashes: argon2id, one per core at once, the same cost for accounts that do not exist. */
import { hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { appError } from '../domain/errors.ts';

/** Cost of a hash: KiB of memory, passes, lanes. Configurable upwards only (trust.md section 2). */
export interface PasswordCost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** 19,456 KiB, two passes, one lane. */
const DEFAULT_PASSWORD_COST: PasswordCost = {
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
};

/** Hashes and checks passwords within the limits of one process. */
export interface Passwords {
  /** The PHC string of a password. @throws AppError `busy` when too many wait */
  hash(password: string): Promise<string>;
  /**
   * Says whether a password matches. Without a stored hash it spends the same time and says no.
   * @throws AppError `busy` when too many wait
   */
  matches(stored: string | null, password: string): Promise<boolean>;
  /** Whether a stored hash was made with a lower cost than today's. */
  isWeak(stored: string): boolean;
}

/** Limits of the queue: hashes at once, and how many may wait. */
export interface HashLimits {
  readonly running: number;
  readonly waitingMax: number;
}

/**
 * Makes the password service. Defaults: one hash per core at once, 50 waiting; without the cap,
 * sign-in would be a denial of service.
 */
export function createPasswords(
  cost: PasswordCost = DEFAULT_PASSWORD_COST,
  limits: HashLimits = { running: availableParallelism(), waitingMax: 50 },
): Passwords {
  const options = { outputLen: 32, ...cost };
  const inTurn = limited(limits);
  let decoy: Promise<string> | undefined;
  const decoyHash = (): Promise<string> =>
    (decoy ??= hash(randomBytes(24).toString('base64url'), options));
  return {
    hash: (password) => inTurn(() => hash(password, options)),
    matches: (stored, password) =>
      inTurn(async () => {
        const matched = await verify(stored ?? (await decoyHash()), password);
        return stored !== null && matched;
      }),
    isWeak: (stored) => {
      const found = /\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(stored);
      return !found || Number(found[1]) < cost.memoryCost || Number(found[2]) < cost.timeCost;
    },
  };
}

function limited({ running, waitingMax }: HashLimits): <T>(work: () => Promise<T>) => Promise<T> {
  let free = running;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else {
      if (waiting.length >= waitingMax) {
        throw appError('busy', 'Many people are signing in; try again in a few seconds.', {
          meta: { retryAfterSeconds: 2 },
        });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
