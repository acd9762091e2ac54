/** The messages of `/gateway` as schemas: one source for validation, types and AsyncAPI. */
import { z } from 'zod';
import { EVENT_CODES, EVENT_STATUSES } from '../domain/devices/event-results.ts';

/** A socket takes small, live batches; backlogs go over HTTP (devices.md section 1.2). */
const SOCKET_EVENTS_MAX = 20;
/** The body of a message by socket, in characters. */
const SOCKET_BODY_MAX = 16 * 1024;

/** Names and references: printable ASCII, since the database takes no control characters. */
const word = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\x20-\x7e]+$/, 'printable ASCII only');
const signature = word(400)
  .startsWith('v1a,')
  .describe('`v1a,<base64>`, several separated by a space');
const instant = z.iso.datetime({ offset: true });
/** A count that the database holds in 32 bits. */
const whole = z
  .number()
  .int()
  .max(2 ** 31 - 1);
/** A difference of clocks; any beyond 15 minutes means the same. */
const offsetMs = z
  .number()
  .int()
  .min(-(2 ** 30))
  .max(2 ** 30);

/** `challenge`, from the server as soon as a socket is open. */
export const challengeMessage = z.strictObject({
  challenge: z.string().describe('base64url of 32 random bytes, good for this socket and one try'),
  server_time: z.iso.datetime(),
});

/** `hello`: the signed challenge, over `gw-hello:v1.<gateway_id>.<challenge>`. */
export const helloMessage = z.strictObject({
  gateway_id: z.guid(),
  kid: word(100),
  signature,
});

/** The answer to `hello`. */
export const helloReply = z.strictObject({ ok: z.literal(true), server_time: z.iso.datetime() });

/** `events`: a signed message; the signature is over `message_id.timestamp.body`. */
export const signedMessage = z.strictObject({
  message_id: word(100).regex(/^[\w-]+$/, 'letters, digits, _ and - only'),
  timestamp: z.number().int().min(0).describe('Unix seconds of sending'),
  kid: word(100),
  signature,
  body: z
    .string()
    .min(1)
    .max(SOCKET_BODY_MAX)
    .describe('the JSON of EventsBody, exactly as signed'),
});

/** One match on a terminal. */
const matchEvent = z.strictObject({
  event_id: z.uuid({ version: 'v7' }).toLowerCase(),
  device_id: word(64),
  boot_id: word(64),
  seq: whole.min(1),
  prev_boot: z.strictObject({ boot_id: word(64), last_seq: whole.min(0) }).nullish(),
  kind: z.literal('match'),
  captured_at: instant,
  clock_offset_ms: offsetMs.nullable().describe('terminal minus gateway at capture'),
  subject_ref: word(128).describe('opaque enrolment reference'),
  modality: z.enum(['finger', 'face', 'iris', 'palm', 'vein', 'card', 'pin']),
  algorithm: word(100).nullish(),
  algorithm_version: word(100).nullish(),
  score: z.number().nullish(),
  threshold: z.number().nullish(),
  quality: z
    .strictObject({
      algorithm: word(100),
      version: word(100),
      scale_min: z.number(),
      scale_max: z.number(),
      value: z.number(),
    })
    .nullish(),
  liveness: z
    .strictObject({
      result: z.enum(['pass', 'fail', 'not_performed']),
      method: word(100).nullish(),
    })
    .nullish(),
  direction: z.enum(['in', 'out', 'unknown']).optional(),
  prev_hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullish(),
});
/** A match as it came. */
export type MatchMessage = z.output<typeof matchEvent>;

/** The body of `events`; one without events is a sign of life. */
export const eventsBody = z.strictObject({
  sent_at: instant,
  ntp: z
    .strictObject({
      synced: z.boolean(),
      offset_ms: offsetMs.nullish(),
      source: word(200).nullish(),
    })
    .nullish(),
  events: z.array(matchEvent).max(SOCKET_EVENTS_MAX),
});

/** What became of one event. */
const eventResult = z.strictObject({
  event_id: z.guid(),
  status: z.enum(EVENT_STATUSES),
  code: z.enum(EVENT_CODES).optional(),
  op_ids: z.array(z.guid()),
  first: z.enum(EVENT_STATUSES).optional().describe('of a duplicate: its first status'),
});

/** The answer to `events`, given after the commit, in the order of the events. */
export const eventsReply = z.strictObject({
  ok: z.literal(true),
  server_time: z.iso.datetime(),
  results: z.array(eventResult),
});
/** The answer to `events` without its `ok`. */
export type EventsAnswer = Omit<z.output<typeof eventsReply>, 'ok'>;
