/** The messages of `/live` as schemas: one source for validation, types and AsyncAPI. */
import { z } from 'zod';
import { NOTICE_KINDS } from '../domain/notices.ts';
import { FALLBACKS } from '../domain/presence/fallback.ts';
import {
  CASE_KINDS,
  CASE_STATUSES,
  MARK_SOURCES,
  CONFLICT_KINDS,
  CONFLICT_STATES,
  MARKS,
  SESSION_STATUSES,
} from '../domain/types.ts';

const count = z.number().int().min(0);
const instant = z.iso.datetime();

/** A UUID on the wire. */
const id = z.guid().toLowerCase();

const accessToken = z.string().min(1).max(4_096);

/** What a client sends in the handshake's `auth`. */
export const handshakeAuth = z.strictObject({ token: accessToken });

/** `watch` and `unwatch`. */
export const sessionRequest = z.strictObject({ session: id });

/** `token`: a fresh access token of the same person. */
export const tokenRequest = z.strictObject({ token: accessToken });

/** Counts over the roll of a session. */
const countsReply = z.strictObject({
  present: count,
  late: count,
  absent: count,
  excused: count,
  unmarked: count,
  roster: count,
  conflicts: count,
});

/** A problem as HTTP answers it. */
export const problemReply = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  instance: z.string(),
  request_id: z.string(),
  errors: z.array(z.strictObject({ path: z.string(), code: z.string(), detail: z.string() })),
});

/** The answer to a refused message. */
export const refusedReply = z.strictObject({ ok: z.literal(false), problem: problemReply });

/** The answer to `watch`: the events after `seq` follow. */
export const watchReply = z.strictObject({ ok: z.literal(true), seq: count, counts: countsReply });

/** The answer to a message that needs none but success. */
export const doneReply = z.strictObject({ ok: z.literal(true) });

/** Members every `session` message has. */
const numbered = {
  session: id,
  seq: count.describe('number of the event in the session, without gaps in the log'),
  after: count.describe(
    'who has everything up to this number misses nothing; a client further behind asks GET sessions/{id}/events/?after=',
  ),
  at: instant,
};

const countsChanged = z.strictObject({
  ...numbered,
  type: z.literal('counts.changed'),
  payload: z.strictObject({ counts: countsReply }),
});

const recordChanged = z.strictObject({
  ...numbered,
  type: z.literal('record.changed'),
  payload: z.union([
    z.strictObject({
      student: id,
      mark: z.enum(MARKS).nullable(),
      source: z.enum(MARK_SOURCES).nullable(),
      winner_op_id: id.nullable(),
      version: count,
      flags: z
        .array(z.string())
        .optional()
        .describe('to those who see the whole roll: why the record deserves a look'),
      fallback: z.enum(FALLBACKS).nullable().optional(),
    }),
    z.strictObject({}).describe("another student's row, which this client may not see"),
  ]),
});

const sessionChanged = z.strictObject({
  ...numbered,
  type: z.literal('session.changed'),
  payload: z.strictObject({
    status: z.enum(SESSION_STATUSES),
    opens_at: instant,
    closes_at: instant,
    epoch: count,
    counts: countsReply,
  }),
});

const conflictChanged = z.strictObject({
  ...numbered,
  type: z.literal('conflict.changed'),
  payload: z.union([
    z.strictObject({
      id,
      student: id.nullable(),
      kind: z.enum(CONFLICT_KINDS),
      state: z.enum(CONFLICT_STATES),
    }),
    z.strictObject({}).describe("another student's row, which this client may not see"),
  ]),
});

const waitingChanged = z.strictObject({
  ...numbered,
  type: z.literal('waiting.changed'),
  payload: z.union([
    z
      .strictObject({ student: id })
      .describe('a claim of the student began to wait for a person, or was taken back'),
    z.strictObject({}).describe("another student's row, which this client may not see"),
  ]),
});

/** `session`: one committed fact of a watched session. */
export const sessionMessage = z.discriminatedUnion('type', [
  countsChanged,
  recordChanged,
  conflictChanged,
  waitingChanged,
  sessionChanged,
]);

/** `inbox`: a request that waits for the person, or the person's own, changed. */
export const inboxMessage = z.strictObject({
  kind: z.enum(CASE_KINDS),
  id,
  status: z.enum(CASE_STATUSES),
});

/** `notice`: the person was told something; GET me/notifications has it. */
export const noticeMessage = z.strictObject({ id, kind: z.enum(NOTICE_KINDS) });

/** A `session` message as the server sends it; the mark path stored what it tells, counts are of now. */
export interface SessionMessage {
  readonly session: string;
  readonly seq: number;
  readonly after: number;
  readonly at: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A `notice` message. */
export type NoticeMessage = z.infer<typeof noticeMessage>;

/** What a screen in a room sends in the handshake's `auth`. */
export const displayAuth = z.strictObject({ display_token: accessToken });

/** `code`: what the screen shows until the next one; it blanks when none comes. */
export const codeMessage = z.strictObject({
  token: z.string().describe('the text of the QR code'),
  step: count,
  valid_ms: count.describe('how long it is still accepted'),
  next_ms: count.describe('in how many milliseconds the next one comes'),
  text_code: z.string().nullable(),
  mode: z.enum(['rotating', 'static']),
  purpose: z.enum(['entry', 'recheck', 'exit']),
});

/** `counts`: how many of the class are marked present or late. */
export const displayCounts = z.strictObject({ marked: count, roster: count });

/** `ended`: the session shows no codes any more, or the token of the display ended. */
export const displayEnded = z.strictObject({ reason: z.enum(['closed', 'token_expired']) });

/** A `code` message. */
export type CodeMessage = z.infer<typeof codeMessage>;

/** A `counts` message. */
export type DisplayCounts = z.infer<typeof displayCounts>;

/** An `ended` message. */
export type DisplayEnded = z.infer<typeof displayEnded>;

/** An `inbox` message. */
export type InboxMessage = z.infer<typeof inboxMessage>;
