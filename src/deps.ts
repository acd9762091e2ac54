/** The composition root: builds everything a process needs from its environment. */
import { pino, type DestinationStream, type Logger } from 'pino';
import { createAuthentication, type Authentication } from './auth/authentication.ts';
import type { Environment } from './config/env.ts';
import { firstRow, openOrm, type Orm } from './db/orm.ts';
import { dataKeyTable } from './db/queries/data-keys.ts';
import { createPresenceTools, type PresenceTools } from './operations/presence/presence-tools.ts';
import { scanTaker, type TakeScans } from './operations/presence/scan-desk.ts';
import type { Clock, Ids, WorkflowGateway } from './operations/ports.ts';
import type { FieldSealer } from './security/field-cipher.ts';
import { openKeys, type Keys } from './security/keys.ts';
import { createPasswords, type Passwords } from './security/passwords.ts';
import { createSealer } from './security/sealer.ts';
import { uuidV7Maker } from './security/uuid-v7.ts';
import { createWorkflowGateway } from './temporal/client.ts';

export { operationFor } from './operations/operation-for.ts';

/** A clock that tests can move: `refresh` reads the offset of the table `test_clock`. */
interface ProcessClock extends Clock {
  refresh(): Promise<void>;
}

/** What operations and codes need, in whatever thread; close it once, at the end. */
export interface Core {
  readonly orm: Orm;
  readonly clock: ProcessClock;
  readonly ids: Ids;
  readonly keys: Keys;
  readonly sealer: FieldSealer;
  readonly presence: PresenceTools;
  close(): Promise<void>;
}

/** What a process is made of; close it once, at the end. */
export interface Deps extends Core {
  readonly environment: Environment;
  readonly logger: Logger;
  readonly workflows: WorkflowGateway;
  readonly passwords: Passwords;
  readonly authentication: Authentication;
  readonly takeScans: TakeScans;
}

/** Parts a test or an entry point replaces. */
export interface DepsOverrides {
  readonly workflows?: WorkflowGateway;
  readonly logger?: Logger;
  /** Where scans are written; in the calling thread unless given. */
  readonly takeScans?: TakeScans;
}

/** Log fields that never reach a log line (docs/logging.md). */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
  '*.password',
  '*.access_token',
  '*.refresh_token',
  // Database errors quote the values of the row.
  'err.detail',
  'err.where',
  'err.parameters',
];

/**
 * Makes the process's logger: JSON lines with UTC instants.
 * @param destination  where lines go; standard output by default
 */
export function createLogger(
  environment: Pick<Environment, 'logLevel'>,
  destination: DestinationStream = pino.destination(1),
): Logger {
  const options = {
    level: environment.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: '[redacted]' },
  };
  return pino(options, destination);
}

/**
 * Opens the database and keys.
 * @param poolMax  connections at most
 */
export async function createCore(
  environment: Environment,
  poolMax: number = environment.databasePoolMax,
): Promise<Core> {
  const keys = openKeys(environment);
  const orm = await openOrm({ url: environment.databaseUrl, poolMax });
  const ids: Ids = { next: uuidV7Maker() };
  const dataKeys = dataKeyTable(environment.databaseUrl);
  const clock = await openClock(orm, environment.testClock);
  return {
    orm,
    clock,
    ids,
    keys,
    sealer: createSealer(dataKeys, keys.encryption, ids),
    presence: createPresenceTools({ orm, keys, clock, isClockMovable: environment.testClock }),
    async close() {
      await clock.stop();
      await Promise.all([dataKeys.close(), orm.close()]);
    },
  };
}

/** Opens the database and keys and builds the rest. Temporal is connected on first use. */
export async function createDeps(
  environment: Environment,
  overrides: DepsOverrides = {},
): Promise<Deps> {
  const core = await createCore(environment);
  const { orm, clock, ids, keys } = core;
  const logger = overrides.logger ?? createLogger(environment);
  const passwords = createPasswords();
  const authentication = createAuthentication({
    orm,
    clock,
    ids,
    keys,
    passwords,
    onPollError: (error) => logger.warn({ err: error }, 'account changes could not be read'),
  });
  const workflows = overrides.workflows ?? createWorkflowGateway(environment, () => orm);
  return {
    ...core,
    environment,
    logger,
    workflows,
    passwords,
    authentication,
    takeScans: overrides.takeScans ?? scanTaker(core, core.presence),
    async close() {
      await authentication.close();
      await workflows.close();
      await core.close();
    },
  };
}

const CLOCK_REFRESH_MS = 1_000;

/** A failed read of the test clock keeps the last offset; the next second reads again. */
function keepOffset(): void {}

async function openClock(
  orm: Orm,
  isMovable: boolean,
): Promise<ProcessClock & { stop(): Promise<void> }> {
  let offsetMs = 0;
  let running = Promise.resolve();
  const refresh = async (): Promise<void> => {
    if (!isMovable) return;
    const row = await firstRow<{ offset_ms: string }>(
      orm.em.fork(),
      'select offset_ms from test_clock',
    );
    offsetMs = Number(row?.offset_ms ?? 0);
  };
  await refresh();
  const timer = isMovable
    ? setInterval(() => {
        running = running.then(refresh).catch(keepOffset);
      }, CLOCK_REFRESH_MS).unref()
    : undefined;
  return {
    now: () => new Date(Date.now() + offsetMs),
    refresh,
    stop() {
      clearInterval(timer);
      return running;
    },
  };
}
