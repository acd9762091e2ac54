/** Decides which messages a batch of a session's events becomes, and for whom. */
import type { TailedEvent } from '../db/queries/live-sessions.ts';
import type { Id } from '../domain/types.ts';
import type { SessionMessage } from './events.ts';

/** A message for those who see a part of the roll; `student` null means all of them. */
interface PartMessage {
  readonly student: Id | null;
  readonly message: SessionMessage;
}

/** The messages of one batch, each list in the order of the numbers. */
export interface Delivery {
  /** For those who see the whole roll. */
  readonly whole: readonly SessionMessage[];
  /** For students and mentors. */
  readonly part: readonly PartMessage[];
}

/**
 * Plans the messages of one session's events. Counts that a later event of the batch replaces are
 * left out, and rows are sent to those who may see them, so numbers jump; `after` says what a
 * client must have for the jump to hide nothing (trust.md section 5: a student's room carries
 * counts and the own row).
 * @param after   number of the last event delivered before
 * @param events  the events that follow, in order, at least one
 */
export function planDelivery(after: number, events: readonly TailedEvent[]): Delivery {
  const lastCounts = events.findLastIndex((event) => 'counts' in event.payload);
  const kept = events.filter(
    (event, index) => event.type !== 'counts.changed' || index === lastCounts,
  );
  return { whole: chained(after, kept), part: partMessages(after, kept) };
}

function chained(after: number, events: readonly TailedEvent[]): SessionMessage[] {
  let previous = after;
  return events.map((event) => {
    const message = toMessage(event, previous);
    previous = event.seq;
    return message;
  });
}

/** All continue from the start of the batch, because which rows a client got between differs. */
function partMessages(after: number, events: readonly TailedEvent[]): PartMessage[] {
  const messages = events.map((event): PartMessage => {
    const student = event.payload['student'];
    // A device that several students used is for the staff alone to know.
    if (event.type === 'conflict.changed' && typeof student !== 'string') {
      return { student: null, message: { ...toMessage(event, after), payload: {} } };
    }
    return {
      student: typeof student === 'string' ? student : null,
      message: { ...toMessage(event, after), payload: withoutDoubts(event.payload) },
    };
  });
  const last = messages.at(-1);
  if (!last || last.student === null) return messages;
  // The batch ends within a transaction: those who may not see its last row still learn its number.
  return [...messages, { student: null, message: { ...last.message, payload: {} } }];
}

/** Why a record deserves a look is for the staff of the class alone (presence.md section 7). */
export function withoutDoubts({
  flags: _flags,
  ...payload
}: TailedEvent['payload']): TailedEvent['payload'] {
  return payload;
}

function toMessage(
  { sessionId, seq, at, type, payload }: TailedEvent,
  after: number,
): SessionMessage {
  return { session: sessionId, seq, after, at, type, payload };
}
