/** How every message of a socket is read, limited and answered. */
import type { Logger } from 'pino';
import type { Socket } from 'socket.io';
import type { z } from 'zod';
import { appError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import { parseMessage, socketProblem } from './problem.ts';
import { tokenBucket, type Allowance } from './token-bucket.ts';

/** What answering needs of the process. */
export interface AnswerParts {
  readonly ids: { next(): Id };
  readonly logger: Logger;
}

/** The part of a socket that is used here, whatever its events and data. */
type AnyHandler = (...values: unknown[]) => void;
interface AnySocket {
  on(event: string, handler: AnyHandler): unknown;
  use(middleware: (packet: unknown[], next: () => void) => void): unknown;
  disconnect(close?: boolean): unknown;
}

/** Refusals cost an allowance of their own; a client that spends it as well is not slowing down. */
const REFUSALS_BURST = 200;

/**
 * Serves one event: parses the message, runs the handler and answers `{ok: true, ...}` or
 * `{ok: false, problem}`. A message without an acknowledgement callback is served silently.
 */
export function answerMessages<S extends z.ZodType>(
  parts: AnswerParts,
  socket: Socket,
  event: string,
  schema: S,
  handle: (message: z.output<S>) => Promise<object>,
): void {
  (socket as AnySocket).on(event, (...values) => {
    const answer = acknowledgementOf(values);
    const work = async (): Promise<object> => handle(parseMessage(schema, messageOf(values)));
    work().then(
      (result) => answer({ ok: true, ...result }),
      (error: unknown) => answer(refusal(parts, error)),
    );
  });
}

/** The answer to a message that failed. */
function refusal({ ids, logger }: AnswerParts, error: unknown): object {
  return { ok: false, problem: socketProblem(error, ids.next(), logger) };
}

/** Refuses messages beyond the allowance of one socket, and ends a socket that never slows down. */
export function limitMessages(parts: AnswerParts, socket: Socket, allowance: Allowance): void {
  const bucket = tokenBucket(allowance);
  const patience = tokenBucket({ perSecond: allowance.perSecond, burst: REFUSALS_BURST });
  (socket as AnySocket).use((packet, next) => {
    if (bucket.take()) {
      next();
      return;
    }
    const detail = `Send at most ${allowance.perSecond} messages per second.`;
    acknowledgementOf(packet)(
      refusal(parts, appError('rate_limited', detail, { meta: { retry_after_seconds: 1 } })),
    );
    if (!patience.take()) socket.disconnect(true);
  });
}

/** The reason a client of ours hears as `connect_error`, with the problem as its data. */
export function connectError(parts: AnswerParts, error: unknown): Error {
  const problem = socketProblem(error, parts.ids.next(), parts.logger);
  return Object.assign(new Error(problem.code), { data: problem });
}

function messageOf(values: readonly unknown[]): unknown {
  return typeof values[0] === 'function' ? undefined : values[0];
}

function acknowledgementOf(values: readonly unknown[]): (answer: object) => void {
  const last = values.at(-1);
  return typeof last === 'function'
    ? (answer) => void Reflect.apply(last, null, [answer])
    : () => undefined;
}
