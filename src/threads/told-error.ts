/** Errors between threads: a structured clone keeps their words and loses what they are told apart by. */
import { sqlState } from '../db/orm.ts';
import { AppError, type ErrorCode } from '../domain/errors.ts';

/** An error as plain values. */
export interface ToldError {
  readonly message: string;
  readonly stack: string | undefined;
  /** SQLSTATE of the database or code of the system, by which an absent database is recognised. */
  readonly state: string | undefined;
  /** Where it is one of the table of errors. */
  readonly known: {
    readonly code: ErrorCode;
    readonly detail: string;
    readonly errors: AppError['errors'];
    readonly meta: AppError['meta'];
  } | null;
  readonly cause: ToldError | null;
}

/** Writes an error down, with its causes. */
export function tellError(error: unknown): ToldError {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return {
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
    state: sqlState(error),
    known:
      error instanceof AppError
        ? { code: error.code, detail: error.detail, errors: error.errors, meta: error.meta }
        : null,
    cause: cause === undefined ? null : tellError(cause),
  };
}

/** The error that was written down, as the code that handles errors knows it. */
export function heardError({ message, stack, state, known, cause }: ToldError): Error {
  const options = cause === null ? {} : { cause: heardError(cause) };
  const error = known
    ? new AppError(known.code, known.detail, {
        ...options,
        errors: known.errors,
        meta: known.meta,
      })
    : Object.assign(new Error(message, options), state === undefined ? {} : { code: state });
  if (stack !== undefined) error.stack = stack;
  return error;
}
