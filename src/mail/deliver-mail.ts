/**
 * Sends the mail of notices that are due, at least once each. Rows are claimed by a lease, so that
 * no transaction stays open during a conversation with the mail server.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { firstRow, rows, type Em, type Orm } from '../db/orm.ts';
import { nameSessions, sessionsIn, type NamedSession } from '../db/queries/notifications.ts';
import { CODE_TRIES_MAX } from '../domain/devices/device-code.ts';
import type { NoticeKind } from '../domain/notices.ts';
import type { Id } from '../domain/types.ts';
import { inParallel } from '../operations/in-parallel.ts';
import type { DeviceCodes } from '../security/device-codes.ts';
import type { Mailer } from './mailer.ts';
import { writeCodeMail, writeMail, type MailText } from './write-mail.ts';

/** What the delivery uses of its process. */
export interface DeliveryParts {
  readonly orm: Orm;
  readonly mailer: Mailer;
  readonly logger: Logger;
  readonly dashboardUrl: string | undefined;
  /** Makes the digits of a code from its id: no row holds them. */
  readonly deviceCodes: DeviceCodes;
}

/** A running delivery. */
export interface MailDelivery {
  /** Stops after the mail under way, or after ten seconds: its lease ends by itself. */
  stop(): Promise<void>;
}

const PAUSE_MS = 2_000;
const STOP_LIMIT_MS = 10_000;
const BATCH = 20;
/** As many as the mailer has connections. */
const SENDS_IN_FLIGHT = 4;
/** Longer than a batch takes on a server that answers none of its mails. */
const LEASE_SECONDS = 600;
/**
 * A code is good for ten minutes, so it must not wait that long for a worker that died. On a server
 * so slow that the lease ends before its turn, the same code may come twice.
 */
const CODE_LEASE_SECONDS = 60;
/** The pauses between them are 1, 3, 9, 27, 81, 243 and 360 minutes: half a day in all. */
const ATTEMPTS_MAX = 8;
const PAUSE_MAX_MINUTES = 360;
/** News older than this is no news: a server set up late must not send the past. */
const OLDEST_DAYS = 3;

interface Due {
  readonly id: Id;
  readonly kind: NoticeKind;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly email: string;
  readonly mail_status: 'due' | 'failed' | 'none';
}

/** Starts the delivery: a pass every two seconds, at once again while mail is waiting. */
export function startMailDelivery(parts: DeliveryParts): MailDelivery {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- passes follow one another
      const taken = await deliverOnce(parts).catch((error: unknown) => {
        parts.logger.warn({ err: error }, 'due mail could not be read');
        return 0;
      });
      // oxlint-disable-next-line no-await-in-loop -- passes follow one another
      if (taken < BATCH) await delay(PAUSE_MS, undefined, { signal }).catch(endOfPause);
    }
  };
  const ended = run();
  return {
    async stop() {
      stopping.abort();
      await Promise.race([ended, delay(STOP_LIMIT_MS, undefined, { ref: false })]);
      parts.mailer.close();
    },
  };
}

/** A stop ends the pause early; the loop looks at it next. */
function endOfPause(): void {}

const isCode = ({ kind }: Due): boolean => kind === 'device_code';

/** One pass over the mail that is due. Gives how many rows it took. */
export async function deliverOnce(parts: DeliveryParts): Promise<number> {
  const em = parts.orm.em.fork();
  const taken = await claim(em);
  const due = taken.filter((row) => row.mail_status === 'due');
  for (const { id, kind, mail_status: status } of taken) {
    if (status === 'failed') parts.logger.error({ notificationId: id, kind }, 'mail was given up');
  }
  const names = await nameSessions(
    em,
    due.flatMap(({ payload }) => sessionsIn(payload)),
  );
  // The update gives its rows in any order, and the lease of a code is short.
  const inTurn = due.toSorted((left, right) => Number(isCode(right)) - Number(isCode(left)));
  await inParallel(inTurn, SENDS_IN_FLIGHT, (row) => deliver(parts, row, names));
  return taken.length;
}

/**
 * Codes go first: somebody waits for them, while a digest may be one of a thousand.
 * The lease is the next attempt: a worker that dies leaves its mail to be taken again. Mail that
 * was tried often enough or is too old ends here, and so does that of people who may not sign in.
 */
