/** Health, metrics and the original's system metrics. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, textOf, type TestApi } from '../../../test/api.ts';
import { makeWorld, type World } from '../../../test/factories.ts';
import { rows } from '../../db/orm.ts';
import type { WorkflowGateway } from '../../operations/ports.ts';

let isReachable = false;
const never = (): Promise<never> => Promise.reject(new Error('not asked here'));
const workflows: WorkflowGateway = {
  startSession: never,
  startCase: never,
  transition: never,
  decide: never,
  withdraw: never,
  ping: async () => ({ reachable: isReachable, workers: isReachable ? 2 : 0 }),
  close: async () => undefined,
};

let api: TestApi;
let world: World;
beforeAll(async () => {
  api = await startTestApi({ workflows });
  world = await makeWorld(api.em());
});
afterAll(() => api.close());

/** Asks until the remembered look is a new one. */
async function askUntil(path: string, isExpected: (status: string) => boolean) {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    const reply = await api.request('GET', path);
    if (isExpected(textOf(reply.body['status']))) return reply;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${path} did not change`);
}

describe('health', () => {
  it('is live without asking anything', async () => {
    expect((await api.request('GET', '/health/live')).body).toEqual({ status: 'ok' });
  });

  it('is ready but degraded while Temporal is away', async () => {
    isReachable = false;
    const ready = await askUntil('/health/ready', (status) => status === 'degraded');

    expect(ready.status).toBe(200);
    expect(ready.body).toEqual({ status: 'degraded', database: 'ok', temporal: 'degraded' });
  });

  it('summarises every part as the original does', async () => {
    isReachable = true;
    const reply = await askUntil('/health', (status) => status === 'ok');

    expect(reply.body).toEqual({
      status: 'ok',
      checks: {
        database: { status: 'ok' },
        temporal: { status: 'ok' },
        workers: { status: 'ok', seen: 2 },
        biometric_devices: { status: 'ok', by_status: {} },
      },
    });
  });

  it('answers 503 while the database is away', async () => {
    const broken = await startTestApi({ workflows });
    try {
      const name = new URL(broken.deps.environment.databaseUrl).pathname.slice(1);
      await rows(api.em(), `alter database ${name} allow_connections false`);
      await rows(
        api.em(),
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = ?',
        [name],
      );
      const reply = await broken.request('GET', '/health/ready');

      expect(reply.status).toBe(503);
      expect(reply.body['database']).toBe('unavailable');
    } finally {
      await broken.close();
    }
  });
});

describe('GET /metrics', () => {
  it('counts requests by route, never by id', async () => {
    const token = await api.signIn(world.faculty.email);
    await api.request('GET', `/api/v1/attendance/sessions/${world.session}`, { token });

    const text = textOf((await api.request('GET', '/metrics')).body['text']);

    expect(text).toMatch(
      /http_request_duration_seconds_count\{method="get",route="\/api\/v1\/attendance\/sessions\/:id",status="200"\} 1/,
    );
    expect(text).not.toContain(world.session);
  });
});

describe('GET /api/v1/admin/system-metrics', () => {
  it('gives the totals of the original to operators', async () => {
    await rows(api.em(), "update attendance_session set status = 'closed' where id = ?", [
      world.other.session,
    ]);
    const token = await api.signIn(world.people.admin.email);

    const reply = await api.request('GET', '/api/v1/admin/system-metrics', { token });

    expect(reply.body).toEqual({
      total_sessions: 2,
      active_sessions: 1,
      total_records: 0,
      pending_corrections: 0,
      device_status: {},
    });
  });
});
