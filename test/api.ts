/** A running API for tests: its own database, real HTTP on a free port, helpers to sign in and ask. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiDeps } from '../src/api/api-deps.ts';
import { createApp } from '../src/api/create-app.ts';
import type { Route } from '../src/api/route.ts';
import { allRoutes } from '../src/api/routes.ts';
import { loadEnvironment } from '../src/config/env.ts';
import type { Em } from '../src/db/orm.ts';
import { createDeps, type Deps, type DepsOverrides } from '../src/deps.ts';
import { moveDatabaseClock, TEST_PASSWORD } from './factories.ts';
import { createTestDatabase } from './servers.ts';

/** A JSON value as tests look into it: any member, and what it holds is for `expect` to say. */
export interface Json {
  readonly [member: string]: Json;
}

/** A reply, read whole. `body` is the parsed JSON, or the text when it is none. */
export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** What a request carries beside method and path. */
export interface ApiRequest {
  readonly token?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running API. */
export interface TestApi {
  readonly baseUrl: string;
  readonly deps: Deps;
  /** The HTTP server, for sockets. */
  readonly server: Server;
  /** A forked entity manager. */
  em(): Em;
  /** Signs an account in and gives its access token. */
  signIn(email: string, password?: string): Promise<string>;
  request(method: string, path: string, request?: ApiRequest): Promise<ApiReply>;
  /** Moves the clocks of the process and the database together. */
  moveClock(offsetMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Choices of a test. */
export interface TestApiOptions extends DepsOverrides {
  /** The routes to serve; all by default. */
  readonly routes?: (deps: ApiDeps) => readonly Route[];
  /** Further environment variables, for example `NODE_ENV`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly dashboardFolder?: string;
  /** Compares every reply with its schema, as tests should; benchmarks measure without. */
  readonly checkReplies?: boolean;
  /** Joins the server before it listens, for example the sockets; closed before the server. */
  readonly attach?: (server: Server, deps: Deps) => { close(): Promise<void> };
}

/** Starts an API on a database of its own; close it when the file is done. */
export async function startTestApi({
  routes = allRoutes,
  variables = {},
  dashboardFolder,
  attach,
  checkReplies = true,
  ...overrides
}: TestApiOptions = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const environment = loadEnvironment(['database'], {
    KEY_FOLDER: process.env['KEY_FOLDER'],
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: '8',
    TEST_CLOCK: '1',
    LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
    TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '127.0.0.1:1',
    ...variables,
  });
  const deps = await createDeps(environment, overrides);
  const app = createApp(deps, routes, {
    checkReplies,
    ...(dashboardFolder === undefined ? {} : { dashboardFolder }),
  });
  const server = createServer(app);
  const attached = attach?.(server, deps);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const request: TestApi['request'] = async (method, path, given = {}) => {
    const body = given.raw ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
        ...given.headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  };

  return {
    baseUrl,
    deps,
    server,
    em: () => deps.orm.em.fork(),
    request,
    async signIn(email, password = TEST_PASSWORD) {
      const reply = await request('POST', '/api/v1/auth/login', { body: { email, password } });
      if (reply.status !== 200) {
        throw new Error(`sign-in of ${email}: ${reply.status} ${JSON.stringify(reply.body)}`);
      }
      return textOf(reply.body['access_token']);
    },
    async moveClock(offsetMs) {
      await moveDatabaseClock(deps.orm.em.fork(), offsetMs);
      await deps.clock.refresh();
    },
    async close() {
      await attached?.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await deps.close();
      await database.drop();
    },
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return { text } as unknown as Json;
  }
}

/** A member of a reply that must be text. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`not a text: ${JSON.stringify(value)}`);
  return value;
}
