import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadEnvironment } from '../config/env.ts';
import type { Orm } from '../db/orm.ts';
import { AppError } from '../domain/errors.ts';
import { createWorkflowGateway, type TemporalGateway } from './client.ts';

/** The deadline of a call, and what the machine may add. */
const ANSWER_MS = 5_000 + 2_000;

/** No call of these tests reads the database: labels are asked for on a start only. */
const noOrm = (): Orm => {
  throw new Error('the database is not part of this test');
};

function gatewayTo(address: string): TemporalGateway {
  const variables = { DATABASE_URL: 'postgres://nowhere/none', TEMPORAL_ADDRESS: address };
  return createWorkflowGateway(loadEnvironment(['database'], variables), noOrm);
}

async function refusalOf(call: Promise<unknown>): Promise<{ error: AppError; tookMs: number }> {
  const started = performance.now();
  try {
    await call;
  } catch (error) {
    if (error instanceof AppError) return { error, tookMs: performance.now() - started };
    throw error;
  }
  throw new Error('the call was answered');
}

describe.each(['refuses connections', 'accepts connections and is silent'])(
  'the gateway to a server that %s',
  (how) => {
    let server: Server;
    let gateway: TemporalGateway;
    const sockets = new Set<Socket>();

    beforeAll(async () => {
      server = createServer((socket) => sockets.add(socket));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      if (how === 'refuses connections') {
        await new Promise((resolve) => server.close(resolve));
      }
      gateway = gatewayTo(`127.0.0.1:${port}`);
    });
    afterAll(async () => {
      await gateway.close();
      for (const socket of sockets) socket.destroy();
      server.close();
    });

    it('answers every call with 503 in time and says when to come back', async () => {
      const actorId = randomUUID();
      const ids = { decisionId: randomUUID(), withdrawalId: randomUUID(), id: randomUUID() };
      const refusals = await Promise.all([
        refusalOf(
          gateway.transition(randomUUID(), { id: ids.id, edge: 'open', actorId, channel: 'api' }),
        ),
        refusalOf(
          gateway.decide('leave', randomUUID(), {
            decisionId: ids.decisionId,
            verdict: 'approved',
            deciderId: actorId,
          }),
        ),
        refusalOf(
          gateway.withdraw('correction', randomUUID(), { withdrawalId: ids.withdrawalId, actorId }),
        ),
      ]);

      for (const { error, tookMs } of refusals) {
        expect(error).toMatchObject({ code: 'workflow_unavailable', status: 503 });
        expect(error.meta).toEqual({ retryAfterSeconds: 5 });
        expect(tookMs).toBeLessThan(ANSWER_MS);
      }
    });

    it('says that the server is away without an error', async () => {
      expect(await gateway.ping()).toEqual({ reachable: false, workers: 0 });
    });
  },
);
