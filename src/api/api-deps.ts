/** What the HTTP side needs of the composition root; `Deps` of deps.ts fits `AppParts`. */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Authentication } from '../auth/authentication.ts';
import type { Prove } from '../auth/strategies.ts';
import type { Environment } from '../config/env.ts';
import type { OperationParts } from '../operations/operation-for.ts';
import type { PresenceTools } from '../operations/presence/presence-tools.ts';
import type { TakeScans } from '../operations/presence/scan-desk.ts';
import type { WorkflowGateway } from '../operations/ports.ts';
import type { Keys } from '../security/keys.ts';

/** What an application is built from. */
export interface AppParts extends OperationParts {
  readonly environment: Environment;
  readonly keys: Keys;
  readonly logger: Logger;
  readonly workflows: WorkflowGateway;
  readonly authentication: Authentication;
  readonly presence: PresenceTools;
  readonly takeScans: TakeScans;
}

/** The parts every route factory may use: the application's, and what it made of them. */
export interface ApiDeps extends AppParts {
  /** Runs an authentication strategy on a request. */
  readonly prove: Prove;
  /** The metrics of this process. */
  readonly metrics: Registry;
}
