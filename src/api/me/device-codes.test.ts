/** The code that a first device needs: asked for, mailed over SMTP, typed, and every way to fail. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeDevice, type TestDevice } from '../../../test/device.ts';
import { makeWorld, type World } from '../../../test/factories.ts';
import { Inbox } from '../../../test/inbox.ts';
import { createLogger } from '../../deps.ts';
import { rows } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { deliverOnce } from '../../mail/deliver-mail.ts';
import { createMailer, type Mailer } from '../../mail/mailer.ts';
import { notify } from '../../operations/notifications/notify.ts';
import { createDeviceCodes } from '../../security/device-codes.ts';

const KEYS = '/api/v1/me/device-keys';
const MINUTE_MS = 60_000;

const lines: string[] = [];
const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    lines.push(chunk.toString());
    done();
  },
});

let api: TestApi;
let world: World;
let inbox: Inbox;
let mailer: Mailer;
beforeAll(async () => {
  api = await startTestApi({
    variables: { RATE_LIMIT_SCALE: '100', AUTH_SECOND_FACTOR: 'required' },
    logger: createLogger({ logLevel: 'trace' }, sink),
  });
  world = await makeWorld(api.em(), { studentCount: 20 });
  inbox = new Inbox();
  const made = createMailer({
    isProduction: true,
    smtpUrl: `smtp://127.0.0.1:${await inbox.listen()}`,
    mailFrom: 'Attendance <attendance@college.example>',
    mailFolder: '',
  });
  if (!made) throw new Error('no mailer');
  mailer = made;
});
beforeEach(async () => {
  inbox.messages.length = 0;
  await rows(api.em(), "update notification set mail_status = 'none', mail_due_at = null");
});
afterAll(async () => {
  mailer.close();
  await inbox.close();
  await api.close();
});

const byNumber = (left: number, right: number): number => left - right;
const verdict = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];
const askCode = (token: string): Promise<ApiReply> =>
  api.request('POST', `${KEYS}/code`, { token, body: {} });
const deliver = (): Promise<number> =>
  deliverOnce({
    orm: api.deps.orm,
    mailer,
    logger: pino({ level: 'silent' }),
    dashboardUrl: 'https://attendance.college.example',
    deviceCodes: createDeviceCodes(api.deps.keys),
  });
const register = (device: TestDevice, token: string, more: object = {}): Promise<ApiReply> =>
  device.request(api, 'POST', KEYS, { token, body: { public_key: device.publicKey, ...more } });
/** Six digits that are not the code. */
const otherThan = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

let nextStudent = 0;
async function newPerson(): Promise<{ userId: Id; email: string; token: string }> {
  const student = world.students[(nextStudent += 1) - 1];
  if (!student) throw new Error('the world needs more students');
  return { userId: student.userId, email: student.email, token: await api.signIn(student.email) };
}

/** The mails that carry a code, oldest first. */
const codeMails = (): string[] =>
  inbox.messages
    .map((message) => message.replaceAll('=\r\n', ''))
    .filter((message) => message.includes('Your code is'));

/** Asks for a code and reads it from the mail. */
async function mailedCode(token: string): Promise<string> {
  inbox.messages.length = 0;
  expect((await askCode(token)).status).toBe(202);
  await deliver();
  const [, code] = /Your code is (\d{6})\./.exec(codeMails().at(-1) ?? '') ?? [];
  if (code === undefined) throw new Error('no mail carried a code');
  return code;
}

async function auditOf(userId: Id): Promise<string[]> {
  const found = await rows<{ action: string }>(
    api.em(),
    `select body::jsonb->>'action' as action from audit_event
     where body::jsonb->>'actor' = ? and body::jsonb->>'action' like 'auth.device%'
     order by (body::jsonb->>'seq')::int`,
    [userId],
  );
  return found.map(({ action }) => action);
}

