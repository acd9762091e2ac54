/** Sign-in, refresh and sign-out: proofs in, token pairs out, every outcome in the audit trail. */
import { appendLog, auditEntry } from '../audit/append-log.ts';
import { firstRow, rows, type Em, type Orm } from '../db/orm.ts';
import { appError, type AppError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import {
  ACCESS_TOKEN_SECONDS,
  createAccessTokens,
  type AccessTokens,
} from '../security/access-tokens.ts';
import { boundedCache } from '../security/bounded-cache.ts';
import type { Keys } from '../security/keys.ts';
import { sha256Hex } from '../security/opaque-token.ts';
import type { Passwords } from '../security/passwords.ts';
import { findAccountById, findAccountByName, principalOf, type Account } from './accounts.ts';
import { callerActor, type Caller } from './caller.ts';
import { openFamily, revokeFamily, rotate, type OpenFamily } from './families.ts';
import { createPrincipals, suspended, type Principals } from './principals.ts';
import type { Principal } from './principal.ts';
import { serialQueue } from './serial-queue.ts';
import { delayAfterFailures } from './sign-in-delay.ts';

/** A finished sign-in or refresh. */
export interface SignedIn {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
  readonly refreshSeconds: number;
  readonly principal: Principal;
}

/** What a person presents at sign-in. */
interface Credentials {
  /** Email address, roll number or employee code. */
  readonly name: string;
  readonly password: string;
  readonly client: 'browser' | 'app';
}

/** The ways in and out of a process. */
export interface Authentication {
  /** @throws AppError `invalid_credentials`, `rate_limited`, `actor_suspended`, `busy` */
  signIn(credentials: Credentials, caller: Caller): Promise<SignedIn>;
  /** @throws AppError `refresh_invalid`, `actor_suspended` */
  refresh(refreshToken: string, caller: Caller): Promise<SignedIn>;
  /** Ends the sign-in of a principal. */
  signOut(principal: Principal, caller: Caller): Promise<void>;
  /** Records that a person asked for something their roles do not include. */
  recordRefusal(principal: Principal, caller: Caller, routeName: string): Promise<void>;
  readonly principals: Principals;
  close(): Promise<void>;
}

/** What authentication is built from. */
export interface AuthenticationParts {
  readonly orm: Orm;
  readonly clock: { now(): Date };
  readonly ids: { next(): Id };
  readonly keys: Keys;
  readonly passwords: Passwords;
  readonly onPollError: (error: unknown) => void;
}

const WAITING_PER_ACCOUNT_MAX = 20;
/** Names without a usable account are throttled like accounts, so that throttling tells nothing. */
const UNKNOWN_NAMES = { lifeMs: 15 * 60_000, entriesMax: 10_000 };
const AUTH_CHAIN = 'area:auth';

/** Builds the ways in. */
export function createAuthentication(parts: AuthenticationParts): Authentication {
  const tokens = createAccessTokens(parts.keys.accessSigning);
  const principals = createPrincipals(parts.orm, tokens, parts.clock, parts.onPollError);
  const signIn = signInWith(parts, tokens);
  return {
    principals,
    signIn,
    refresh: (refreshToken, caller) => refreshWith(parts, tokens, principals, refreshToken, caller),
    async signOut(principal, caller) {
      await parts.orm.em.fork().transactional(async (em) => {
        await revokeFamily(em, principal.sid, 'sign_out');
        await logAuth(parts, em, caller, principal, familyEvent('auth.sign_out', principal.sid));
      });
      principals.forget(principal.userId);
    },
    async recordRefusal(principal, caller, routeName) {
      const event = { action: 'auth.refused', entityType: 'route', entityId: routeName };
      await parts.orm.em.fork().transactional((em) => logAuth(parts, em, caller, principal, event));
    },
    close: () => principals.close(),
  };
}

function signInWith(parts: AuthenticationParts, tokens: AccessTokens): Authentication['signIn'] {
  const inTurn = serialQueue(WAITING_PER_ACCOUNT_MAX);
  const unknown = boundedCache<{ failures: number; nextAtMs: number }>(UNKNOWN_NAMES);

  const refuseUnknown = (name: string): AppError => {
    const nowMs = parts.clock.now().getTime();
    const failures = (unknown.get(name, performance.now())?.failures ?? 0) + 1;
    const nextAtMs = nowMs + delayAfterFailures(failures) * 1000;
    unknown.set(name, { failures, nextAtMs }, performance.now());
    return wrong();
  };

  const attempt = async (credentials: Credentials, caller: Caller): Promise<SignedIn> => {
    const name = credentials.name.toLowerCase();
    const account = await findAccountByName(parts.orm.em.fork(), credentials.name);
    const unknownWaitMs =
      (unknown.get(name, performance.now())?.nextAtMs ?? 0) - parts.clock.now().getTime();
    const isKnown = account !== undefined && account.status !== 'disabled';
    const waitMs = isKnown ? account.waitMs : unknownWaitMs;
    if (waitMs > 0) throw tooManyFailures(waitMs);
    const matched = await parts.passwords.matches(
      account?.passwordHash ?? null,
      credentials.password,
    );
    if (!isKnown) {
      await recordFailure(parts, caller, null);
      throw refuseUnknown(name);
    }
    if (!matched) {
      await recordFailure(parts, caller, account);
      throw wrong();
    }
    if (account.status === 'suspended') {
      await recordOnHold(parts, caller, account);
      throw suspended();
    }
    const family = await recordSuccess(parts, caller, account, credentials);
    return signedIn(parts, tokens, account, family, ['pwd']);
  };
  return (credentials, caller) =>
    inTurn(sha256Hex(credentials.name.toLowerCase()), () => attempt(credentials, caller));
}

const wrong = (): AppError =>
  appError('invalid_credentials', 'Check the email and the password and try again.');

function tooManyFailures(waitMs: number): AppError {
  const seconds = Math.ceil(waitMs / 1000);
  return appError('rate_limited', `Too many wrong passwords; try again in ${seconds} s.`, {
    meta: { retryAfterSeconds: seconds },
  });
}

/** Counts a wrong password and makes the next one wait; read committed, the row is the lock. */
async function recordFailure(
  parts: AuthenticationParts,
  caller: Caller,
  account: Account | null,
): Promise<void> {
  await parts.orm.em.fork().transactional(async (em) => {
    if (account) {
      const row = await firstRow<{ failed_sign_ins: number }>(
        em,
        `update app_user set failed_sign_ins = failed_sign_ins + 1 where id = ?::uuid
         returning failed_sign_ins`,
        [account.id],
      );
      await rows(
        em,
        `update app_user set next_sign_in_at = app_clock() + make_interval(secs => ?::int)
         where id = ?::uuid`,
        [delayAfterFailures(row?.failed_sign_ins ?? 0), account.id],
      );
    }
    await appendLog(em, parts.ids, {
      audit: [
        auditEntry(callerActor(caller, null, 'none'), {
          chain: AUTH_CHAIN,
          action: 'auth.sign_in_failed',
          entityType: 'user',
          entityId: account?.id ?? 'unknown',
        }),
      ],
    });
  });
}

/** The right password of an account on hold is refused, and someone should hear about it. */
async function recordOnHold(
  parts: AuthenticationParts,
  caller: Caller,
  account: Account,
): Promise<void> {
  const event = { action: 'auth.sign_in_on_hold', entityType: 'user', entityId: account.id };
  await parts.orm.em
    .fork()
    .transactional((em) => logAuth(parts, em, caller, accountActor(account), event));
}

async function recordSuccess(
  parts: AuthenticationParts,
  caller: Caller,
  account: Account,
  { client, password }: Credentials,
): Promise<OpenFamily> {
  const isWeak = account.passwordHash !== null && parts.passwords.isWeak(account.passwordHash);
  const stronger = isWeak ? await parts.passwords.hash(password) : null;
  return parts.orm.em.fork().transactional(async (em) => {
    await rows(
      em,
      `update app_user set failed_sign_ins = 0, next_sign_in_at = null,
         password_hash = coalesce(?::text, password_hash)
       where id = ?::uuid and (failed_sign_ins > 0 or ?::text is not null)`,
      [stronger, account.id, stronger],
    );
    const family = await openFamily(em, account, client, parts.ids.next());
    await logAuth(
      parts,
      em,
      caller,
      accountActor(account),
      familyEvent('auth.sign_in', family.sid),
    );
    return family;
  });
}

async function refreshWith(
  parts: AuthenticationParts,
  tokens: AccessTokens,
  principals: Principals,
  refreshToken: string,
  caller: Caller,
): Promise<SignedIn> {
  const { rotation, account } = await parts.orm.em.fork().transactional(async (em) => {
    const outcome = await rotate(em, refreshToken);
    const owner = outcome.kind === 'dead' ? undefined : await findAccountById(em, outcome.userId);
    if (outcome.kind === 'reused' && owner) {
      await logAuth(
        parts,
        em,
        caller,
        accountActor(owner),
        familyEvent('auth.refresh_reuse', outcome.sid),
      );
    }
    return { rotation: outcome, account: owner };
  });
  if (rotation.kind === 'reused') principals.forget(rotation.userId);
  if (rotation.kind !== 'rotated' || !account || account.status === 'disabled') {
    throw appError('refresh_invalid', 'The sign-in has ended; sign in again.');
  }
  if (account.status === 'suspended') throw suspended();
  return signedIn(parts, tokens, account, rotation.family, ['pwd']);
}

async function signedIn(
  { clock, ids }: AuthenticationParts,
  tokens: AccessTokens,
  account: Account,
  { sid, authTime, refreshToken, refreshSeconds }: OpenFamily,
  amr: readonly string[],
): Promise<SignedIn> {
  const claims = {
    userId: account.id,
    sid,
    tokenVersion: account.tokenVersion,
    amr,
    authTime,
  };
  return {
    accessToken: await tokens.sign(claims, ids.next(), clock.now()),
    expiresInSeconds: ACCESS_TOKEN_SECONDS,
    refreshToken,
    refreshSeconds,
    principal: principalOf(account, { sid, amr, authTime }),
  };
}

const accountActor = (account: Account) => ({ userId: account.id, roles: account.roles });

interface AuthEvent {
  readonly action: string;
  readonly entityType: string;
  readonly entityId: string;
}

const familyEvent = (action: string, sid: Id): AuthEvent => ({
  action,
  entityType: 'refresh_token_family',
  entityId: sid,
});

async function logAuth(
  parts: AuthenticationParts,
  em: Em,
  caller: Caller,
  who: Pick<Principal, 'userId' | 'roles'>,
  event: AuthEvent,
): Promise<void> {
  const actor = callerActor(caller, who.userId, who.roles[0]?.role ?? 'none');
  await appendLog(em, parts.ids, { audit: [auditEntry(actor, { chain: AUTH_CHAIN, ...event })] });
}
