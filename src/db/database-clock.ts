/** The database's clock as a process knows it: measured now and then, corrected in between. */
import { appError } from '../domain/errors.ts';
import { firstRow, type Orm } from './orm.ts';

/** Reads the database's time without asking it each time. */
export interface DatabaseClock {
  /**
   * Unix milliseconds of `app_clock()`.
   * @throws AppError `clock_skew` when the time is not certain to a second
   */
  now(): Promise<number>;
}

/** How often the offset is measured (presence.md section 2). */
const MEASURED_EVERY_MS = 10_000;
/** Codes are not shown while the time is less certain than this. */
const UNCERTAINTY_MAX_MS = 1_000;

interface Measurement {
  /** Database minus the steady clock of this process. */
  readonly offsetMs: number;
  /** Half the round trip of the measurement. */
  readonly uncertaintyMs: number;
  readonly takenAt: number;
}

/**
 * Makes the clock.
 * @param measuredEveryMs  0 measures at each reading, for tests that move the database's clock
 */
export function createDatabaseClock(orm: Orm, measuredEveryMs = MEASURED_EVERY_MS): DatabaseClock {
  let last: Measurement | undefined;
  return {
    async now() {
      const isOld = !last || performance.now() - last.takenAt >= measuredEveryMs;
      if (!last || isOld) last = await measure(orm);
      if (last.uncertaintyMs > UNCERTAINTY_MAX_MS) {
        last = undefined;
        throw appError('clock_skew', 'The time of the server is not certain just now; try again.');
      }
      return Math.round(performance.now() + last.offsetMs);
    },
  };
}

async function measure(orm: Orm): Promise<Measurement> {
  const before = performance.now();
  const row = await firstRow<{ ms: string }>(
    orm.em.fork(),
    'select (extract(epoch from app_clock()) * 1000)::float8::text as ms',
  );
  const after = performance.now();
  const uncertaintyMs = (after - before) / 2;
  return { offsetMs: Number(row?.ms) - (before + uncertaintyMs), uncertaintyMs, takenAt: after };
}
