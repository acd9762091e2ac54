/** Receives a signed message of a gateway, whatever it came by, and answers after the commit. */
import canonicalize from 'canonicalize';
import type { z } from 'zod';
import { appError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import { findGatewayKey, noteContact } from '../operations/devices/gateway-keys.ts';
import { findAnswer, keepAnswer } from '../operations/devices/message-answers.ts';
import {
  receiveMatch,
  type EventResult,
  type MatchEvent,
} from '../operations/devices/receive-match.ts';
import type { Operation } from '../operations/ports.ts';
import { sha256Hex } from '../security/opaque-token.ts';
import {
  eventsBody,
  type EventsAnswer,
  type MatchMessage,
  type signedMessage,
} from './gateway-messages.ts';
import { gatewayPublicKey, isSignedBy, signedContent } from './gateway-signature.ts';

/** A message as it came. */
export type SignedMessage = z.output<typeof signedMessage>;

/** Parses a value or throws `validation_failed`; each edge has its own words for refused fields. */
export type ParseMessage = <S extends z.ZodType>(schema: S, value: unknown) => z.output<S>;

/** How far the time of sending may be off; capture times may be hours old by design. */
const WINDOW_SECONDS = 300;
/** Larger offsets are untrusted all the same, and the database holds them in 32 bits. */
const OFFSET_MS_MAX = 2 ** 30;

/**
 * Stores each event in a transaction of its own, so that a bad one never blocks the others.
 * @param gatewayId  the gateway that is speaking; the key of the message must be one of its own
 * @throws AppError `signature_invalid`, `timestamp_out_of_window` with `server_time`,
 *   `message_id_reused`, `malformed_request`, `validation_failed`; nothing is stored then
 */
export async function receiveEvents(
  operation: Operation,
  gatewayId: Id,
  message: SignedMessage,
  parse: ParseMessage,
): Promise<EventsAnswer> {
  const { em, clock } = operation;
  const received = clock.now();
  await requireSignature(operation, gatewayId, message);
  requireFresh(message.timestamp, received);
  const ref = { gatewayId, messageId: message.message_id, bodyHash: sha256Hex(message.body) };
  const stored = await findAnswer<EventsAnswer>(em, ref);
  if (stored) return stored;

  const raw = jsonOf(message.body);
  const body = parse(eventsBody, raw);
  const receipt = {
    gatewayId,
    receivedMs: received.getTime(),
    gatewayOffsetMs: gatewayOffsetMs(body, received),
  };
  const results: EventResult[] = [];
  for (const event of body.events) {
    // One after the other: the order within a message is that of the terminal.
    // oxlint-disable-next-line no-await-in-loop
    results.push(await receiveMatch(operation, toMatch(event), receipt));
  }
  const answer = { server_time: clock.now().toISOString(), results: results.map(presentResult) };
  await noteContact(
    em,
    gatewayId,
    body.events.map((event) => event.device_id),
  );
  // A message with something to send again must not be answered from memory when it comes again.
  if (results.every((result) => result.status !== 'retry')) await keepAnswer(em, ref, answer);
  return answer;
}

async function requireSignature(
  { em }: Operation,
  gatewayId: Id,
  { message_id: messageId, timestamp, kid, signature, body }: SignedMessage,
): Promise<void> {
  const key = await findGatewayKey(em, kid);
  const isSigned =
    key?.gatewayId === gatewayId &&
    isSignedBy(
      gatewayPublicKey(key.publicKey),
      signedContent(messageId, timestamp, body),
      signature,
    );
  if (!isSigned) {
    throw appError(
      'signature_invalid',
      'Sign message_id.timestamp.body with a key of the gateway.',
    );
  }
}

function requireFresh(timestamp: number, now: Date): void {
  if (Math.abs(now.getTime() / 1_000 - timestamp) <= WINDOW_SECONDS) return;
  throw appError('timestamp_out_of_window', 'Set the clock of the gateway and send again.', {
    meta: { server_time: now.toISOString() },
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw appError('malformed_request', 'The body is not valid JSON.', { cause });
  }
}

/** Gateway minus server: as its time service measured it, else from the time of sending. */
function gatewayOffsetMs(
  { ntp, sent_at: sentAt }: z.output<typeof eventsBody>,
  received: Date,
): number {
  if (ntp?.synced === true && typeof ntp.offset_ms === 'number') return ntp.offset_ms;
  const offsetMs = Date.parse(sentAt) - received.getTime();
  return Math.min(Math.max(offsetMs, -OFFSET_MS_MAX), OFFSET_MS_MAX);
}

function toMatch(event: MatchMessage): MatchEvent {
  return {
    eventId: event.event_id,
    deviceId: event.device_id,
    bootId: event.boot_id,
    sequence: event.seq,
    // Years that no database holds; judged as implausible like any before 2020.
    capturedMs: Math.max(0, Date.parse(event.captured_at)),
    clockOffsetMs: event.clock_offset_ms,
    subjectRef: event.subject_ref,
    modality: event.modality,
    score: event.score ?? null,
    threshold: event.threshold ?? null,
    liveness: event.liveness?.result ?? 'not_performed',
    payloadHash: eventHash(event),
    payload: event,
  };
}

/** SHA-256 of an event in RFC 8785 form; a score is no integer, so audit's stricter form is not it. */
function eventHash(event: MatchMessage): string {
  const text = canonicalize(event);
  if (text === undefined) throw new Error('the event has no canonical form');
  return sha256Hex(text);
}

function presentResult({ eventId, status, code, opIds, first }: EventResult) {
  return {
    event_id: eventId,
    status,
    ...(code === null ? {} : { code }),
    op_ids: [...opIds],
    ...(first === null ? {} : { first }),
  };
}
