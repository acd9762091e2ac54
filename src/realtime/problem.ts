/** Errors of the sockets, as the same problem object that HTTP answers. */
import type { Logger } from 'pino';
import type { z } from 'zod';
import { sqlState } from '../db/orm.ts';
import { appError, AppError, isRetryable, type FieldError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import type { problemReply } from './events.ts';

/** A problem on the wire. */
export type SocketProblem = z.infer<typeof problemReply> & Readonly<Record<string, unknown>>;

/** SQLSTATEs after which the same message may succeed. */
const TRY_AGAIN_STATES = new Set(['55P03', '40001', '40P01', '57014']);

/** Renders any thrown value; unknown ones become `internal_error` and are logged with their cause. */
export function socketProblem(error: unknown, requestId: Id, logger: Logger): SocketProblem {
  const known = asAppError(error);
  if (known.status >= 500 && !isRetryable(known.code)) {
    logger.error({ err: error, request_id: requestId }, 'a socket message failed');
  }
  return {
    ...known.meta,
    type: `urn:campshub360:problem:${known.code}`,
    title: known.title,
    status: known.status,
    code: known.code,
    detail: known.detail,
    instance: requestId,
    request_id: requestId,
    errors: [...known.errors],
  };
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (TRY_AGAIN_STATES.has(sqlState(error) ?? '')) {
    return appError('try_again', 'Many people changed the same thing; send it again.');
  }
  return appError('internal_error', 'Something went wrong; quote the request id when you ask.');
}

/** How many refused fields one answer lists. */
const LISTED_MAX = 50;

/** Parses what a client sent. @throws AppError `validation_failed` with the refused fields */
export function parseMessage<S extends z.ZodType>(schema: S, message: unknown): z.output<S> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, LISTED_MAX).map(fieldError);
  const first = errors[0];
  const detail = first ? `${first.path || 'The message'}: ${first.detail}` : 'Send an object.';
  throw appError('validation_failed', detail, { errors });
}

function fieldError(issue: z.core.$ZodIssue): FieldError {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const detail = `Leave out what does not exist here: ${issue.keys.join(', ')}.`;
    return { path, code: 'unknown_field', detail };
  }
  return { path, code: issue.code, detail: issue.message };
}
