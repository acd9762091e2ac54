/** Reads a request into parsed, typed values; nothing unparsed reaches a handler. */
import { createHash } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { appError } from '../../domain/errors.ts';
import type { Route } from '../route.ts';
import { validationError } from './field-errors.ts';
import { keepRawBody, rawBodyOf } from './request-context.ts';

/** The parsed parts of a request. */
export interface ParsedParts {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
  readonly ifMatch: number | undefined;
  readonly requestHash: string;
}

/** trust.md section 4.8. */
const BODY_BYTES = 64 * 1024;
const nothing = z.strictObject({});

/** Builds the reader of one route. */
export function inputReader(
  route: Route,
): (request: Request, response: Response) => Promise<ParsedParts> {
  const parseBody = jsonParser(route.bodyLimit ?? BODY_BYTES);
  return async (request, response) => {
    const params = route.params ? parsed(route.params, { ...request.params }) : {};
    const query = parsed(route.query ?? nothing, queryOf(request));
    const given = await readBody(parseBody, request, response);
    const body = route.body ? parsed(route.body, given ?? {}) : parsed(nothing, given ?? {});
    return {
      params,
      query,
      body: route.body ? body : undefined,
      idempotencyKey: idempotencyKeyOf(route, request),
      ifMatch: ifMatchOf(request),
      requestHash: requestHash(request),
    };
  };
}

function parsed(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (!result.success) throw validationError(result.error, value);
  return result.data;
}

/** Query parameters as text; a parameter given twice is refused, since readers would differ on it. */
function queryOf(request: Request): Record<string, string> {
  const start = request.originalUrl.indexOf('?');
  const found = new URLSearchParams(start < 0 ? '' : request.originalUrl.slice(start + 1));
  const entries = [...found.entries()];
  const repeated = entries
    .map(([key]) => key)
    .find((key, index, keys) => keys.indexOf(key) !== index);
  if (repeated !== undefined) {
    throw fieldError(repeated, 'duplicate', 'Send this parameter once.');
  }
  for (const [key, value] of entries) refuseUnstorable(value, key);
  return Object.fromEntries(entries);
}

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

function jsonParser(limit: number): RequestHandler {
  return express.json({
    limit,
    strict: true,
    inflate: false,
    type: () => true,
    verify: (request, _response, bytes) => keepRawBody(request, bytes),
  });
}

async function readBody(
  parse: RequestHandler,
  request: Request,
  response: Response,
): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  if (!isJson(request.get('content-type'))) {
    throw appError('unsupported_media_type', 'Send the body as application/json.');
  }
  await new Promise<void>((resolve, reject) => {
    void parse(request, response, (error?: unknown) => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      if (error) reject(error);
      else resolve();
    });
  });
  const body: unknown = request.body;
  refuseHostile(body);
  return body;
}

/** Objects within objects; the deepest body of this API has four levels. */
const DEPTH_MAX = 20;

/**
 * Refuses what no schema sees: names such as `__proto__`, own keys after JSON.parse on which a
 * careless copy would act; nesting that would exhaust the stack of whoever walks it; text that
 * neither the database nor a hash can hold.
 */
function refuseHostile(value: unknown, path: readonly string[] = []): void {
  if (typeof value === 'string') return refuseUnstorable(value, path.join('.'));
  if (value === null || typeof value !== 'object') return;
  if (path.length === DEPTH_MAX) {
    throw appError('malformed_request', `The body is nested deeper than ${DEPTH_MAX} levels.`);
  }
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key))
      throw fieldError(key, 'unknown_field', 'This name is not allowed.');
    refuseHostile(inner, [...path, key]);
  }
}

/** PostgreSQL stores no NUL, and half of a surrogate pair has no UTF-8 form. */
function refuseUnstorable(text: string, path: string): void {
  if (text.isWellFormed() && !text.includes('\0')) return;
  throw fieldError(path, 'not_text', 'Leave out NUL characters and unpaired surrogates.');
}

function fieldError(path: string, code: string, detail: string) {
  return appError('validation_failed', `${path}: ${detail}`, { errors: [{ path, code, detail }] });
}

function hasBody(request: Request): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true;
  return Number(request.headers['content-length'] ?? 0) > 0;
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}

function idempotencyKeyOf(route: Route, request: Request): string | undefined {
  const key = request.get('idempotency-key')?.trim();
  if (!key) {
    if (route.idempotency !== 'required') return undefined;
    throw appError('idempotency_key_required', 'Send a fresh UUID in the Idempotency-Key header.');
  }
  if (key.length > 200) throw headerError('Idempotency-Key', 'Use at most 200 characters.');
  return key;
}

function ifMatchOf(request: Request): number | undefined {
  const header = request.get('if-match')?.trim();
  if (!header) return undefined;
  const found = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header);
  if (!found) throw headerError('If-Match', 'Send the ETag of the row as it was read.');
  return Number(found[1]);
}

function headerError(name: string, detail: string) {
  return appError('malformed_request', `${name}: ${detail}`, {
    errors: [{ path: name, code: 'wrong_format', detail }],
  });
}

function requestHash(request: Request): string {
  const path = request.path.replace(/\/+$/, '');
  return createHash('sha256')
    .update(`${request.method}\n${path}\n`)
    .update(rawBodyOf(request))
    .digest('hex');
}
