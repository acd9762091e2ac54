/** What is known of each request before any route runs: its id and where it came from. */
import type { Request, RequestHandler } from 'express';
import type { Caller } from '../../auth/caller.ts';
import type { ProofRequest } from '../../auth/strategies.ts';
import type { Id } from '../../domain/types.ts';
import { networkOf } from '../../security/network.ts';
import { sha256Hex } from '../../security/opaque-token.ts';

interface RequestContext {
  readonly requestId: Id;
  readonly caller: Caller;
  rawBody: Buffer | undefined;
}

const contexts = new WeakMap<object, RequestContext>();

/** Gives every request an id, echoed as `X-Request-Id`, and remembers its caller. */
export function requestContext(ids: { next(): Id }): RequestHandler {
  return (request, response, next) => {
    const requestId = ids.next();
    const userAgent = request.get('user-agent');
    contexts.set(request, {
      requestId,
      caller: {
        requestId,
        ipNet: networkOf(request.ip),
        userAgentHash: userAgent ? sha256Hex(userAgent) : null,
      },
      rawBody: undefined,
    });
    request.id = requestId;
    response.setHeader('X-Request-Id', requestId);
    next();
  };
}

/** The id of a request. */
export function requestIdOf(request: Request): Id {
  return contextOf(request).requestId;
}

/** The caller of a request. */
export function callerOf(request: ProofRequest): Caller {
  return contextOf(request).caller;
}

/** Keeps the bytes of a body for its hash and for signatures. */
export function keepRawBody(request: object, body: Buffer): void {
  contextOf(request).rawBody = body;
}

/** The bytes of a request's body; empty when it had none. */
export function rawBodyOf(request: Request): Buffer {
  return contextOf(request).rawBody ?? Buffer.alloc(0);
}

function contextOf(request: object): RequestContext {
  const context = contexts.get(request);
  if (!context) throw new Error('the request has no context: requestContext must run first');
  return context;
}
