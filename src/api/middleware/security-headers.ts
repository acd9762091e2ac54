/** Headers of every reply and the origins that may call (trust.md section 4.8). */
import cors from 'cors';
import type { RequestHandler, Response } from 'express';
import helmet from 'helmet';
import { randomBytes } from 'node:crypto';

const YEAR_SECONDS = 365 * 24 * 3_600;
const REFRESH_PATH = /^\/api\/v1\/auth\/refresh\/?(\?|$)/;

/** The Content-Security-Policy nonce of a reply. */
export function nonceOf(response: Response): string {
  const nonce: unknown = response.locals['cspNonce'];
  if (typeof nonce !== 'string') throw new Error('securityHeaders must run first');
  return nonce;
}

/** helmet with this product's policy: nothing from elsewhere, no inline script, no framing. */
export function securityHeaders(): RequestHandler[] {
  return [
    (_request, response, next) => {
      response.locals['cspNonce'] = randomBytes(16).toString('base64url');
      response.setHeader('Permissions-Policy', 'camera=(self), geolocation=(self)');
      next();
    },
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          imgSrc: ["'self'", 'data:', 'blob:'],
          styleSrc: ["'self'", (_request, response) => `'nonce-${nonceOf(response as Response)}'`],
          objectSrc: ["'none'"],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
          formAction: ["'self'"],
          connectSrc: ["'self'", 'wss:'],
        },
      },
      strictTransportSecurity: { maxAge: YEAR_SECONDS, includeSubDomains: true },
      referrerPolicy: { policy: 'no-referrer' },
      crossOriginOpenerPolicy: { policy: 'same-origin' },
      crossOriginResourcePolicy: { policy: 'same-origin' },
    }),
  ];
}

/** CORS for exact origins; only the refresh route lets a browser send its cookie. */
export function allowedOrigins(origins: readonly string[]): RequestHandler {
  return cors((request, decide) => {
    decide(null, {
      origin: [...origins],
      credentials: REFRESH_PATH.test(request.originalUrl),
      methods: ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'],
      allowedHeaders: ['Authorization', 'Content-Type', 'DPoP', 'Idempotency-Key', 'If-Match'],
      exposedHeaders: [
        'DPoP-Nonce',
        'ETag',
        'Idempotent-Replayed',
        'Location',
        'RateLimit',
        'Retry-After',
        'WWW-Authenticate',
        'X-Request-Id',
      ],
      maxAge: 600,
    });
  });
}
