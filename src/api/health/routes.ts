/** Health for load balancers and people, and metrics for Prometheus. */
import { z } from 'zod';
import { holds } from '../../auth/scope.ts';
import { appError } from '../../domain/errors.ts';
import type { ApiDeps } from '../api-deps.ts';
import { publicAccess, route, type Route, type RouteInput } from '../route.ts';
import { healthCheck } from './checks.ts';

const TAG = 'Health';
const checkStatus = z.enum(['ok', 'degraded', 'unavailable']);

const healthReply = z.strictObject({
  status: checkStatus,
  checks: z.strictObject({
    database: z.strictObject({ status: checkStatus }),
    temporal: z.strictObject({ status: checkStatus }),
    workers: z.strictObject({ status: checkStatus, seen: z.number().int() }),
    biometric_devices: z.strictObject({
      status: checkStatus,
      by_status: z.record(z.string(), z.number().int()),
    }),
  }),
});
const readyReply = z.strictObject({
  status: checkStatus,
  database: checkStatus,
  temporal: checkStatus,
});

/** The routes under `/health`, and `/metrics`. */
export function healthRoutes(deps: ApiDeps): Route[] {
  const check = healthCheck(deps);
  return [
    route({
      method: 'get',
      path: '/health/live',
      summary: 'The process runs',
      tag: TAG,
      access: publicAccess,
      replies: { 200: z.strictObject({ status: z.literal('ok') }) },
      errors: [],
      handler: async () => ({ status: 200, body: { status: 'ok' } }),
    }),
    route({
      method: 'get',
      path: '/health/ready',
      summary: 'The process can serve; 503 while the database is away',
      tag: TAG,
      access: publicAccess,
      replies: { 200: readyReply, 503: readyReply },
      errors: [],
      handler: async () => {
        const { status, checks } = await check();
        const body = {
          status,
          database: checks.database.status,
          temporal: checks.temporal.status,
        };
        return { status: status === 'unavailable' ? 503 : 200, body };
      },
    }),
    route({
      method: 'get',
      path: '/health',
      summary: 'Health of every part',
      tag: TAG,
      access: publicAccess,
      replies: { 200: healthReply, 503: healthReply },
      errors: [],
      handler: async () => {
        const health = await check();
        return { status: health.status === 'unavailable' ? 503 : 200, body: health };
      },
    }),
    metrics(deps),
  ];
}

/** Open outside production; there it takes the metrics token or `operate`. */
function metrics({ metrics: registry, prove, environment }: ApiDeps): Route {
  const requireReader = async ({ request }: Pick<RouteInput<never, never, never>, 'request'>) => {
    if (!environment.isProduction) return;
    if (environment.metricsToken !== undefined) {
      const isScrape = await prove('scrape', request).catch(() => undefined);
      if (isScrape) return;
    }
    if (!holds(await prove('access', request), 'operate')) {
      throw appError('forbidden', 'Metrics are for operators and the metrics token.');
    }
  };
  return route({
    method: 'get',
    path: '/metrics',
    summary: 'Metrics in the Prometheus text format',
    tag: TAG,
    access: publicAccess,
    replies: { 200: z.string() },
    errors: ['unauthenticated', 'forbidden'],
    handler: async (input) => {
      await requireReader(input);
      return {
        status: 200,
        body: await registry.metrics(),
        headers: { 'Content-Type': registry.contentType },
      };
    },
  });
}
