/** A student's phones: the first with a code from a mail, the next one approved by the mentor. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Page } from 'playwright-core';
import { startMailDelivery, type MailDelivery } from '../../src/mail/deliver-mail.ts';
import { createMailer } from '../../src/mail/mailer.ts';
import { createDeviceCodes } from '../../src/security/device-codes.ts';
import { makeDevice } from '../device.ts';
import { makeWorld, TEST_PASSWORD, type World } from '../factories.ts';
import { eventually } from '../temporal.ts';
import {
  fillSignIn,
  LAPTOP,
  PHONE,
  startDashboard,
  type TestDashboard,
  type Visitor,
} from './dashboard.ts';

let folder: string;
let dashboard: TestDashboard;
let world: World;
let mail: MailDelivery;
const visitors: Visitor[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'campshub360-mail-'));
  dashboard = await startDashboard([], { AUTH_SECOND_FACTOR: 'required' });
  world = await makeWorld(dashboard.api.em(), { studentCount: 2 });
  const { orm, keys } = dashboard.api.deps;
  const mailer = createMailer({
    isProduction: false,
    smtpUrl: undefined,
    mailFrom: undefined,
    mailFolder: folder,
  });
  if (!mailer) throw new Error('no mailer');
  mail = startMailDelivery({
    orm,
    mailer,
    logger: pino({ level: 'silent' }),
    dashboardUrl: dashboard.api.baseUrl,
    deviceCodes: createDeviceCodes(keys),
  });
}, 180_000);
afterEach(async () => {
  for (const { context } of visitors.splice(0)) await context.close();
});
afterAll(async () => {
  await mail.stop();
  await dashboard.close();
  await rm(folder, { recursive: true, force: true });
});

async function visit(email: string, path: string, viewport = LAPTOP): Promise<Visitor> {
  const visitor = await dashboard.visit(email, path, viewport);
  visitors.push(visitor);
  return visitor;
}

/** The code of the mail in the folder. */
async function mailedCode(): Promise<string> {
  let code: string | undefined;
  await eventually('the mail with the code', async () => {
    for (const name of await readdir(folder)) {
      const text = await readFile(join(folder, name), 'utf8');
      code ??= /Your code is (\d{6})\./.exec(text.replaceAll('=\r\n', ''))?.[1];
    }
    return code !== undefined;
  });
  return code ?? '';
}

/** Complaints but for refused requests, which these paths mean. */
const unexpected = (...seen: readonly Visitor[]): string[] =>
  seen.flatMap(({ complaints }) => complaints).filter((line) => !/status of 4\d\d/.test(line));

const thisBrowser = (page: Page) =>
  page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'This browser' }) });

describe('the devices of a student', () => {
  it('are registered with the code of a mail, and outlive a sign-out', async () => {
    const phone = await dashboard.visitByForm(world.student.email, '/sessions', PHONE);
    visitors.push(phone);
    const { page } = phone;
    await page.getByTestId('account').click();
    await page.getByRole('link', { name: 'My devices' }).click();
    await page.getByRole('button', { name: 'Register this phone' }).click();
    await page.getByRole('button', { name: 'Send me a code' }).click();
    await page.getByText(/A code is on its way to .\*\*\*@test\.campus/).waitFor();
    const code = await mailedCode();

    await page.getByLabel('Code from the email').fill(code === '000000' ? '000001' : '000000');
    await page.getByRole('button', { name: 'Register this phone' }).click();
    await page.getByText('4 tries are left').waitFor();
    await page.getByLabel('Code from the email').fill(code);
    await page.getByRole('button', { name: 'Register this phone' }).click();
    await thisBrowser(page).getByText('Active').waitFor();

    await page.getByTestId('account').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await fillSignIn(page, world.student.email);
    await thisBrowser(page).getByText('Active').waitFor();
    // What the page still held in memory is gone now: the key comes from the browser's database.
    await page.reload();
    await thisBrowser(page).getByText('Active').waitFor();
    expect(unexpected(phone)).toEqual([]);
  });

  it('replace one another after the password, and the mentor approves the new one', async () => {
    const mentor = await visit(world.people.mentor.email, '/sessions');
    const browser = await visit(world.student.email, '/my-devices');
    const { page } = browser;
    await page.getByText('Another phone is registered for you').waitFor();
    await dashboard.api.moveClock(11 * 60_000);
    await page.getByRole('button', { name: 'Replace it by this phone' }).click();
    await page.getByLabel('Password', { exact: true }).fill(TEST_PASSWORD);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText(/^This phone is registered and pending until .*\d/).waitFor();
    await thisBrowser(page).getByText('Pending', { exact: true }).waitFor();
    await page.getByText('Another device').waitFor();

    await mentor.page.getByRole('link', { name: /Approvals.*1 request waits for you/ }).click();
    await mentor.page.getByRole('tab', { name: 'New devices, 1 waiting' }).click();
    await mentor.page.getByText(/Replaces one used from/).waitFor();
    await mentor.page.getByRole('button', { name: /^Approve the device of/ }).click();

    await mentor.page.getByText('No new device waits').waitFor();
    await thisBrowser(page).getByText('Active').waitFor();
    await page.getByRole('button', { name: /^Notifications/ }).click();
    await page.getByText('Your new device was approved.').waitFor();
    expect(unexpected(mentor, browser)).toEqual([]);
  });

  it('end, and are allowed again by an administrator once too many followed', async () => {
    const { api } = dashboard;
    const { email } = world.student;
    const browser = await visit(email, '/my-devices', PHONE);
    const other = await makeDevice();
    await other.request(api, 'POST', '/api/v1/me/device-keys', {
      token: await api.signIn(email),
      body: { public_key: other.publicKey, replace: true },
    });
    await browser.page.reload();
    await browser.page.getByRole('button', { name: /^End the device registered/ }).click();
    await browser.page.getByRole('button', { name: 'End the device', exact: true }).click();
    await browser.page.getByText('This phone is not registered yet').waitFor();
    const register = browser.page.getByRole('button', { name: 'Register this phone' });
    await register.click();
    await browser.page.getByText(/Ask the administration/).waitFor();

    const admin = await visit(world.people.admin.email, '/approvals');
    await admin.page.getByText('No new device waits').waitFor();
    await admin.page.getByLabel('Only pending ones').uncheck();
    await admin.page
      .getByRole('button', { name: /another change$/ })
      .first()
      .click();
    const allow = admin.page.getByRole('dialog').getByRole('button', { name: 'Allow another' });
    await allow.click();
    await admin.page.getByText('Say why.').waitFor();
    await admin.page.getByLabel('Reason').fill('Two phones broke');
    await allow.click();
    await admin.page.getByText('Limit reached').first().waitFor({ state: 'hidden' });

    await register.click();
    await thisBrowser(browser.page).getByText('Pending', { exact: true }).waitFor();
    await admin.page.getByTestId('account').click();
    await admin.page.getByRole('link', { name: 'My devices' }).click();
    await admin.page.getByText('A phone is registered once, for you alone.').waitFor();
    expect(unexpected(browser, admin)).toEqual([]);
  });
});
