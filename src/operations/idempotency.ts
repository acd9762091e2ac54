/** Makes a repeated request answer with its first result (trust.md section 4.2). */
import { firstRow, rows, type Em } from '../db/orm.ts';
import { appError } from '../domain/errors.ts';

/** One request as its repeats present it. */
export interface IdempotentRequest {
  /** Principal and route: the same key means nothing elsewhere. */
  readonly scope: string;
  /** The Idempotency-Key; without one the effect simply runs. */
  readonly key: string | undefined;
  /** SHA-256 over method, path and body. */
  readonly requestHash: string;
}

/** The value of the effect, and whether it is a stored one. */
export interface IdempotentResult<T> {
  readonly value: T;
  readonly replayed: boolean;
}

/** Keys are remembered this long. */
const KEPT_HOURS = 24;

/**
 * Runs an effect once per key. Call it first inside the transaction of the effect; the key is
 * inserted before the effect and commits with it, so a failed effect leaves no key behind.
 * @param effect  its value is stored as JSON and must survive that
 * @throws AppError `in_progress` while the same key still runs elsewhere,
 *   `idempotency_key_reused` when the key came with another request
 */
export async function withIdempotency<T extends object>(
  em: Em,
  { scope, key, requestHash }: IdempotentRequest,
  effect: () => Promise<T>,
): Promise<IdempotentResult<T>> {
  if (key === undefined) return { value: await effect(), replayed: false };
  await takeTurn(em, scope, key);
  const known = await insertOrFind<T>(em, scope, key, requestHash);
  if (known) {
    if (known.body_hash !== requestHash) throw reusedKey();
    return { value: known.response, replayed: true };
  }
  const value = await effect();
  await rows(em, 'update idempotency_key set response = ?::jsonb where scope = ? and key = ?', [
    JSON.stringify(value),
    scope,
    key,
  ]);
  return { value, replayed: false };
}

/**
 * Binds a key to its request where the effect happens elsewhere and repeats by an id made of the
 * key: the same key with another body must not be answered with the first one's result.
 * @throws AppError `idempotency_key_reused`
 */
export async function bindKey(
  em: Em,
  { scope, key, requestHash }: IdempotentRequest,
): Promise<void> {
  if (key === undefined) return;
  const known = await insertOrFind<object>(em, scope, key, requestHash);
  if (known && known.body_hash !== requestHash) throw reusedKey();
}

function reusedKey() {
  return appError('idempotency_key_reused', 'Use a new Idempotency-Key for another request.');
}

/** A lock that is tried, not waited for: a plain insert would wait for the other transaction. */
async function takeTurn(em: Em, scope: string, key: string): Promise<void> {
  const row = await firstRow<{ mine: boolean }>(
    em,
    `select pg_try_advisory_xact_lock(hashtextextended(?::text, 0)) as mine`,
    [`idempotency:${scope}:${key}`],
  );
  if (!row?.mine) {
    throw appError('in_progress', 'The first request with this key is still running; try again.', {
      meta: { retryAfterSeconds: 1 },
    });
  }
}

interface StoredKey<T> {
  readonly body_hash: string;
  readonly response: T;
}

async function insertOrFind<T>(
  em: Em,
  scope: string,
  key: string,
  requestHash: string,
): Promise<StoredKey<T> | undefined> {
  await rows(
    em,
    `delete from idempotency_key where scope = ? and key = ?
       and created_at <= app_clock() - make_interval(hours => ?::int)`,
    [scope, key, KEPT_HOURS],
  );
  const inserted = await firstRow(
    em,
    `insert into idempotency_key (scope, key, body_hash) values (?, ?, ?)
     on conflict do nothing returning scope`,
    [scope, key, requestHash],
  );
  if (inserted) return undefined;
  return firstRow<StoredKey<T>>(
    em,
    'select body_hash, response from idempotency_key where scope = ? and key = ?',
    [scope, key],
  );
}
