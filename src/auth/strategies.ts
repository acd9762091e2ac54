/** The passport strategies: every way of proving who is asking (trust.md section 2). */
import { timingSafeEqual } from 'node:crypto';
import { callbackify } from 'node:util';
import { Passport, type Strategy } from 'passport';
import { Strategy as CustomStrategy } from 'passport-custom';
import { Strategy as LocalStrategy } from 'passport-local';
import { appError } from '../domain/errors.ts';
import { sha256Hex } from '../security/opaque-token.ts';
import type { Authentication, SignedIn } from './authentication.ts';
import type { Caller } from './caller.ts';
import type { Principal } from './principal.ts';

/** The part of a request that strategies read. */
export interface ProofRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: unknown;
}

/** What the HTTP side tells the strategies. */
export interface StrategyParts {
  readonly authentication: Authentication;
  readonly metricsToken: string | undefined;
  readonly callerOf: (request: ProofRequest) => Caller;
  /** The refresh token of a browser's cookie; throws `origin_refused` for a foreign page. */
  readonly refreshCookieOf: (request: ProofRequest) => string | undefined;
}

/** The result of each strategy. */
interface StrategyResults {
  readonly password: SignedIn;
  readonly access: Principal;
  readonly refresh: SignedIn;
  readonly scrape: 'scrape';
}

/** Name of a strategy. */
type StrategyName = keyof StrategyResults;

/** The passport instance of one application. */
export type StrategyTable = InstanceType<typeof Passport>;

/** Runs a strategy on a request. */
export type Prove = <N extends StrategyName>(
  name: N,
  request: ProofRequest,
) => Promise<StrategyResults[N]>;

/** Builds the passport with its strategies and the function that runs one. */
export function createStrategies(parts: StrategyParts): {
  readonly passport: StrategyTable;
  readonly prove: Prove;
} {
  const passport = new Passport();
  passport.use('password', passwordStrategy(parts));
  passport.use(
    'access',
    customStrategy((request) => byBearer(parts, request)),
  );
  passport.use(
    'refresh',
    customStrategy((request) => byRefreshToken(parts, request)),
  );
  passport.use(
    'scrape',
    customStrategy((request) => byMetricsToken(parts, request)),
  );
  return { passport, prove: (name, request) => prove(passport, name, request) };
}

/** The token of an `Authorization: Bearer` header. @throws AppError `unauthenticated` */
export function bearerOf(request: ProofRequest): string {
  const header = request.headers['authorization'];
  const found = typeof header === 'string' ? /^Bearer ([\w.~+/=-]+)$/i.exec(header) : null;
  if (!found?.[1]) throw appError('unauthenticated', 'Send an access token as a Bearer token.');
  return found[1];
}

function prove<N extends StrategyName>(
  passport: StrategyTable,
  name: N,
  request: ProofRequest,
): Promise<StrategyResults[N]> {
  return new Promise((resolve, reject) => {
    const settle = (error: unknown, result: unknown): void => {
      // Passed on as it is: the renderer knows errors by their shape.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      if (error) reject(error);
      else if (result) resolve(result as StrategyResults[N]);
      else reject(appError('unauthenticated', 'Sign in to continue.'));
    };
    const middleware: unknown = passport.authenticate(name, { session: false }, settle);
    const run = middleware as (request: unknown, response: unknown, next: typeof settle) => void;
    run(request, {}, settle);
  });
}

function passwordStrategy({ authentication, callerOf }: StrategyParts): LocalStrategy {
  return new LocalStrategy(
    { usernameField: 'email', passwordField: 'password', session: false, passReqToCallback: true },
    (request, name, password, done) => {
      const client = Reflect.get(Object(request.body), 'client') === 'browser' ? 'browser' : 'app';
      // The request's own text, not the parsed body: people paste addresses with blanks around them.
      const credentials = { name: name.trim(), password, client } as const;
      const signIn = () => authentication.signIn(credentials, callerOf(request));
      callbackify(signIn)(done);
    },
  );
}

function customStrategy(find: (request: ProofRequest) => Promise<unknown>): Strategy {
  const findThenCall = callbackify(find);
  return new CustomStrategy((request, done) => findThenCall(request, done));
}

async function byBearer({ authentication }: StrategyParts, request: ProofRequest) {
  return authentication.principals.byToken(bearerOf(request));
}

async function byRefreshToken(parts: StrategyParts, request: ProofRequest) {
  const inBody: unknown = Reflect.get(Object(request.body), 'refresh_token');
  const token = typeof inBody === 'string' ? inBody : parts.refreshCookieOf(request);
  if (!token) throw appError('refresh_invalid', 'Send a refresh token, or sign in again.');
  return parts.authentication.refresh(token, parts.callerOf(request));
}

async function byMetricsToken({ metricsToken }: StrategyParts, request: ProofRequest) {
  const given = Buffer.from(sha256Hex(bearerOf(request)));
  const isRight =
    metricsToken !== undefined && timingSafeEqual(given, Buffer.from(sha256Hex(metricsToken)));
  if (!isRight) throw appError('unauthenticated', 'Send the metrics token as a Bearer token.');
  return 'scrape';
}
