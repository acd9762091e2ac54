/** Remembers the answers to a gateway's messages for a day, so that a repeat gets the same one. */
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import type { Id } from '../../domain/types.ts';

/** One message of one gateway. */
export interface MessageRef {
  readonly gatewayId: Id;
  readonly messageId: string;
  /** SHA-256 of the body, hex. */
  readonly bodyHash: string;
}

const KEPT = "interval '24 hours'";
const scopeOf = (gatewayId: Id): string => `gateway:${gatewayId}`;

/**
 * The stored answer to a message, or undefined when it is new.
 * @throws AppError `message_id_reused` when the id came with another body
 */
export async function findAnswer<T extends object>(
  em: Em,
  { gatewayId, messageId, bodyHash }: MessageRef,
): Promise<T | undefined> {
  const known = await firstRow<{ body_hash: string; response: T }>(
    em,
    `select body_hash, response from idempotency_key
     where scope = ? and key = ? and created_at > app_clock() - ${KEPT}`,
    [scopeOf(gatewayId), messageId],
  );
  if (known && known.body_hash !== bodyHash) {
    throw appError('message_id_reused', 'Send another body under another message_id.');
  }
  return known?.response;
}

/** Stores the answer; of two at once the first stays. */
export async function keepAnswer(
  em: Em,
  { gatewayId, messageId, bodyHash }: MessageRef,
  answer: object,
): Promise<void> {
  await rows(
    em,
    `insert into idempotency_key as known (scope, key, body_hash, response)
     values (?, ?, ?, ?::jsonb)
     on conflict (scope, key) do update set body_hash = excluded.body_hash,
       response = excluded.response, created_at = app_clock()
     where known.created_at <= app_clock() - ${KEPT}`,
    [scopeOf(gatewayId), messageId, bodyHash, JSON.stringify(answer)],
  );
}
