/**
 * Texts that travel to a workflow by id: notes and reasons are sealed in the database first, and
 * the message carries the row id, so that histories hold no personal text (temporal.md section 12).
 */
import { firstRow, rows, type Em } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import type { Operation } from './ports.ts';

const SUBJECT = 'area:messages';
const REFERENCE = /^text:([0-9a-f-]{36})$/;

const placeOf = (id: Id) => ({ table: 'message_text', column: 'text_sealed', rowId: id });

/**
 * Seals and stores a text under `id`; a repeat with the same id keeps the first.
 * @returns the reference to put into the message, `text:{id}`
 */
export async function saveMessageText(operation: Operation, id: Id, text: string): Promise<string> {
  const sealed = await operation.sealer.seal(SUBJECT, placeOf(id), text);
  await rows(
    operation.em,
    'insert into message_text (id, text_sealed) values (?::uuid, ?) on conflict do nothing',
    [id, sealed],
  );
  return `text:${id}`;
}

/**
 * The text behind a message's reference; an operator's own line comes back as it is.
 * @param em  the transaction that applies the message
 */
export async function readMessageText(
  operation: Pick<Operation, 'sealer'>,
  em: Em,
  text: string | undefined,
): Promise<string | undefined> {
  const id = text === undefined ? undefined : REFERENCE.exec(text)?.[1];
  if (id === undefined) return text;
  const row = await firstRow<{ text_sealed: string }>(
    em,
    'select text_sealed from message_text where id = ?::uuid',
    [id],
  );
  return row && operation.sealer.open(placeOf(id), row.text_sealed);
}

/** Removes a text whose message was refused. */
export async function dropMessageText(em: Em, id: Id): Promise<void> {
  await rows(em, 'delete from message_text where id = ?::uuid', [id]);
}
