/** Finds the stored result of a lifecycle command, for repeats after the run has ended. */
import { firstRow, type Em } from '../../db/orm.ts';
import type { TransitionResult } from '../../domain/session/view.ts';
import type { Id } from '../../domain/types.ts';

/** The first result of a command id, or undefined. */
export async function findStoredTransition(
  em: Em,
  sessionId: Id,
  commandId: string,
): Promise<TransitionResult | undefined> {
  const row = await firstRow<{ response: TransitionResult | null }>(
    em,
    "select response from idempotency_key where scope = 'activity' and key = ?",
    [`session/${sessionId}:command:${commandId}`],
  );
  return row?.response ?? undefined;
}
