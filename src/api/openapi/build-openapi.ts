/** Makes OpenAPI 3.1 from the table of routes, so that the document cannot differ from the code. */
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { PROOF_CHARACTERS_MAX } from '../../security/device-proof.ts';
import type { Route } from '../route.ts';

type Json = Record<string, unknown>;

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument extends Json {
  readonly openapi: string;
  readonly info: Json;
  readonly paths: Record<string, Record<string, Json>>;
  readonly components: Json;
}

/** Builds the document of a table of routes. */
export function buildOpenApi(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'CampsHub360 Attendance',
      version,
      description:
        'Times are RFC 3339 in UTC, dates are YYYY-MM-DD in the campus zone. Paths take a trailing slash or none. Every error is a problem document with a stable code; a 4xx has changed nothing.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: problemSchema() },
    },
    'x-error-codes': errorTable(),
  };
}

/**
 * The codes a route can answer: its own and those of reading, signing in, limits and failure.
 */
function errorCodesOf(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>(route.errors);
  const add = (...more: ErrorCode[]): void => more.forEach((code) => codes.add(code));
  add('malformed_request', 'validation_failed', 'internal_error', 'invariant_broken');
  add('try_again', 'database_unavailable', 'method_not_allowed');
  if (!/^\/(health|metrics)/.test(route.path)) add('rate_limited');
  if (route.method !== 'get') add('unsupported_media_type', 'payload_too_large');
  if (route.idempotency === 'required') add('idempotency_key_required');
  if (route.access.kind !== 'public') add('unauthenticated', 'actor_suspended');
  if (route.access.kind === 'permission') add('forbidden');
  if (route.deviceProof && route.deviceProof !== 'by_ticket') {
    add('device_proof_required', 'device_proof_invalid', 'use_dpop_nonce');
  }
  if (route.deviceProof === 'required') add('device_not_registered', 'device_of_another');
  return [...codes].sort();
}

function operationOf(route: Route): Json {
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.tag],
    ...(route.access.kind === 'public' ? { security: [] } : { security: [{ bearer: [] }] }),
    ...(route.access.kind === 'permission' ? { 'x-permission': route.access.permission } : {}),
    parameters: parametersOf(route),
    ...(route.body ? { requestBody: bodyOf(route.body) } : {}),
    responses: { ...repliesOf(route), ...problemsOf(route) },
  };
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return [method, ...words].join('_');
}

/** What travels on the wire is the input side of a schema: before defaults and conversions. */
function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
  }) as Json;
  return rest;
}

function parametersOf(route: Route): Json[] {
  const ofObject = (schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] => {
    if (!schema) return [];
    const { properties = {}, required = [] } = schemaOf(schema) as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    return Object.entries(properties).map(([name, property]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      schema: property,
    }));
  };
  const headers: Json[] = [];
  const isPost = route.method === 'post' && route.access.kind !== 'public';
  if (isPost || route.idempotency === 'required') {
    headers.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: route.idempotency === 'required',
      schema: { type: 'string', maxLength: 200 },
    });
  }
  if (route.ifMatch === 'required') {
    headers.push({
      name: 'If-Match',
      in: 'header',
      required: true,
      description: 'The version read, as its ETag: `"3"`',
      schema: { type: 'string', maxLength: 20 },
    });
  }
  if (route.deviceProof) {
    headers.push({
      name: 'DPoP',
      in: 'header',
      required: true,
      description:
        'Proof of the device key (RFC 9449) with ath, the nonce of the last `DPoP-Nonce` header, and bh: base64url SHA-256 of the body, when there is one',
      schema: { type: 'string', maxLength: PROOF_CHARACTERS_MAX },
    });
  }
  return [...ofObject(route.params, 'path'), ...ofObject(route.query, 'query'), ...headers];
}

function bodyOf(schema: z.ZodType): Json {
  return {
    required: !schema.safeParse({}).success,
    content: { 'application/json': { schema: schemaOf(schema) } },
  };
}

function repliesOf(route: Route): Json {
  const one = (status: number, schema: z.ZodType): Json => {
    const description = STATUS_WORDS[status] ?? 'Answer';
    if (schema instanceof z.ZodUndefined) return { description };
    const type = schema instanceof z.ZodString ? 'text/plain' : 'application/json';
    return { description, content: { [type]: { schema: schemaOf(schema) } } };
  };
  return Object.fromEntries(
    Object.entries(route.replies).map(([status, schema]) => [status, one(Number(status), schema)]),
  );
}

const STATUS_WORDS: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted',
  204: 'Done, without content',
};

function problemsOf(route: Route): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorCodesOf(route)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in route.replies))
      .map(([status, codes]) => [status, problemReply(codes)]),
  );
}

function problemReply(codes: readonly ErrorCode[]): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { properties: { code: { enum: codes } } },
          ],
        },
      },
    },
  };
}

function problemSchema(): Json {
  const text = { type: 'string' };
  return {
    type: 'object',
    description: 'RFC 9457 problem document',
    required: ['type', 'title', 'status', 'code', 'detail', 'instance', 'errors'],
    properties: {
      type: { type: 'string', format: 'uri' },
      title: text,
      status: { type: 'integer' },
      code: { type: 'string', enum: Object.keys(ERRORS) },
      detail: text,
      instance: { type: 'string', description: 'The id of this request' },
      request_id: text,
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['path', 'code', 'detail'],
          properties: { path: text, code: text, detail: text },
        },
      },
    },
  };
}

function errorTable(): Json[] {
  return Object.entries(ERRORS).map(([code, row]) => ({
    code,
    status: row.status,
    title: row.title,
    retryable: 'retryable' in row,
  }));
}
