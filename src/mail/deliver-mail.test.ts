/** Mail over a real SMTP conversation, from the row of a notice to the message a server takes. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { SMTPServerOptions } from 'smtp-server';
import { v7 } from 'uuid';
import { moveDatabaseClock } from '../../test/factories.ts';
import { Inbox } from '../../test/inbox.ts';
import { openRequestBench, type RequestBench } from '../../test/request-bench.ts';
import { eventually } from '../../test/temporal.ts';
import { firstRow, rows } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import { sendDeviceCode } from '../operations/devices/send-device-code.ts';
import { notify, type Notice } from '../operations/notifications/notify.ts';
import { createDeviceCodes } from '../security/device-codes.ts';
import { deliverOnce, startMailDelivery } from './deliver-mail.ts';
import { createMailer, type Mailer } from './mailer.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let bench: RequestBench;
let offsetMs = 0;
const logged: string[] = [];
const logger = pino({ level: 'info' }, { write: (line) => void logged.push(line) });

beforeAll(async () => {
  bench = await openRequestBench({ studentCount: 12 });
});
beforeEach(async () => {
  logged.length = 0;
  await rows(bench.em(), "update notification set mail_status = 'none', mail_due_at = null");
});
afterAll(() => bench.close());

const open: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) {
    // oxlint-disable-next-line no-await-in-loop -- clients before their servers
    await close();
  }
});

function mailerAt(smtpUrl: string): Mailer {
  const mailer = createMailer({
    isProduction: true,
    smtpUrl,
    mailFrom: 'Attendance <attendance@college.example>',
    mailFolder: '',
  });
  if (!mailer) throw new Error('no mailer');
  open.push(() => mailer.close());
  return mailer;
}

async function openInbox(options: SMTPServerOptions = {}, { account = '', query = '' } = {}) {
  const inbox = new Inbox(options);
  open.push(() => inbox.close());
  const port = await inbox.listen();
  return { inbox, mailer: mailerAt(`smtp://${account}127.0.0.1:${port}${query}`) };
}

const partsOf = (mailer: Mailer) => ({
  orm: bench.deps.orm,
  mailer,
  logger,
  dashboardUrl: 'https://attendance.college.example',
  deviceCodes: createDeviceCodes(bench.deps.keys),
});

async function tell(index = 0, kind: 'mark_overruled' | 'record_overridden' = 'mark_overruled') {
  const student = bench.world.students[index];
  if (!student) throw new Error(`the world has no student ${index}`);
  const { session } = bench.world;
  const dedupeKey = v7();
  const { userId } = student;
  const told = { userId, dedupeKey, mail: true };
  const payload = { session, student: student.id, mark: 'absent' } as const;
  const notice: Notice =
    kind === 'mark_overruled' ? { ...told, kind, payload } : { ...told, kind, payload };
  await bench.em().transactional((em) => notify(em, bench.deps.ids, [notice]));
  const row = await firstRow<{ id: Id }>(
    bench.em(),
    'select id from notification where dedupe_key = ?',
    [dedupeKey],
  );
  if (!row) throw new Error('nothing was written');
  return { id: row.id, student };
}

async function stateOf(id: Id) {
  return firstRow<{ mail_status: string; mail_attempts: number; due_in: number | null }>(
    bench.em(),
    `select mail_status, mail_attempts, mailed_at is not null as is_mailed,
       round(extract(epoch from mail_due_at - app_clock()) / 60)::int as due_in
     from notification where id = ?::uuid`,
    [id],
  );
}

async function passTime(ms: number): Promise<void> {
  offsetMs += ms;
  await moveDatabaseClock(bench.em(), offsetMs);
}

describe('mail', () => {
  it('that a server refuses at first is sent when it accepts later', async () => {
    const { inbox, mailer } = await openInbox();
    inbox.refusals = 2;
    const { id, student } = await tell();

    expect(await deliverOnce(partsOf(mailer))).toBe(1);
    expect(await stateOf(id)).toMatchObject({ mail_status: 'due', mail_attempts: 1, due_in: 1 });
    expect(await deliverOnce(partsOf(mailer))).toBe(0);
    await passTime(MINUTE_MS + 1_000);
    await deliverOnce(partsOf(mailer));
    expect(await stateOf(id)).toMatchObject({ mail_status: 'due', mail_attempts: 2, due_in: 3 });
    expect(inbox.messages).toEqual([]);
    await passTime(3 * MINUTE_MS + 1_000);
    await deliverOnce(partsOf(mailer));

    expect(await stateOf(id)).toMatchObject({ mail_status: 'sent', due_in: null, is_mailed: true });
    expect(inbox.messages).toHaveLength(1);
    const [message = ''] = inbox.messages;
    expect(message).toContain(`Message-ID: <${id}@college.example>`);
    expect(message).toContain(`To: ${student.email}`);
    expect(message).toContain('From: Attendance <attendance@college.example>');
    expect(message).toContain('Auto-Submitted: auto-generated');
    expect(message).toContain('https://attendance.college.example/my-attendance');
    expect(await deliverOnce(partsOf(mailer))).toBe(0);
  });

  it('names the class and nothing personal', async () => {
    const { inbox, mailer } = await openInbox();
    await tell(0, 'record_overridden');

    await deliverOnce(partsOf(mailer));

    const named = await firstRow<{ code: string; first_name: string; roll_number: string }>(
      bench.em(),
      `select c.code, u.first_name, st.roll_number from attendance_session s
       join course_section cs on cs.id = s.course_section_id join course c on c.id = cs.course_id
       join student st on st.id = ?::uuid join app_user u on u.id = st.user_id
       where s.id = ?::uuid`,
      [bench.world.student.id, bench.world.session],
    );
    const body = (inbox.messages[0] ?? '').replaceAll('=\r\n', '').split('\r\n\r\n')[1];
    expect(body).toContain(named?.code);
    expect(body).not.toContain(named?.first_name);
    expect(body).not.toContain(named?.roll_number);
    expect(body).not.toContain('absent');
  });

  it('signs in with the account of the address', async () => {
    const seen: unknown[] = [];
    const { inbox, mailer } = await openInbox(
      {
        authOptional: false,
        allowInsecureAuth: true,
        onAuth: ({ username, password }, _session, answer) => {
          seen.push([username, password]);
          answer(null, { user: username });
        },
      },
      { account: 'roll%40college:p%40ss%3A@' },
    );
    await tell();

    await deliverOnce(partsOf(mailer));

    expect(seen).toEqual([['roll@college', 'p@ss:']]);
    expect(inbox.messages).toHaveLength(1);
    expect(mailer.destination).not.toContain('roll');
  });

  it('is given up after eight attempts, with the reason logged and no address', async () => {
    const inbox = new Inbox();
    const port = await inbox.listen();
    await inbox.close();
    const mailer = mailerAt(`smtp://127.0.0.1:${port}`);
    const { id, student } = await tell();

    const pauses: unknown[] = [];
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await deliverOnce(partsOf(mailer));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      pauses.push((await stateOf(id))?.due_in);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await passTime(361 * MINUTE_MS);
    }

    expect(pauses).toEqual([1, 3, 9, 27, 81, 243, 360, null]);
    expect(await stateOf(id)).toMatchObject({ mail_status: 'failed', mail_attempts: 8 });
    expect(await deliverOnce(partsOf(mailer))).toBe(0);
    expect(logged.at(-1)).toMatch(/"reason":"E(SOCKET|CONN)\w*"/);
    expect(logged.join('')).not.toContain(student.email);
  });

  it('waits while a server takes the call and says nothing', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { id } = await tell();

    await deliverOnce(partsOf(mailerAt(`smtp://127.0.0.1:${port}?greetingTimeout=200`)));

    expect(await stateOf(id)).toMatchObject({ mail_status: 'due', mail_attempts: 1, due_in: 1 });
  });

  it('is not sent in the clear where the address asks for TLS', async () => {
    const { inbox, mailer } = await openInbox({}, { query: '?requireTLS=true' });
    const { id } = await tell();

    await deliverOnce(partsOf(mailer));

    expect(inbox.messages).toEqual([]);
    expect(await stateOf(id)).toMatchObject({ mail_status: 'due', mail_attempts: 1 });
  });

  it('goes on after a connection fell asleep', async () => {
    let closed = 0;
    const { inbox, mailer } = await openInbox(
      { onClose: () => void (closed += 1) },
      { query: '?socketTimeout=300' },
    );
    await tell();
    await deliverOnce(partsOf(mailer));
    await eventually('the end of the connection', () => closed === 1);

    await tell();
    await deliverOnce(partsOf(mailer));

    expect(inbox.messages).toHaveLength(2);
  });

  it('is sent once by two workers at the same time', async () => {
    const { inbox, mailer } = await openInbox();
    for (let index = 0; index < 12; index += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await tell(index);
    }

    const taken = await Promise.all([1, 2, 3].map(() => deliverOnce(partsOf(mailer))));

    expect(taken.reduce((sum, count) => sum + count, 0)).toBe(12);
    expect(inbox.messages).toHaveLength(12);
  });

  it('of a worker that died is taken again, with the same Message-ID', async () => {
    const { inbox, mailer } = await openInbox();
    const { id } = await tell();
    let revive = (): void => undefined;
    const dead: Mailer = {
      destination: 'nowhere',
      send: () => new Promise<void>((resolve) => (revive = resolve)),
      close: () => undefined,
    };
    const died = deliverOnce(partsOf(dead));
    await eventually('the claim', async () => (await stateOf(id))?.mail_attempts === 1);

    expect(await deliverOnce(partsOf(mailer))).toBe(0);
    await passTime(11 * MINUTE_MS);
    expect(await deliverOnce(partsOf(mailer))).toBe(1);
    revive();
    await died;

    expect(inbox.messages).toHaveLength(1);
    expect(inbox.messages[0]).toContain(`<${id}@`);
    expect(await stateOf(id)).toMatchObject({ mail_status: 'sent', mail_attempts: 2 });
  });

  it('with a code of a worker that died is taken again while the code is good', async () => {
    const { inbox, mailer } = await openInbox();
    const { student } = bench.world;
    await sendDeviceCode(bench.as(student.userId), student.userId, v7());
    const { id: news } = await tell(1);
    let claimed = 0;
    const dead: Mailer = {
      destination: 'nowhere',
      send: () => new Promise<void>(() => void (claimed += 1)),
      close: () => undefined,
    };
    void deliverOnce(partsOf(dead));
    await eventually('the claims', () => claimed === 2);

    await passTime(MINUTE_MS + 1_000);
    expect(await deliverOnce(partsOf(mailer))).toBe(1);

    expect(inbox.messages).toHaveLength(1);
    expect(inbox.messages[0]).toMatch(/Your code is \d{6}/);
    // The news wait for the end of their longer lease.
    expect(await stateOf(news)).toMatchObject({ mail_status: 'due', due_in: 9 });
  });

  it('is not sent to who may not sign in, nor days after the news', async () => {
    const { inbox, mailer } = await openInbox();
    const { id: late } = await tell(0);
    await passTime(3 * DAY_MS + MINUTE_MS);
    const { id: disabled, student } = await tell(1);
    const status = (to: string) =>
      rows(bench.em(), 'update app_user set status = ? where id = ?::uuid', [to, student.userId]);
    await status('disabled');

    await deliverOnce(partsOf(mailer));
    await status('active');

    expect(inbox.messages).toEqual([]);
    expect(await stateOf(late)).toMatchObject({ mail_status: 'failed', due_in: null });
    expect(await stateOf(disabled)).toMatchObject({ mail_status: 'none', due_in: null });
  });

  it('is sent by the running delivery, which stops when told', async () => {
    const { inbox, mailer } = await openInbox();
    const delivery = startMailDelivery(partsOf(mailer));
    await tell();

    await eventually('the mail', () => inbox.messages.length === 1);
    await delivery.stop();
  });
});

describe('the mailer', () => {
  it('writes files outside production without a server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mail-'));
    open.push(() => rm(folder, { recursive: true }));
    const mailFolder = join(folder, 'mail');
    const settings = { isProduction: false, smtpUrl: undefined, mailFrom: undefined, mailFolder };
    const mailer = createMailer(settings);
    const { id, student } = await tell();

    if (mailer) await deliverOnce(partsOf(mailer));

    expect(await readdir(mailFolder)).toEqual([`${id}.eml`]);
    const text = await readFile(join(mailFolder, `${id}.eml`), 'utf8');
    expect(text).toContain(`To: ${student.email}`);
  });

  it('is none in production without a server', () => {
    const settings = {
      isProduction: true,
      smtpUrl: undefined,
      mailFrom: 'a@b.example',
      mailFolder: '',
    };
    expect(createMailer(settings)).toBeUndefined();
  });
});
