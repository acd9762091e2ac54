/** Records why a session moved, was cancelled or restored. */
import { rows, type Em } from '../../db/orm.ts';
import type { TransitionCommand } from '../../domain/session/view.ts';
import { readMessageText } from '../message-text.ts';
import type { Operation } from '../ports.ts';
import type { SessionRow } from './session-row.ts';

/** The change to record; `before` and `after` hold instants and ids. */
export interface SessionChangeDetail {
  readonly kind: 'reschedule' | 'cancel' | 'restore';
  readonly epoch: number;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/** Inserts the `session_change` row of a command. */
export async function appendSessionChange(
  operation: Operation,
  em: Em,
  session: SessionRow,
  command: TransitionCommand,
  detail: SessionChangeDetail,
): Promise<void> {
  const reason = await readMessageText(operation, em, command.reason);
  await rows(
    em,
    `insert into session_change (id, session_id, kind, reason, actor_id, epoch, before, after)
     values (?::uuid, ?::uuid, ?, ?, ?::uuid, ?::int, ?::jsonb, ?::jsonb)`,
    [
      operation.ids.next(),
      session.id,
      detail.kind,
      reason ?? '',
      command.actorId,
      detail.epoch,
      JSON.stringify(detail.before ?? { status: session.status }),
      JSON.stringify(detail.after ?? {}),
    ],
  );
}