describe('POST /api/v1/me/device-keys/code', () => {
  it('mails six digits to the address of the account, and nothing else learns them', async () => {
    const { email, token, userId } = await newPerson();
    lines.length = 0;

    const asked = await askCode(token);
    await deliver();

    const [first] = email;
    const domain = email.split('@')[1];
    expect(asked.body).toEqual({
      sent_to: `${first}***@${domain}`,
      expires_at: expect.stringMatching(/Z$/),
    });
    const [mail = ''] = codeMails();
    expect(mail).toContain(`To: ${email}`);
    expect(mail).toContain('https://attendance.college.example/my-devices');
    const code = /Your code is (\d{6})\./.exec(mail)?.[1] ?? '';
    const kept = await rows<{ text: string }>(
      api.em(),
      `select row_to_json(c)::text as text from device_code c where user_id = ?::uuid
       union all select row_to_json(n)::text from notification n where user_id = ?::uuid
       union all select body from audit_event where body::jsonb->>'actor' = ?`,
      [userId, userId, userId],
    );
    expect(kept.length).toBeGreaterThanOrEqual(3);
    const device = await makeDevice();
    expect((await register(device, token, { code })).status).toBe(201);
    const texts = [JSON.stringify(asked.body), ...kept.map(({ text }) => text), ...lines];
    // Ids and fractions of seconds may contain the same digits.
    const alone = new RegExp(`(?<![\\da-f.-])${code}(?![\\da-f-])`);
    expect(alone.test(mail)).toBe(true);
    expect(texts.filter((text) => alone.test(text))).toEqual([]);
    const told = await api.request('GET', '/api/v1/me/notifications', { token });
    expect(told.body).toMatchObject({
      results: [{ kind: 'device_registered' }, { kind: 'device_code' }],
    });
  });

  it('sends three in a quarter of an hour and ten a day, and says when the next may follow', async () => {
    const { token } = await newPerson();
    for (let sent = 0; sent < 3; sent += 1) expect((await askCode(token)).status).toBe(202);

    const fourth = await askCode(token);

    expect(verdict(fourth)).toEqual([429, 'rate_limited']);
    const wait = Number(fourth.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(13 * 60);
    expect(wait).toBeLessThanOrEqual(15 * 60);
    let later = '';
    try {
      for (let sent = 3; sent < 10; sent += 1) {
        await api.moveClock(sent * 16 * MINUTE_MS);
        later = await signInAgain();
        expect((await askCode(later)).status).toBe(202);
      }
      await api.moveClock(11 * 16 * MINUTE_MS);
      later = await signInAgain();
      expect(verdict(await askCode(later))).toEqual([429, 'rate_limited']);
    } finally {
      await api.moveClock(0);
    }

    function signInAgain(): Promise<string> {
      return api.signIn(world.students[nextStudent - 1]?.email ?? '');
    }
  });

  it('sends at most three when many are asked for at once', async () => {
    const { token } = await newPerson();

    const replies = await Promise.all(Array.from({ length: 8 }, () => askCode(token)));

    expect(replies.filter(({ status }) => status === 202)).toHaveLength(3);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(5);
  });

  it('mails the latest code alone, where the server was away for an earlier one', async () => {
    const { token } = await newPerson();
    inbox.refusals = 1;
    await askCode(token);
    await deliver();
    expect(codeMails()).toEqual([]);
    await askCode(token);
    await api.moveClock(2 * MINUTE_MS);
    try {
      await deliver();
    } finally {
      await api.moveClock(0);
    }

    expect(codeMails()).toHaveLength(1);
    const states = await rows<{ mail_status: string }>(
      api.em(),
      `select mail_status from notification where kind = 'device_code'
       and user_id = (select id from app_user where email = ?) order by created_at`,
      [world.students[nextStudent - 1]?.email],
    );
    expect(states.map((state) => state.mail_status)).toEqual(['none', 'sent']);
  });

  it('mails a code before the many mails that were due first', async () => {
    const { token, userId } = await newPerson();
    const digests = Array.from({ length: 25 }, (_, day) => ({
      userId,
      kind: 'device_approved' as const,
      dedupeKey: `many-${day}`,
      payload: { binding: api.deps.ids.next() },
      mail: true,
    }));
    await api.em().transactional((em) => notify(em, api.deps.ids, digests));
    await askCode(token);

    expect(await deliver()).toBe(20);

    expect(codeMails()).toHaveLength(1);
  });

  it('mails no code whose time is over', async () => {
    const { token } = await newPerson();
    await askCode(token);
    await api.moveClock(10 * MINUTE_MS + 1_000);
    try {
      await deliver();
    } finally {
      await api.moveClock(0);
    }

    expect(codeMails()).toEqual([]);
  });
});

describe('a first device where a second factor is required', () => {
  it('needs a code, and the refusal says how to get one', async () => {
    const [{ token, userId }, device] = [await newPerson(), await makeDevice()];

    const refused = await register(device, token);

    expect(verdict(refused)).toEqual([403, 'device_code_required']);
    expect(refused.body['errors']).toMatchObject([{ path: 'code', code: 'device_code_required' }]);
    expect(textOf(refused.body['detail'])).toContain(`${KEYS}/code`);
    expect(verdict(await register(device, token, { code: '12345' }))).toEqual([
      400,
      'validation_failed',
    ]);
    const code = await mailedCode(token);
    const registered = await register(device, token, { code });
    expect([registered.status, registered.body['status']]).toEqual([201, 'active']);
    expect((await register(device, token, { code })).status).toBe(200);
    expect(await auditOf(userId)).toEqual([
      'auth.device_code_sent',
      'auth.device_code_used',
      'auth.device_bound',
    ]);
  });

  it('is mailed to its person, once', async () => {
    const [{ token, email }, device] = [await newPerson(), await makeDevice()];
    await register(device, token, { code: await mailedCode(token) });
    inbox.messages.length = 0;
    await register(device, token);
    await deliver();

    expect(inbox.messages).toHaveLength(1);
    expect(inbox.messages[0]).toContain('Subject: A device was registered for you');
    expect(inbox.messages[0]).toContain(`To: ${email}`);
  });

  it('is registered with the right code at the fifth try, and not at the sixth', async () => {
    const [{ token, userId }, device] = [await newPerson(), await makeDevice()];
    const code = await mailedCode(token);
    for (let tries = 1; tries <= 4; tries += 1) {
      const wrong = await register(device, token, { code: otherThan(code) });
      expect(verdict(wrong)).toEqual([422, 'device_code_wrong']);
      expect(textOf(wrong.body['detail'])).toContain(`${5 - tries} `);
    }
    expect((await register(device, token, { code })).status).toBe(201);
    expect((await auditOf(userId)).filter((action) => action.endsWith('wrong'))).toHaveLength(4);

    const [other, second] = [await newPerson(), await makeDevice()];
    const good = await mailedCode(other.token);
    for (let tries = 1; tries <= 5; tries += 1) {
      await register(second, other.token, { code: otherThan(good) });
    }
    expect(verdict(await register(second, other.token, { code: good }))).toEqual([
      429,
      'too_many_attempts',
    ]);
    const fresh = await mailedCode(other.token);
    expect((await register(second, other.token, { code: fresh })).status).toBe(201);
  });

  it('leaves one try to two guesses that are sent at once', async () => {
    const rounds = 5;
    for (let round = 0; round < rounds; round += 1) {
      const { token } = await newPerson();
      const devices = [await makeDevice(), await makeDevice()];
      // Both have a nonce already, so that the two requests that count run together.
      for (const device of devices) await register(device, token);
      const code = await mailedCode(token);
      for (let tries = 1; tries <= 4; tries += 1) {
        await register(devices[0] ?? (await makeDevice()), token, { code: otherThan(code) });
      }

      const replies = await Promise.all(
        devices.map((device) => register(device, token, { code: otherThan(code) })),
      );

      const codes = replies.map((reply) => textOf(reply.body['code'])).sort();
      expect(codes).toEqual(['device_code_wrong', 'too_many_attempts']);
    }
  });

  it('is one of two that are sent at once with the same code', async () => {
    const { token, userId } = await newPerson();
    const devices = [await makeDevice(), await makeDevice()];
    for (const device of devices) await register(device, token);
    const code = await mailedCode(token);

    const replies = await Promise.all(devices.map((device) => register(device, token, { code })));

    expect(replies.map(({ status }) => status).sort(byNumber)).toEqual([201, 410]);
    const used = (await auditOf(userId)).filter((action) => action === 'auth.device_code_used');
    expect(used).toHaveLength(1);
  });

  it('takes no code that is over, replaced, or of another sign-in', async () => {
    const [{ token, email }, device] = [await newPerson(), await makeDevice()];
    const code = await mailedCode(token);
    const elsewhere = await api.signIn(email);
    const refusal = [410, 'device_code_expired'];

    expect(verdict(await register(device, elsewhere, { code }))).toEqual(refusal);
    const next = await mailedCode(token);
    expect(verdict(await register(device, token, { code }))[1]).toBe('device_code_wrong');
    await api.moveClock(10 * MINUTE_MS + 1_000);
    try {
      const late = await register(device, await api.signIn(email), { code: next });
      expect(verdict(late)).toEqual(refusal);
    } finally {
      await api.moveClock(0);
    }
    expect((await register(device, token, { code: next })).status).toBe(201);
  });

  it('asks no code of a later device, but checks one that is sent', async () => {
    const [{ token }, first] = [await newPerson(), await makeDevice()];
    await register(first, token, { code: await mailedCode(token) });
    const second = await makeDevice();

    const wrong = await register(second, token, { code: '000000', replace: true });

    expect(verdict(wrong)).toEqual([410, 'device_code_expired']);
    expect((await register(second, token, { replace: true })).body).toMatchObject({
      status: 'pending',
    });
  });
});

describe('a first device where a second factor is optional', () => {
  it('needs no code, and one that is sent is still checked', async () => {
    const lenient = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
    try {
      const { students } = await makeWorld(lenient.em(), { studentCount: 2 });
      const [one, two] = await Promise.all(students.map(({ email }) => lenient.signIn(email)));
      const device = await makeDevice();
      const body = { public_key: device.publicKey };
      const send = (token = '', more = {}): Promise<ApiReply> =>
        device.request(lenient, 'POST', KEYS, { token, body: { ...body, ...more } });

      expect(verdict(await send(one, { code: '123456' }))).toEqual([410, 'device_code_expired']);
      expect((await send(one)).status).toBe(201);
      expect((await lenient.request('POST', `${KEYS}/code`, { token: two ?? '' })).status).toBe(
        202,
      );
    } finally {
      await lenient.close();
    }
  });
});
