/** Serves one route: limit, authenticate, authorize, read, handle, answer. */
import type { Request, RequestHandler, Response } from 'express';
import type { Principal } from '../auth/principal.ts';
import { actingRole, holds } from '../auth/scope.ts';
import type { Prove } from '../auth/strategies.ts';
import { appError } from '../domain/errors.ts';
import { findProvenDevice } from '../operations/devices/proven-device.ts';
import { operationFor } from '../operations/operation-for.ts';
import type { ApiDeps } from './api-deps.ts';
import { isAddressClass, limitClassOf, type RateLimits } from './middleware/rate-limits.ts';
import type { ProveDevice, ProveWith } from './middleware/prove-device.ts';
import { inputReader, type ParsedParts } from './middleware/read-input.ts';
import { callerOf } from './middleware/request-context.ts';
import type { Access, DeviceProofRule, Route, RouteInput, RouteReply } from './route.ts';

/** What serving needs beside the route. */
export interface Serving {
  readonly deps: ApiDeps;
  readonly prove: Prove;
  readonly limits: RateLimits;
  readonly proveDevice: ProveDevice;
  readonly proveWith: ProveWith;
  readonly issueNonce: () => string;
  /** Compares every reply with its schema and fails on a difference; for tests. */
  readonly checkReplies: boolean;
}

/** Makes the handler of a route. */
export function serveRoute(route: Route, serving: Serving): RequestHandler {
  const readInput = inputReader(route);
  return async (request, response) => {
    const principal = await admit(route, serving, request, response);
    const parts = await readInput(request, response);
    const input = inputOf(route, serving, request, parts, principal);
    if (route.deviceProof && route.deviceProof !== 'by_ticket') {
      await addDevice(route.deviceProof, serving, input, response);
    }
    const reply = await route.handler(input);
    if (serving.checkReplies) assertReply(route, reply);
    send(response, reply);
  };
}

/** Who may pass: counts the request, proves the person and compares the route's access. */
async function admit(
  route: Route,
  { deps, prove, limits, issueNonce }: Serving,
  request: Request,
  response: Response,
): Promise<Principal | undefined> {
  const limitClass = limitClassOf(route);
  if (isAddressClass(limitClass)) await limits.countAddress(limitClass, request, response);
  if (route.access.kind === 'public') return undefined;
  const principal = await provePerson(prove, limits, request, response);
  response.setHeader('DPoP-Nonce', issueNonce());
  await limits.countPerson(limitClass, principal, response);
  if (!mayPass(route.access, principal)) {
    const name = `${request.method} ${route.path}`;
    await deps.authentication.recordRefusal(principal, callerOf(request), name);
    throw appError('forbidden', 'Your roles do not include this; ask your administrator.');
  }
  return principal;
}

/** A request without a good token counts against its address; most of them are about to renew it. */
async function provePerson(
  prove: Prove,
  limits: RateLimits,
  request: Request,
  response: Response,
): Promise<Principal> {
  try {
    return await prove('access', request);
  } catch (error) {
    await limits.countAddress('renewal', request, response);
    throw error;
  }
}

function mayPass(access: Access, principal: Principal): boolean {
  return access.kind !== 'permission' || holds(principal, access.permission);
}

type Input = RouteInput<never, never, never>;

/** Proves the key the request was signed with, and finds whose device it is where that matters. */
async function addDevice(
  rule: Exclude<DeviceProofRule, 'by_ticket'>,
  { proveDevice }: Serving,
  input: Input,
  response: Response,
): Promise<void> {
  const deviceKey = await proveDevice(input.request, response);
  Object.defineProperty(input, 'deviceKey', { enumerable: true, value: deviceKey });
  if (rule !== 'required') return;
  const { operation, principal } = input;
  const device = await findProvenDevice(operation, principal.userId, deviceKey.jkt);
  Object.defineProperty(input, 'device', { enumerable: true, value: device });
}

/** Members that a route without a person or a device proof must not read. */
type LateMember = 'principal' | 'device' | 'deviceKey';

function inputOf(
  route: Route,
  { deps, proveWith }: Serving,
  request: Request,
  parts: ParsedParts,
  principal: Principal | undefined,
): Input {
  const permission = route.access.kind === 'permission' ? route.access.permission : undefined;
  const input: Omit<RouteInput<unknown, unknown, unknown>, LateMember> = {
    ...parts,
    operation: operationFor(deps, {
      ...callerOf(request),
      userId: principal?.userId ?? null,
      role: principal ? actingRole(principal, permission) : 'none',
      channel: 'api',
      workflowId: null,
    }),
    request,
    proveWith: (nonce) => proveWith(request, nonce),
  };
  Object.defineProperty(input, 'principal', {
    enumerable: true,
    get: (): Principal => {
      if (!principal) throw appError('unauthenticated', 'Sign in to continue.');
      return principal;
    },
  });
  return input as Input;
}

function send(response: Response, { status, body, headers }: RouteReply): void {
  response.status(status).setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (body === undefined) response.end();
  else if (typeof body === 'string' || Buffer.isBuffer(body)) response.send(body);
  else response.json(body);
}

/** A reply that its schema does not describe is a defect, found in tests. */
function assertReply(route: Route, { status, body }: RouteReply): void {
  const schema = route.replies[status];
  if (!schema) throw new Error(`${route.method} ${route.path} does not declare ${status}`);
  const wire: unknown = body === undefined ? undefined : JSON.parse(JSON.stringify(body));
  const result = schema.safeParse(wire);
  if (!result.success) {
    throw new Error(`${route.method} ${route.path} ${status}: ${result.error.message}`);
  }
}
