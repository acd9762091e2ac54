/** Verified tokens and principals in memory, forgotten within two seconds of a change. */
import { rows, type Orm } from '../db/orm.ts';
import { appError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import type { AccessClaims, AccessTokens } from '../security/access-tokens.ts';
import { boundedCache } from '../security/bounded-cache.ts';
import { sha256Hex } from '../security/opaque-token.ts';
import { findAccountOfFamily, principalOf } from './accounts.ts';
import type { Principal } from './principal.ts';

/** Turns access tokens into principals. */
export interface Principals {
  /**
   * The person behind an access token, as of at most two seconds ago.
   * @throws AppError `unauthenticated`, `actor_suspended`
   */
  byToken(token: string): Promise<Principal>;
  /** Forgets what is known of an account, here at once; other processes follow within a second. */
  forget(userId: Id): void;
  /** Calls back for every account whose rights or sign-ins changed; returns how to stop. */
  onChange(listener: (userId: Id) => void): () => void;
  close(): Promise<void>;
}

interface Known {
  readonly tokenVersion: number;
  readonly principal: Principal;
}

const TOKENS = { lifeMs: 60_000, entriesMax: 50_000 };
const PEOPLE = { lifeMs: 5 * 60_000, entriesMax: 50_000 };
const POLL_MS = 1_000;
/** Older knowledge than this is not trusted: each request asks the database. */
const POLL_STALE_MS = 10_000;

/** Makes the cache; polling starts with the first token and stops with `close`. */
export function createPrincipals(
  orm: Orm,
  tokens: AccessTokens,
  clock: { now(): Date },
  onPollError: (error: unknown) => void,
): Principals {
  const verified = boundedCache<AccessClaims>(TOKENS);
  const signIns = boundedCache<Known>(PEOPLE);
  const sidsOfUser = new Map<Id, Set<Id>>();
  const listeners = new Set<(userId: Id) => void>();
  const forget = (userId: Id): void => {
    for (const sid of sidsOfUser.get(userId) ?? []) signIns.delete(sid);
    sidsOfUser.delete(userId);
    for (const listener of listeners) listener(userId);
  };
  const remember = (userId: Id, sid: Id): void => {
    if (sidsOfUser.size >= PEOPLE.entriesMax) {
      sidsOfUser.clear();
      signIns.clear();
    }
    sidsOfUser.set(userId, (sidsOfUser.get(userId) ?? new Set()).add(sid));
  };
  const poll = changePoll(orm, forget, onPollError);

  const claimsOf = async (token: string): Promise<AccessClaims> => {
    const now = performance.now();
    const hash = sha256Hex(token);
    const at = clock.now();
    const known = verified.get(hash, now);
    if (known && known.expiresAt * 1000 > at.getTime()) return known;
    const claims = await tokens.verify(token, at);
    if (!claims) throw ended();
    verified.set(hash, claims, now, now + claims.expiresAt * 1000 - at.getTime());
    return claims;
  };

  return {
    async byToken(token) {
      poll.start();
      const claims = await claimsOf(token);
      const now = performance.now();
      const known = poll.isFresh() ? signIns.get(claims.sid, now) : undefined;
      if (known?.principal.userId === claims.userId) {
        if (known.tokenVersion !== claims.tokenVersion) throw ended();
        return known.principal;
      }
      const account = await findAccountOfFamily(orm.em.fork(), claims.userId, claims.sid);
      if (!account || account.status === 'disabled') throw ended();
      if (account.status === 'suspended') throw suspended();
      if (account.tokenVersion !== claims.tokenVersion) throw ended();
      const { sid, amr, authTime } = claims;
      const principal = principalOf(account, { sid, amr, authTime });
      remember(account.id, sid);
      signIns.set(sid, { tokenVersion: account.tokenVersion, principal }, now);
      return principal;
    },
    forget,
    onChange(listener) {
      poll.start();
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => poll.stop(),
  };
}

const ended = () => appError('unauthenticated', 'The sign-in has ended; sign in again.');

/** The refusal of an account that is on hold. */
export const suspended = () =>
  appError('actor_suspended', 'The account is on hold; ask the office of your institution.');

/**
 * Asks each second which accounts changed. The window overlaps the last one by 30 s, because a
 * change becomes visible at its commit, later than the instant it carries.
 */
function changePoll(orm: Orm, changed: (userId: Id) => void, onError: (error: unknown) => void) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let polledAt = performance.now();
  let since: string | null = null;
  let isStopped = false;
  const ask = async (): Promise<void> => {
    const found = await rows<{ id: Id | null; now: string }>(
      orm.em.fork(),
      `select u.id, t.now from (select app_clock() as now) t left join app_user u
         on u.auth_changed_at > least(coalesce(?::timestamptz, t.now), t.now) - interval '30 seconds'`,
      [since],
    );
    since = found[0]?.now ?? since;
    polledAt = performance.now();
    for (const { id } of found) if (id !== null) changed(id);
  };
  const schedule = (): void => {
    if (isStopped) return;
    timer = setTimeout(() => {
      running = ask().catch(onError).finally(schedule);
    }, POLL_MS).unref();
  };
  return {
    start(): void {
      if (timer || isStopped) return;
      polledAt = performance.now();
      schedule();
    },
    isFresh: (): boolean => performance.now() - polledAt < POLL_STALE_MS,
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
