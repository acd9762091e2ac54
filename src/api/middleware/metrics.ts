/** Metrics of the HTTP side in the Prometheus format. */
import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** The registry of one process and the middleware that times routes. */
export interface HttpMetrics {
  readonly registry: Registry;
  /** Times one route; the label is its path with parameter names, never with ids. */
  timer(method: string, path: string): RequestHandler;
}

/** Makes the registry with the process's own metrics. */
export function createHttpMetrics(): HttpMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its reply',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return {
    registry,
    timer: (method, path) => (_request, response, next) => {
      const startedAt = performance.now();
      response.once('close', () => {
        const seconds = (performance.now() - startedAt) / 1000;
        durations.observe({ method, route: path, status: response.statusCode }, seconds);
      });
      next();
    },
  };
}
