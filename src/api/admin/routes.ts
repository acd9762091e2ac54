/** What operators see of the whole system. */
import { z } from 'zod';
import { readSystemMetrics } from '../../db/queries/system-metrics.ts';
import { authorize, route, type Route } from '../route.ts';

const systemMetricsReply = z.strictObject({
  total_sessions: z.number().int(),
  active_sessions: z.number().int(),
  total_records: z.number().int(),
  pending_corrections: z.number().int(),
  device_status: z.record(z.string(), z.number().int()),
});

/** The routes under `/api/v1/admin`. */
export function adminRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/admin/system-metrics',
      summary: 'Totals of sessions, records, corrections and devices',
      tag: 'Administration',
      access: authorize('operate'),
      replies: { 200: systemMetricsReply },
      errors: [],
      handler: async ({ operation }) => {
        const found = await readSystemMetrics(operation.em);
        return {
          status: 200,
          body: {
            total_sessions: found.totalSessions,
            active_sessions: found.activeSessions,
            total_records: found.totalRecords,
            pending_corrections: found.pendingCorrections,
            device_status: found.deviceStatus,
          },
        };
      },
    }),
  ];
}
