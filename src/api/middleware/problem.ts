/** The one error renderer of HTTP: any failure as `application/problem+json` (RFC 9457). */
import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import { appError, AppError, isRetryable } from '../../domain/errors.ts';
import { sqlState } from '../../db/orm.ts';
import { requestIdOf } from './request-context.ts';

/** The problem type of a code: a stable URI. */
const problemType = (code: string): string => `urn:campshub360:problem:${code}`;

/** A problem document. */
interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly instance: string;
  readonly request_id: string;
  readonly errors: readonly {
    readonly path: string;
    readonly code: string;
    readonly detail: string;
  }[];
  readonly [member: string]: unknown;
}

/** Builds the document of an error for a request. */
export function problemOf(error: AppError, requestId: string): Problem {
  const { retryAfterSeconds: _, ...members } = error.meta;
  return {
    ...members,
    type: problemType(error.code),
    title: error.title,
    status: error.status,
    code: error.code,
    detail: error.detail,
    instance: requestId,
    request_id: requestId,
    errors: error.errors,
  };
}

/** Renders whatever a route threw; unknown errors become `internal_error`, logged with their cause. */
export function renderProblems(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const known = asAppError(error);
    if (known.status >= 500 && !isRetryable(known.code)) {
      logger.error({ err: error, request_id: requestIdOf(request) }, 'request failed');
    } else if (known.status >= 500) {
      logger.warn({ err: error, request_id: requestIdOf(request) }, 'request refused for now');
    }
    if (isRetryable(known.code)) response.setHeader('Retry-After', retryAfter(known));
    if (known.code === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer');
    response
      .status(known.status)
      .setHeader('Cache-Control', 'no-store')
      .type('application/problem+json')
      .send(JSON.stringify(problemOf(known, requestIdOf(request))));
  };
}

function retryAfter(error: AppError): string {
  const seconds = error.meta['retryAfterSeconds'];
  return String(typeof seconds === 'number' ? Math.max(1, Math.ceil(seconds)) : 1);
}

/** Any thrown value as an error of the table. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return httpError(error) ?? databaseError(error) ?? unknownError(error);
}

function unknownError(cause: unknown): AppError {
  return appError('internal_error', 'Something went wrong; quote the request id when you ask.', {
    cause,
  });
}

/** Errors of the HTTP layer: they carry a `type` of body-parser or a 4xx status. */
function httpError(error: unknown): AppError | undefined {
  const [type, status] = [field(error, 'type'), field(error, 'status')];
  if (type === 'entity.too.large') {
    return appError('payload_too_large', 'Send a smaller body, or several requests.');
  }
  if (type === 'charset.unsupported' || type === 'encoding.unsupported') {
    return appError('unsupported_media_type', 'Send plain JSON in UTF-8.');
  }
  if (type === 'entity.parse.failed') {
    return appError('malformed_request', 'The body is not valid JSON.', { cause: error });
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return appError('malformed_request', 'The request could not be read.', { cause: error });
  }
  return undefined;
}

/** SQLSTATEs after which the same request may succeed: lock timeout, serialization, deadlock, timeout. */
const TRY_AGAIN_STATES = new Set(['55P03', '40001', '40P01', '57014']);
const AWAY_STATES = /^(08...|57P0[123]|53300)$/;
const AWAY_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
]);
const AWAY_MESSAGES = /connection terminated|timeout exceeded when trying to connect/i;

function databaseError(error: unknown): AppError | undefined {
  const state = sqlState(error);
  if (state !== undefined && TRY_AGAIN_STATES.has(state)) {
    return appError('try_again', 'Many people changed the same thing; send the request again.', {
      cause: error,
    });
  }
  const isAway =
    (state !== undefined && (AWAY_STATES.test(state) || AWAY_CODES.has(state))) ||
    AWAY_MESSAGES.test(String(field(error, 'message')));
  if (!isAway) return undefined;
  return appError('database_unavailable', 'The database does not answer; try again shortly.', {
    cause: error,
    meta: { retryAfterSeconds: 5 },
  });
}

function field(error: unknown, name: string): unknown {
  return error !== null && typeof error === 'object' ? Reflect.get(error, name) : undefined;
}