function claim(em: Em): Promise<Due[]> {
  return rows<Due>(
    em,
    `with due as materialized (
       select id from notification where mail_status = 'due' and mail_due_at <= app_clock()
       order by kind = 'device_code' desc, mail_due_at limit ?::int for update skip locked
     ), judged as (
       select n.id, u.email, case
           when u.status <> 'active' then 'none'
           when n.mail_attempts >= ?::int
             or n.created_at < app_clock() - make_interval(days => ?::int) then 'failed'
           else 'due' end as status
       from due join notification n on n.id = due.id join app_user u on u.id = n.user_id
     )
     update notification n set mail_status = j.status,
       mail_attempts = n.mail_attempts + case when j.status = 'due' then 1 else 0 end,
       mail_due_at = case when j.status = 'due'
         then app_clock() + make_interval(secs =>
           case when n.kind = 'device_code' then ?::int else ?::int end) end
     from judged j where n.id = j.id
     returning n.id, n.kind, n.payload, n.mail_status, j.email`,
    [BATCH, ATTEMPTS_MAX, OLDEST_DAYS, CODE_LEASE_SECONDS, LEASE_SECONDS],
  );
}

async function deliver(
  parts: DeliveryParts,
  row: Due,
  names: ReadonlyMap<Id, NamedSession>,
): Promise<void> {
  const { mailer, logger } = parts;
  const em = parts.orm.em.fork();
  const { id, kind } = row;
  let isSent = false;
  try {
    const text = await textOf(parts, em, row, names);
    if (text) await mailer.send({ id, to: row.email, ...text });
    isSent = text !== null;
  } catch (error) {
    const isOver = await putOff(em, id).catch(waitForLease(logger, id));
    const words = isOver ? 'mail was given up' : 'mail could not be sent yet';
    logger[isOver ? 'error' : 'warn']({ notificationId: id, kind, reason: reasonOf(error) }, words);
    return;
  }
  await rows(
    em,
    `update notification set mail_status = case when ?::boolean then 'sent' else 'none' end,
       mailed_at = case when ?::boolean then app_clock() end, mail_due_at = null
     where id = ?::uuid and mail_status = 'due'`,
    [isSent, isSent, id],
  ).catch(waitForLease(logger, id));
}

/** What a mail says; null where there is nothing to say any more. */
async function textOf(
  { dashboardUrl, deviceCodes }: DeliveryParts,
  em: Em,
  { kind, payload }: Due,
  names: ReadonlyMap<Id, NamedSession>,
): Promise<MailText | null> {
  if (kind !== 'device_code') return writeMail({ kind, payload }, names, dashboardUrl);
  const codeId = await usefulCode(em, payload['code']);
  return codeId === null ? null : writeCodeMail(deviceCodes.codeOf(codeId), dashboardUrl);
}

/** The id of a code that can still be typed; null once it is over, used or replaced by another. */
async function usefulCode(em: Em, codeId: unknown): Promise<Id | null> {
  const row = await firstRow<{ id: Id }>(
    em,
    `select c.id from device_code c
     where c.id = ?::uuid and c.used_at is null and c.expires_at > app_clock()
       and c.attempts < ${CODE_TRIES_MAX}
       and not exists (select 1 from device_code later where later.user_id = c.user_id
         and (later.created_at, later.id) > (c.created_at, c.id))`,
    [codeId],
  );
  return row?.id ?? null;
}

/** Whatever could not be written, the lease ends and the mail is tried again. */
const waitForLease = (logger: Logger, notificationId: Id) => (error: unknown) => {
  logger.warn({ err: error, notificationId }, 'a mail waits for its lease to end');
  return false;
};

/** Minutes grow threefold with the attempts made. True when it was the last attempt. */
async function putOff(em: Em, id: Id): Promise<boolean> {
  const row = await firstRow<{ mail_status: string }>(
    em,
    `update notification set
       mail_status = case when mail_attempts >= ?::int then 'failed' else 'due' end,
       mail_due_at = case when mail_attempts < ?::int then app_clock() + make_interval(
         mins => least(?::int, (3 ^ least(mail_attempts - 1, 10))::int)) end
     where id = ?::uuid and mail_status = 'due' returning mail_status`,
    [ATTEMPTS_MAX, ATTEMPTS_MAX, PAUSE_MAX_MINUTES, id],
  );
  return row?.mail_status === 'failed';
}

/** The code of a failure, such as `EENVELOPE 550`: its text may quote the address. */
function reasonOf(error: unknown): string {
  if (error === null || typeof error !== 'object') return 'unknown';
  const { code, responseCode, name }: Readonly<Record<string, unknown>> = {
    name: 'Error',
    ...error,
  };
  const codes = [code, responseCode].filter((part) => part !== undefined);
  return (codes.length > 0 ? codes : [name]).map(String).join(' ');
}
