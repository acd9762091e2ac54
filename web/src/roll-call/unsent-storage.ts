/** Keeps unsent marks in the browser: a phone may end a page at any moment. */
import type { MarkOperation } from '../api/records.ts';
import { FALLBACKS, ROLL_MARKS } from '../api/types.ts';

/** The unsent marks of one person in one session. */
export interface UnsentStorage {
  load(): readonly MarkOperation[];
  save(operations: readonly MarkOperation[]): void;
}

/** Makes the storage; ids and marks are kept, names are not. */
export function createUnsentStorage(
  user: string,
  session: string,
  storage: Storage = localStorage,
): UnsentStorage {
  const name = `campshub360.unsent.${user}.${session}`;
  return {
    load() {
      const text = storage.getItem(name);
      return text === null ? [] : parseOperations(text);
    },
    save(operations) {
      try {
        if (operations.length === 0) storage.removeItem(name);
        else storage.setItem(name, JSON.stringify(operations));
      } catch {
        // The browser's storage is full or switched off; the page itself still holds the marks.
      }
    },
  };
}

function parseOperations(text: string): readonly MarkOperation[] {
  try {
    const stored: unknown = JSON.parse(text);
    return Array.isArray(stored) ? stored.filter(isOperation) : [];
  } catch {
    // Written by something else; there is nothing to send in it.
    return [];
  }
}

function isOperation(value: unknown): value is MarkOperation {
  if (typeof value !== 'object' || value === null) return false;
  const {
    op_id: id,
    student,
    mark,
    fallback,
    acks,
  } = value as Partial<Record<keyof MarkOperation, unknown>>;
  return (
    typeof id === 'string' &&
    typeof student === 'string' &&
    ROLL_MARKS.some((allowed) => allowed === mark) &&
    (fallback === undefined || FALLBACKS.some((known) => known === fallback)) &&
    (acks === undefined || (Array.isArray(acks) && acks.every((ack) => typeof ack === 'string')))
  );
}
