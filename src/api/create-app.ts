/** Builds the HTTP application from its parts and the table of routes. */
import compression from 'compression';
import express, { type Express, type RequestHandler } from 'express';
import { fileURLToPath } from 'node:url';
import { pinoHttp } from 'pino-http';
import { createStrategies } from '../auth/strategies.ts';
import { appError } from '../domain/errors.ts';
import type { ApiDeps, AppParts } from './api-deps.ts';
import { refreshCookieOf } from './auth/refresh-cookie.ts';
import { REFERENCE_FILES, referenceFiles } from './docs/reference-page.ts';
import { dashboard } from './middleware/dashboard.ts';
import { createHttpMetrics } from './middleware/metrics.ts';
import { renderProblems } from './middleware/problem.ts';
import { deviceProver } from './middleware/prove-device.ts';
import { createRateLimits } from './middleware/rate-limits.ts';
import { callerOf, requestContext } from './middleware/request-context.ts';
import { allowedOrigins, securityHeaders } from './middleware/security-headers.ts';
import type { Route } from './route.ts';
import { serveRoute } from './serve-route.ts';

/** Choices of the caller. */
export interface AppOptions {
  /** The built dashboard; default `web/dist`. */
  readonly dashboardFolder?: string;
  /** Compares every reply with its schema; for tests. */
  readonly checkReplies?: boolean;
}

const DASHBOARD = fileURLToPath(new URL('../../web/dist', import.meta.url));

/**
 * Makes the application.
 * @param routes  makes the table of routes, for example `allRoutes`
 * @throws Error when a route names no access or two routes share method and path
 */
export function createApp(
  parts: AppParts,
  routes: (deps: ApiDeps) => readonly Route[],
  { dashboardFolder = DASHBOARD, checkReplies = false }: AppOptions = {},
): Express {
  const { environment, logger } = parts;
  const { prove } = createStrategies({
    authentication: parts.authentication,
    metricsToken: environment.metricsToken,
    callerOf,
    refreshCookieOf: refreshCookieOf(environment),
  });
  const metrics = createHttpMetrics();
  const deps: ApiDeps = { ...parts, prove, metrics: metrics.registry };
  const table = routes(deps);
  assertTable(table);

  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', trustedProxies(environment.trustProxy));
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  // Replies are not stored; those with a version name it themselves.
  app.set('etag', false);
  app.use(requestContext(deps.ids), requestLog(deps), ...securityHeaders(), compression());
  app.use('/api', allowedOrigins(environment.publicOrigins));

  const limits = createRateLimits({
    campusNetworks: environment.campusNetworks,
    scale: environment.rateLimitScale,
  });
  const serving = { deps, prove, limits, checkReplies, ...deviceProver(parts) };
  for (const route of table) {
    app[route.method](
      route.path,
      metrics.timer(route.method, route.path),
      serveRoute(route, serving),
    );
  }
  for (const [path, methods] of methodsByPath(table)) app.all(path, otherMethod(methods));
  app.use(REFERENCE_FILES, referenceFiles());
  app.use(dashboard(dashboardFolder));
  app.use(() => {
    throw appError('not_found', 'Nothing is at this address.');
  });
  app.use(renderProblems(logger));
  return app;
}

/** Every route names its access, and no two share method and path. */
function assertTable(table: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { method, path, access, deviceProof } of table) {
    const name = `${method.toUpperCase()} ${path}`;
    const kind: unknown = (access as Route['access'] | undefined)?.kind;
    if (kind !== 'public' && kind !== 'self' && kind !== 'permission') {
      throw new Error(`the route ${name} names no access`);
    }
    if (deviceProof && kind === 'public') {
      throw new Error(`the route ${name} wants the device of nobody`);
    }
    if (seen.has(name)) throw new Error(`the route ${name} exists twice`);
    seen.add(name);
  }
}

function methodsByPath(table: readonly Route[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { method, path } of table) {
    found.set(path, [...(found.get(path) ?? []), method.toUpperCase()]);
  }
  return found;
}

function otherMethod(methods: readonly string[]): RequestHandler {
  const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (request, response) => {
    response.setHeader('Allow', allowed);
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    throw appError('method_not_allowed', `Use one of: ${allowed}.`);
  };
}

/** `TRUST_PROXY` is a number of hops or a list of addresses and networks; empty trusts nobody. */
function trustedProxies(text: string): false | number | string[] {
  if (text.trim() === '') return false;
  if (/^\d+$/.test(text.trim())) return Number(text);
  return text.split(',').map((item) => item.trim());
}

const QUIET_PATHS = /^\/(health|metrics|assets\/)/;

/** One log line per request: method, path without its query, status and time. */
function requestLog({ logger }: AppParts): RequestHandler {
  return pinoHttp({
    logger,
    genReqId: (request) => request.id,
    quietReqLogger: true,
    autoLogging: { ignore: (request) => QUIET_PATHS.test(request.url ?? '') },
    customLogLevel: (_request, response, error) =>
      error || response.statusCode === 500 ? 'error' : 'info',
    // The renderer of problems logs the cause; pino-http would invent an error of its own.
    customErrorObject: (_request, _response, _error, line: Record<string, unknown>) => ({
      ...line,
      err: undefined,
    }),
    serializers: {
      req: (request: { method: string; url: string }) => ({
        method: request.method,
        path: request.url.split('?')[0],
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
    },
  });
}
