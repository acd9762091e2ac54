/** Refresh token families: one per sign-in, rotated at every use, ended together. */
import { firstRow, rows, type Em } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import { newOpaqueToken, sha256Hex } from '../security/opaque-token.ts';
import type { Account } from './accounts.ts';

/** Lives of a sign-in in seconds (trust.md section 2). */
interface Lives {
  readonly idleSeconds: number;
  readonly wholeSeconds: number;
}

const HOUR = 3_600;
const DAY = 24 * HOUR;
const STUDENT_LIVES: Lives = { idleSeconds: 14 * DAY, wholeSeconds: 90 * DAY };
const STAFF_LIVES: Lives = { idleSeconds: 2 * HOUR, wholeSeconds: DAY };
const FAMILIES_MAX = 10;

/** A sign-in just opened or continued. */
export interface OpenFamily {
  readonly sid: Id;
  readonly refreshToken: string;
  /** Seconds since 1970 of the proof of identity. */
  readonly authTime: number;
  /** Seconds after which the token is of no use. */
  readonly refreshSeconds: number;
}

/** Opens a family for an account and ends its oldest ones beyond ten. */
export async function openFamily(
  em: Em,
  account: Account,
  client: 'browser' | 'app',
  sid: Id,
): Promise<OpenFamily> {
  const lives = account.roles.every((grant) => grant.role === 'student')
    ? STUDENT_LIVES
    : STAFF_LIVES;
  const [made] = await rows<{ auth_time: string }>(
    em,
    `insert into refresh_token_family
       (id, user_id, client, authenticated_at, last_used_at, idle_seconds, expires_at)
     select ?::uuid, ?::uuid, ?::text, t.now, t.now, ?::int, t.now + make_interval(secs => ?::int)
     from (select app_clock() as now) t
     returning floor(extract(epoch from authenticated_at))::bigint as auth_time`,
    [sid, account.id, client, lives.idleSeconds, lives.wholeSeconds],
  );
  await endFamiliesBeyond(em, account.id, FAMILIES_MAX);
  const refreshToken = await addToken(em, sid);
  return {
    sid,
    refreshToken,
    authTime: Number(made?.auth_time),
    refreshSeconds: lives.idleSeconds,
  };
}

/** What presenting a refresh token came to. */
export type Rotation =
  | { readonly kind: 'rotated'; readonly userId: Id; readonly family: OpenFamily }
  | { readonly kind: 'reused'; readonly userId: Id; readonly sid: Id }
  | { readonly kind: 'dead' };

interface PresentedToken {
  readonly sid: Id;
  readonly user_id: Id;
  readonly used: boolean;
  readonly dead: boolean;
  readonly auth_time: string;
  readonly left_seconds: number;
}

/**
 * Uses a refresh token up and gives its successor. A used token that comes back ends its family:
 * one of the two holders stole it, and nobody can say which.
 */
export async function rotate(em: Em, token: string): Promise<Rotation> {
  const hash = sha256Hex(token);
  // The row lock makes two uses of one token take turns; the second sees it used.
  const found = await firstRow<PresentedToken>(
    em,
    `select f.id as sid, f.user_id, t.used_at is not null as used,
       (f.revoked_at is not null or f.expires_at <= app_clock()
         or f.last_used_at + make_interval(secs => f.idle_seconds) <= app_clock()) as dead,
       floor(extract(epoch from f.authenticated_at))::bigint as auth_time,
       least(f.idle_seconds, floor(extract(epoch from f.expires_at - app_clock())))::int as left_seconds
     from refresh_token t join refresh_token_family f on f.id = t.family_id
     where t.token_hash = ? for update of t, f`,
    [hash],
  );
  if (!found || found.dead) return { kind: 'dead' };
  if (found.used) {
    await revokeFamily(em, found.sid, 'reuse');
    return { kind: 'reused', userId: found.user_id, sid: found.sid };
  }
  await rows(em, 'update refresh_token set used_at = app_clock() where token_hash = ?', [hash]);
  await rows(em, 'update refresh_token_family set last_used_at = app_clock() where id = ?::uuid', [
    found.sid,
  ]);
  return {
    kind: 'rotated',
    userId: found.user_id,
    family: {
      sid: found.sid,
      refreshToken: await addToken(em, found.sid),
      authTime: Number(found.auth_time),
      refreshSeconds: found.left_seconds,
    },
  };
}

/** Ends a family; the account's change instant tells every process to forget its tokens. */
export async function revokeFamily(em: Em, sid: Id, reason: string): Promise<void> {
  await rows(
    em,
    `with ended as (
       update refresh_token_family set revoked_at = app_clock(), revoked_reason = ?
       where id = ?::uuid and revoked_at is null returning user_id)
     update app_user set auth_changed_at = app_clock() where id in (select user_id from ended)`,
    [reason, sid],
  );
}

async function endFamiliesBeyond(em: Em, userId: Id, count: number): Promise<void> {
  await rows(
    em,
    `with ended as (
       update refresh_token_family set revoked_at = app_clock(), revoked_reason = 'too_many'
       where id in (
         select id from refresh_token_family
         where user_id = ?::uuid and revoked_at is null and expires_at > app_clock()
         order by last_used_at desc, id desc offset ?::int)
       returning user_id)
     update app_user set auth_changed_at = app_clock() where id in (select user_id from ended)`,
    [userId, count],
  );
}

async function addToken(em: Em, sid: Id): Promise<string> {
  const token = newOpaqueToken();
  await rows(em, 'insert into refresh_token (token_hash, family_id) values (?, ?::uuid)', [
    sha256Hex(token),
    sid,
  ]);
  return token;
}
