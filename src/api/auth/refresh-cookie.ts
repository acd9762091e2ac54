/** The browser's refresh cookie: how it is written, read and cleared (trust.md section 2). */
import type { ProofRequest } from '../../auth/strategies.ts';
import type { Environment } from '../../config/env.ts';
import { appError } from '../../domain/errors.ts';

/**
 * Name of the cookie: `__Host-refresh` in production; over plain HTTP elsewhere `refresh`, since
 * browsers refuse the prefix without `Secure`.
 */
const cookieName = (isProduction: boolean): string => (isProduction ? '__Host-refresh' : 'refresh');

/** A `Set-Cookie` value that gives the browser its refresh token. */
export function refreshCookie(isProduction: boolean, token: string, seconds: number): string {
  const secure = isProduction ? '; Secure' : '';
  return `${cookieName(isProduction)}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** A `Set-Cookie` value that takes it away. */
export const clearedCookie = (isProduction: boolean): string => refreshCookie(isProduction, '', 0);

/**
 * Makes the reader of the cookie.
 * @throws AppError `origin_refused` when a foreign page sent the request
 */
export function refreshCookieOf({
  isProduction,
  publicOrigins,
}: Pick<Environment, 'isProduction' | 'publicOrigins'>): (
  request: ProofRequest,
) => string | undefined {
  return (request) => {
    const token = cookiesOf(request).get(cookieName(isProduction));
    if (token && !isOwnPage(request, publicOrigins)) {
      throw appError('origin_refused', 'Refresh the sign-in from the dashboard itself.');
    }
    return token;
  };
}

/** Browsers set both headers themselves; a page cannot forge them. */
function isOwnPage({ headers }: ProofRequest, publicOrigins: readonly string[]): boolean {
  if (headers['sec-fetch-site'] === 'same-origin') return true;
  const origin = headers['origin'];
  if (typeof origin !== 'string') return false;
  return publicOrigins.includes(origin) || hostOf(origin) === headers['host'];
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function cookiesOf({ headers }: ProofRequest): Map<string, string> {
  const header = headers['cookie'];
  const pairs = typeof header === 'string' ? header.split(';') : [];
  return new Map(
    pairs.map((pair) => {
      const [name = '', ...rest] = pair.split('=');
      return [name.trim(), rest.join('=').trim()];
    }),
  );
}
