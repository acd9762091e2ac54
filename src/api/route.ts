/** The shape of a route: its policy, schemas and handler in one value, from which OpenAPI is made. */
import type { Request } from 'express';
import type { z } from 'zod';
import type { Permission } from '../auth/policies.ts';
import type { Principal } from '../auth/principal.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { ProvenDevice } from '../operations/devices/proven-device.ts';
import type { Operation } from '../operations/ports.ts';
import type { DevicePublicKey } from '../security/device-proof.ts';

/** Who may call a route (trust.md section 3): anyone, any signed-in person, or a permission's holders. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'self' }
  | { readonly kind: 'permission'; readonly permission: Permission };

export const publicAccess: Access = { kind: 'public' };
export const selfAccess: Access = { kind: 'self' };
/** Access for holders of a permission in any scope; the operation's SQL carries the scope itself. */
export const authorize = (permission: Permission): Access => ({ kind: 'permission', permission });

/**
 * What a device proof (header `DPoP`, trust.md section 2) must show: `required`, the key of a device
 * registered for the caller; `any_key`, possession of some key, for registering it; `by_ticket`, a proof
 * whose nonce is the scan ticket, which the handler asks for because other checks come first.
 */
export type DeviceProofRule = 'required' | 'any_key' | 'by_ticket';

/** The key that proved a request. */
export interface ProvenKey {
  /** RFC 7638 thumbprint. */
  readonly jkt: string;
  readonly publicKey: DevicePublicKey;
}

/** What a handler is given: parsed values only, never the raw request body. */
export interface RouteInput<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The signed-in person; on public routes reading it throws `unauthenticated`. */
  readonly principal: Principal;
  /** The caller's registered device; reading it is a defect unless `deviceProof` is `required`. */
  readonly device: ProvenDevice;
  /** The key that proved the request; reading it is a defect unless the route has `deviceProof`. */
  readonly deviceKey: ProvenKey;
  /** em (forked for this request), clock, ids, sealer and actor. */
  readonly operation: Operation;
  /** The Idempotency-Key header, trimmed, when sent. */
  readonly idempotencyKey: string | undefined;
  /** The version in If-Match, when sent. */
  readonly ifMatch: number | undefined;
  /** SHA-256 over method, path and body, for idempotency. */
  readonly requestHash: string;
  readonly request: Request;
  /** The key of a proof that carries this nonce; null where there is none or it does not hold. */
  readonly proveWith: (nonce: string) => Promise<ProvenKey | null>;
}

/** What a handler answers; `body` is already in wire form (snake_case, made by a presenter). */
export interface RouteReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One route as a value. `path` uses `:name` parameters and has no trailing slash; both forms are served. */
export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
> {
  readonly method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  /** `required`: 400 without an Idempotency-Key. Default `optional` on POST. */
  readonly idempotency?: 'required' | 'optional';
  /** The request must name the version it was made from in If-Match; the handler refuses others. */
  readonly ifMatch?: 'required';
  /** Which device proof the request must carry; none by default. Not for public routes. */
  readonly deviceProof?: DeviceProofRule;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Body limit in bytes; default 64 KiB (trust.md section 4.8). */
  readonly bodyLimit?: number;
  /** Reply schema per success status; replies are checked against it in tests. */
  readonly replies: Readonly<Record<number, z.ZodType>>;
  /** Codes this route can answer beyond validation, authentication and internal ones. */
  readonly errors: readonly ErrorCode[];
  readonly handler: (
    input: RouteInput<z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<RouteReply>;
}

/**
 * Declares a route and infers its handler's types from its schemas.
 * Schemas must be strict (`z.strictObject`): unknown fields are refused.
 */
export function route<
  P extends z.ZodType = z.ZodType<Record<string, never>>,
  Q extends z.ZodType = z.ZodType<Record<string, never>>,
  B extends z.ZodType = z.ZodType<undefined>,
>(definition: Route<P, Q, B>): Route {
  return definition;
}
