/**
 * Sends a person's command to the workflow of a session, the only writer of its life (temporal.md
 * section 7).
 */
import { AppError, appError, isRetryable, type ErrorCode } from '../../domain/errors.ts';
import type { TransitionCommand } from '../../domain/session/view.ts';
import type { Id } from '../../domain/types.ts';
import { dropMessageText, saveMessageText } from '../message-text.ts';
import type { Operation, WorkflowGateway } from '../ports.ts';

/** A command as its person states it; the same id again is answered with the first result. */
export interface NewCommand extends Pick<
  TransitionCommand,
  'edge' | 'actorId' | 'startAt' | 'endAt' | 'roomId'
> {
  readonly commandId: Id;
  readonly reason: string | undefined;
}

/**
 * Runs one edge and returns when it took effect. The reason is sealed first and travels by its id;
 * it goes when the command is refused.
 * @throws AppError the refusal, or `workflow_unavailable`
 */
export async function sendTransition(
  operation: Operation,
  workflows: WorkflowGateway,
  sessionId: Id,
  { commandId, reason, ...command }: NewCommand,
): Promise<void> {
  const { requestId } = operation.actor;
  const text =
    reason === undefined ? {} : { reason: await saveMessageText(operation, commandId, reason) };
  try {
    const { refused } = await workflows.transition(sessionId, {
      ...command,
      ...text,
      ...(requestId === null ? {} : { requestId }),
      id: commandId,
      channel: 'api',
    });
    if (refused) throw appError(refused.code as ErrorCode, refused.detail);
  } catch (error) {
    if (reason !== undefined && isRefusal(error)) await dropMessageText(operation.em, commandId);
    throw error;
  }
}

/** Anything else may still have taken effect, or may do so on a retry. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && !isRetryable(error.code);
}
