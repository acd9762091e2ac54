/**
 * Makes the calls to Temporal that committed rows promise, at least once each (temporal.md
 * section 10). Rows are claimed by a lease, so that no transaction stays open during a call.
 */
import type { Logger } from 'pino';
import { rows, type Em, type Orm } from '../db/orm.ts';
import { CASE_KINDS, type Id } from '../domain/types.ts';
import { recordStart } from '../operations/runs/record-start.ts';
import type { RunRef } from '../operations/runs/run-ref.ts';
import type { Runs } from './runs.ts';

/** What the relay uses of its process. */
export interface RelayParts {
  readonly orm: Orm;
  readonly runs: Runs;
  readonly logger: Logger;
}

/** A running relay. */
export interface OutboxRelay {
  /** Stops after the calls under way. */
  stop(): Promise<void>;
}

const KINDS = ['start_session', 'start_case', 'nudge_session', 'nudge_case'] as const;
const PAUSE_MS = 250;
const BATCH = 100;
const CALLS_IN_FLIGHT = 20;
const LEASE_SECONDS = 30;
const BACKOFF_MAX_SECONDS = 60;

interface Promised {
  readonly id: Id;
  readonly kind: (typeof KINDS)[number];
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Starts the relay: a pass every 250 ms, at once again while rows are waiting. */
export function startOutboxRelay(parts: RelayParts): OutboxRelay {
  let isStopping = false;
  let wake = (): void => undefined;
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    while (!isStopping) {
      // oxlint-disable-next-line no-await-in-loop -- passes follow one another
      const taken = await relayOnce(parts).catch((error: unknown) => {
        parts.logger.warn({ err: error }, 'the outbox could not be read');
        return 0;
      });
      // oxlint-disable-next-line no-await-in-loop -- passes follow one another
      if (taken < BATCH && !isStopping) await pause();
    }
  };
  const ended = run();
  return {
    stop: () => {
      isStopping = true;
      wake();
      return ended;
    },
  };
}

/** One pass over the rows that are due. Gives how many it took. */
export async function relayOnce(parts: RelayParts): Promise<number> {
  const em = parts.orm.em.fork();
  const promised = await claim(em);
  const queue = [...promised];
  const drain = async (): Promise<void> => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- each lane makes one call at a time
      await keepPromise(parts, row);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CALLS_IN_FLIGHT, queue.length) }, drain));
  return promised.length;
}

/** The lease is the next attempt: a relay that dies leaves its rows to be taken again. */
function claim(em: Em): Promise<Promised[]> {
  return rows<Promised>(
    em,
    `update outbox o set attempts = attempts + 1,
       next_attempt_at = app_clock() + make_interval(secs => ?::int)
     from (select id from outbox
       where done_at is null and next_attempt_at <= app_clock() and kind = any(?::text[])
       order by next_attempt_at limit ?::int for update skip locked) as due
     where o.id = due.id returning o.id, o.kind, o.payload`,
    [LEASE_SECONDS, [...KINDS], BATCH],
  );
}

async function keepPromise({ orm, runs, logger }: RelayParts, row: Promised): Promise<void> {
  const em = orm.em.fork();
  try {
    const ref = refOf(row);
    if (row.kind === 'nudge_session' || row.kind === 'nudge_case') await runs.nudge(ref);
    else await runs.start(ref);
    await em.transactional(async (transaction) => {
      await recordStart(transaction, ref);
      await rows(
        transaction,
        'update outbox set done_at = app_clock(), last_error = null where id = ?::uuid',
        [row.id],
      );
    });
  } catch (error) {
    logger.warn({ err: error, outboxId: row.id, kind: row.kind }, 'an outbox call failed');
    await putOff(em, row, error).catch((cause: unknown) =>
      logger.warn({ err: cause, outboxId: row.id }, 'an outbox row waits for its lease to end'),
    );
  }
}

/** Seconds double from 1 to 60 with the attempts made. */
async function putOff(em: Em, row: Promised, error: unknown): Promise<void> {
  await rows(
    em,
    `update outbox set last_error = ?, next_attempt_at = app_clock()
       + make_interval(secs => least(?::int, (2 ^ least(attempts - 1, 10))::int))
     where id = ?::uuid and done_at is null`,
    [error instanceof Error ? error.name : 'unknown', BACKOFF_MAX_SECONDS, row.id],
  );
}

/** @throws Error when a row was written with another payload than its kind has */
function refOf({ kind, payload }: Promised): RunRef {
  if (kind === 'start_case' || kind === 'nudge_case') {
    const found = CASE_KINDS.find((known) => known === payload['kind']);
    if (!found) throw new Error('the outbox row names no known kind of case');
    return { kind: found, id: idOf(payload['caseId']) };
  }
  return { kind: 'session', id: idOf(payload['sessionId']) };
}

function idOf(value: unknown): Id {
  if (typeof value !== 'string') throw new Error('the outbox row names no row');
  return value;
}
