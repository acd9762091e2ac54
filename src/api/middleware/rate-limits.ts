/** Rate limits: by person once signed in, by address only before (trust.md section 4.4). */
import type { Request, Response } from 'express';
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Principal } from '../../auth/principal.ts';
import { appError } from '../../domain/errors.ts';
import { blockOf, networkTest } from '../../security/network.ts';
import type { Route } from '../route.ts';

/** Who shares an allowance. */
export type LimitClass =
  | 'marking'
  | 'scan'
  | 'bulk'
  | 'statistics'
  | 'signed_in'
  | AddressClass
  | 'none';

/** Counted by address, because no person is known yet. */
export type AddressClass = 'sign_in' | 'renewal' | 'anonymous';

/** An allowance: `points` per `seconds`, and `burst` more in the same time. */
interface Allowance {
  readonly points: number;
  readonly seconds: number;
  readonly burst: number;
}

const perMinute = (points: number, burst = 0): Allowance => ({ points, seconds: 60, burst });
const perHour = (points: number, burst = 0): Allowance => ({ points, seconds: 3_600, burst });
const perSecond = (points: number): Allowance => ({ points, seconds: 1, burst: 0 });

/**
 * The numbers of trust.md; `student` and `staff` are persons, `campus` and `other` addresses. A
 * renewal shows a token of 256 bits, right or wrong: nobody guesses it, and a whole class behind one
 * address of a mobile network renews at nine o'clock (ADR 0021).
 */
const ALLOWANCES = {
  'marking/student': perMinute(60, 20),
  'marking/staff': perMinute(1_200, 600),
  'scan/student': perMinute(30),
  'scan/staff': perMinute(30),
  'bulk/student': perMinute(20),
  'bulk/staff': perMinute(20),
  'statistics/student': perMinute(60),
  'statistics/staff': perMinute(60),
  'signed_in/student': perHour(1_000, 100),
  'signed_in/staff': perHour(5_000, 300),
  'sign_in/campus': perSecond(100),
  'sign_in/other': perMinute(30),
  'renewal/campus': perSecond(100),
  'renewal/other': perSecond(100),
  'anonymous/campus': perSecond(100),
  'anonymous/other': perHour(100),
} as const satisfies Record<string, Allowance>;

type AllowanceName = keyof typeof ALLOWANCES;

/** The class of a route, by its method and path. */
export function limitClassOf({
  method,
  path,
  access,
}: Pick<Route, 'method' | 'path' | 'access'>): LimitClass {
  if (/^\/(health|metrics)\b/.test(path) || path.startsWith('/api/docs')) return 'none';
  if (path === '/api/v1/auth/login') return 'sign_in';
  if (path === '/api/v1/auth/refresh') return 'renewal';
  if (access.kind === 'public') return 'anonymous';
  if (/\/(bulk-[a-z]+|sync)$/.test(path)) return 'bulk';
  if (/\/(qr-scan|scan-tickets)$/.test(path)) return 'scan';
  if (method === 'post' && path.endsWith('/attendance/records')) return 'marking';
  if (/\/(statistics|reports)\//.test(path)) return 'statistics';
  return 'signed_in';
}

/** Settings of the limits of one process. */
export interface RateLimitSettings {
  /** Addresses of these networks have the campus allowance. */
  readonly campusNetworks: readonly string[];
  /** Multiplies every allowance; 1 by default. */
  readonly scale: number;
}

/** Counts requests; each call throws AppError `rate_limited` when its allowance is spent. */
export interface RateLimits {
  countPerson(limitClass: LimitClass, principal: Principal, response: Response): Promise<void>;
  countAddress(limitClass: AddressClass, request: Request, response: Response): Promise<void>;
}

/** Makes the limits, kept in the memory of this process. */
export function createRateLimits({ campusNetworks, scale }: RateLimitSettings): RateLimits {
  const isOnCampus = networkTest(campusNetworks);
  const limiters = new Map(
    Object.entries(ALLOWANCES).map(([name, allowance]) => [
      name,
      limiterOf(name, allowance, scale),
    ]),
  );
  const count = async (name: AllowanceName, key: string, response: Response): Promise<void> => {
    const limiter = limiters.get(name);
    if (!limiter) throw new Error(`no limiter ${name}`);
    const allowed = scaled(ALLOWANCES[name], scale);
    response.setHeader('RateLimit-Policy', `"${name}";q=${allowed.points};w=${allowed.seconds}`);
    try {
      const state = await limiter.consume(key);
      response.setHeader('RateLimit', stateText(name, state));
    } catch (state) {
      if (!(state instanceof RateLimiterRes)) throw state;
      response.setHeader('RateLimit', stateText(name, state));
      throw tooMany(state);
    }
  };
  return {
    async countPerson(limitClass, principal, response) {
      if (limitClass === 'none' || isAddressClass(limitClass)) return;
      const kind = principal.roles.some((grant) => grant.role !== 'student') ? 'staff' : 'student';
      await count(`${limitClass}/${kind}`, principal.userId, response);
    },
    async countAddress(limitClass, request, response) {
      const place = isOnCampus(request.ip) ? 'campus' : 'other';
      await count(`${limitClass}/${place}`, blockOf(request.ip) ?? 'unknown', response);
    },
  };
}

/** Whether requests of the class are counted by address. */
export function isAddressClass(limitClass: LimitClass): limitClass is AddressClass {
  return limitClass === 'sign_in' || limitClass === 'renewal' || limitClass === 'anonymous';
}

function scaled({ points, seconds, burst }: Allowance, scale: number): Allowance {
  return { points: Math.ceil(points * scale), seconds, burst: Math.ceil(burst * scale) };
}

function limiterOf(name: string, allowance: Allowance, scale: number) {
  const { points, seconds, burst } = scaled(allowance, scale);
  const main = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
  if (burst === 0) return main;
  const more = new RateLimiterMemory({
    keyPrefix: `${name}/burst`,
    points: burst,
    duration: seconds,
  });
  return new BurstyRateLimiter(main, more);
}

function stateText(name: string, { remainingPoints, msBeforeNext }: RateLimiterRes): string {
  return `"${name}";r=${Math.max(0, remainingPoints)};t=${Math.ceil(msBeforeNext / 1000)}`;
}

function tooMany({ msBeforeNext }: RateLimiterRes) {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return appError('rate_limited', `Too many requests; try again in ${seconds} s.`, {
    meta: { retryAfterSeconds: seconds },
  });
}
