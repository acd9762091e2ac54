/** The API process: HTTP and sockets on PORT, until SIGTERM or SIGINT. */
import { createServer, type Server } from 'node:http';
import { createApp } from '../api/create-app.ts';
import { allRoutes } from '../api/routes.ts';
import { loadEnvironment, type Environment } from '../config/env.ts';
import { rows } from '../db/orm.ts';
import { createDeps, createLogger, type Deps } from '../deps.ts';
import { createSockets } from '../realtime/create-sockets.ts';
import { startScanPool, type ScanPool } from '../threads/scan-pool.ts';

/** How long running requests may take to finish once a stop was asked for. */
const DRAIN_MS = 10_000;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const environment = loadEnvironment(['database', 'utc', 'secrets']);
  const logger = createLogger(environment);
  const scans = startScanPool(environment, (error) => {
    logger.fatal({ err: error }, 'the thread that writes scans broke');
    process.exit(1);
  });
  const deps = await createDeps(environment, { logger, takeScans: scans.take });
  await refuseDemoAccounts(deps);
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 },
    createApp(deps, allRoutes),
  );
  const sockets = createSockets(server, deps);
  await listen(server, environment);
  deps.logger.info({ host: environment.host, port: environment.port }, 'the API listens');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      deps.logger.info({ signal }, 'the API stops');
      void stop(server, sockets, deps, scans);
    });
  }
}

async function stop(
  server: Server,
  sockets: ReturnType<typeof createSockets>,
  deps: Deps,
  scans: ScanPool,
): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await sockets.close();
  await closed;
  clearTimeout(deadline);
  await scans.close();
  await deps.close();
  process.exit(0);
}

function listen(server: Server, { port, host }: Environment): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

/** Known passwords must not reach production (trust.md section 1). */
async function refuseDemoAccounts({ orm, environment: { isProduction } }: Deps): Promise<void> {
  if (!isProduction) return;
  const found = await rows(
    orm.em.fork(),
    "select id from app_user where email like '%@demo.campus' limit 1",
  );
  if (found.length > 0) {
    throw new Error('The database holds demo accounts; production needs one without them.');
  }
}
