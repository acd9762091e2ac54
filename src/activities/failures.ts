/**
 * Turns errors into what a history may hold: refusals are permanent and carry their stable code;
 * everything else is retried and leaves no text of a query or a driver behind (temporal.md
 * sections 9 and 12).
 */
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { AppError, isRetryable, type ErrorCode } from '../domain/errors.ts';
import { sqlState } from '../db/orm.ts';
import type { Logger } from 'pino';

/** Failure types of temporal.md section 9. */
export type FailureType =
  | 'NotFound'
  | 'Forbidden'
  | 'InvalidTransition'
  | 'StaleEpoch'
  | 'AlreadyDecided'
  | 'PolicyRefused'
  | 'InvalidInput';

const TYPE_OF_CODE: { readonly [code in ErrorCode]?: FailureType } = {
  already_decided: 'AlreadyDecided',
  record_changed: 'StaleEpoch',
  validation_failed: 'InvalidInput',
  malformed_request: 'InvalidInput',
  window_inverted: 'InvalidInput',
  window_in_past: 'InvalidInput',
};
const TYPE_OF_STATUS: Readonly<Record<number, FailureType>> = {
  401: 'Forbidden',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'InvalidTransition',
  400: 'InvalidInput',
};

/**
 * Runs the body of an activity and maps what it throws.
 * @throws ApplicationFailure non-retryable for refusals of the domain and for values the database
 *   cannot store; retryable for everything else
 */
export async function guard<T>(
  logger: Logger,
  activity: string,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw toFailure(error, logger, activity);
  }
}

function toFailure(error: unknown, logger: Logger, activity: string): unknown {
  if (error instanceof TemporalFailure) return error;
  if (error instanceof AppError && error.status < 500 && !isRetryable(error.code)) {
    const type = TYPE_OF_CODE[error.code] ?? TYPE_OF_STATUS[error.status] ?? 'PolicyRefused';
    return ApplicationFailure.nonRetryable(error.detail, type, error.code);
  }
  const state = sqlState(error);
  logger.warn({ err: error, activity }, 'an activity failed');
  if (state !== undefined && isUnstorable(state)) {
    const detail = 'The message names something that does not exist or cannot be stored.';
    return ApplicationFailure.nonRetryable(detail, 'InvalidInput', 'validation_failed');
  }
  const code = error instanceof AppError ? error.code : 'internal_error';
  const name = error instanceof Error ? error.name : typeof error;
  return ApplicationFailure.retryable(`${name}${state ? ` ${state}` : ''}`, 'Unavailable', code);
}

/** Data exceptions and broken constraints: the same values fail again, however often they come. */
const isUnstorable = (state: string): boolean => /^2[23]/.test(state);
