/** The checks of a running class: the teacher counts and asks, a student drawn scans again. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { textOf } from '../api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../factories.ts';
import { makeScanner } from '../scanner.ts';
import type { SessionPolicy } from '../../src/domain/types.ts';
import { rows } from '../../src/db/orm.ts';
import { PHONE, startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';

let dashboard: TestDashboard;
let world: World;
const visitors: Visitor[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  world = await makeWorld(dashboard.api.em(), { studentCount: 4 });
}, 180_000);
afterEach(async () => {
  for (const { context } of visitors.splice(0)) await context.close();
});
afterAll(() => dashboard.close());

async function visit(email: string, path: string, viewport?: typeof PHONE): Promise<Visitor> {
  const visitor = await dashboard.visit(email, path, viewport);
  visitors.push(visitor);
  return visitor;
}

const aClass = (policy: Partial<SessionPolicy> = {}, startedMinutes = 30): Promise<string> =>
  makeSession(dashboard.api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-startedMinutes),
    policy: { geofenceMode: 'off', presenceLevel: 'open', lateAfterMinutes: 60, ...policy },
  });

const emailOf = (index: number): string => world.students[index]?.email ?? '';

/** Sends the six digits that are on the screen now, as somebody in the room reads them. */
async function typeDigits(screen: Page, phone: Page): Promise<void> {
  const shown = await screen.locator('.display-digits strong').textContent();
  await phone.getByLabel('Six digits on the screen').fill(shown ?? '');
  await phone.getByRole('button', { name: 'Send the digits' }).click();
}

/** Shows codes with digits, on a screen of the room. */
async function openScreen(session: string): Promise<Page> {
  const { page } = await visit(world.faculty.email, `/sessions/${session}`);
  await page.getByRole('link', { name: 'Show code' }).click();
  await page.getByRole('button', { name: 'Show digits' }).click();
  await page.locator('.display-digits').waitFor();
  return page;
}

/** A student outside the browser who scans the code of now. */
async function scanBeside(session: string, index: number): Promise<void> {
  const { api } = dashboard;
  const scanner = await makeScanner(api, await api.signIn(emailOf(index)));
  const path = `/api/v1/attendance/sessions/${session}/generate-qr`;
  const token = await api.signIn(world.faculty.email);
  const reply = await api.request('POST', path, { token, body: { text_code: true } });
  const code = { qr_token: textOf(reply.body['qr_token']) };
  expect((await scanner.scan(session, code)).status).toBe(201);
}

describe('the checks of a class', () => {
  it('a count that exceeds leads to a re-check, which the student who was drawn passes', async () => {
    const session = await aClass({ recheckPercent: 100 });
    const screen = await openScreen(session);
    const phone = await visit(emailOf(0), `/sessions/${session}/scan`, PHONE);
    await phone.page.getByRole('button', { name: 'Register this phone' }).click();
    await typeDigits(screen, phone.page);
    await phone.page.getByTestId('scan-result').getByText('You are recorded').waitFor();
    await scanBeside(session, 1);
    await scanBeside(session, 2);
    await phone.page.goto(`${dashboard.api.baseUrl}/my-attendance`);
    const bystander = await visit(emailOf(3), `/my-attendance`, PHONE);

    const teacher = await visit(world.faculty.email, `/sessions/${session}`);
    await teacher.page.getByRole('button', { name: 'Presence checks' }).click();
    await teacher.page.getByLabel('Heads you see').fill('1');
    await teacher.page.getByRole('button', { name: 'Compare' }).click();
    const outcome = teacher.page.getByTestId('head-count');
    await outcome.getByText('2 more are marked than were seen: 3 marked, 1 seen.').waitFor();
    await teacher.page.getByText(/^you, /).waitFor();
    expect(await teacher.page.getByRole('combobox', { name: 'Order' }).inputValue()).toBe(
      'Flagged first',
    );
    await outcome.getByRole('button', { name: 'Start a re-check' }).click();
    await teacher.page.getByRole('button', { name: 'Start', exact: true }).click();

    const running = teacher.page.getByTestId('recheck-running');
    await running.getByText('0 of 3 scanned again').waitFor();
    await screen.getByText('Re-check: those asked scan again').waitFor();
    const prompt = phone.page.getByTestId('recheck-prompt');
    // By socket: the bell alone asks once a minute.
    await prompt.getByText(/^Scan again in /).waitFor({ timeout: 5_000 });
    await phone.page.reload();
    await prompt
      .getByRole('timer')
      .getByText(/^[12]:\d\d$/)
      .waitFor();
    await prompt.getByRole('link', { name: 'Open the scanner' }).click();
    const notice = phone.page.getByTestId('recheck-notice');
    await notice.getByText('Scan again to confirm').waitFor();
    expect(await prompt.count()).toBe(0);
    await typeDigits(screen, phone.page);

    await phone.page.getByTestId('scan-result').getByText('Confirmed: you are here').waitFor();
    await notice.waitFor({ state: 'detached' });
    expect(await bystander.page.getByTestId('recheck-prompt').count()).toBe(0);
    await bystander.page.getByRole('button', { name: 'Notifications, none unread' }).waitFor();
    await phone.page.getByRole('button', { name: /Notifications, \d+ unread/ }).click();
    await phone.page.getByRole('link', { name: /You were asked to scan again in / }).waitFor();
    await running.getByText('1 of 3 scanned again').waitFor();
    expect([...teacher.complaints, ...phone.complaints]).toEqual([]);
  });

  it('a count that falls short shows who has no mark, and the exit scan starts near the end', async () => {
    const session = await aClass({ stayMode: 'first_last', minStayMinutes: 5 });
    const screen = await openScreen(session);
    const teacher = await visit(world.faculty.email, `/sessions/${session}`, PHONE);
    await teacher.page.getByRole('button', { name: 'Presence checks' }).click();
    await teacher.page.getByText(/^It can start in the last 15 minutes, from /).waitFor();
    await teacher.page.getByLabel('Heads you see').fill('3');
    await teacher.page.getByRole('button', { name: 'Compare' }).click();
    const outcome = teacher.page.getByTestId('head-count');
    await outcome.getByText('3 more were seen than are marked: 3 seen, 0 marked.').waitFor();
    await outcome.getByRole('button', { name: 'Show who has no mark' }).click();
    await teacher.page.locator('[data-count="unmarked"][aria-pressed="true"]').waitFor();

    await rows(
      dashboard.api.em(),
      "update attendance_session set end_at = app_clock() + interval '14 minutes' where id = ?::uuid",
      [session],
    );
    await teacher.page.reload();
    await teacher.page.getByRole('button', { name: 'Presence checks' }).click();
    await teacher.page.getByRole('button', { name: 'Start the exit scan' }).click();
    await teacher.page.getByText(/^Running since /).waitFor();
    await screen.getByText('Exit scan: scan before you leave').waitFor();
    expect(teacher.complaints).toEqual([]);
  });

  it('a static code that the institution did not allow is refused, and the other one stays', async () => {
    const session = await aClass();
    const screen = await openScreen(session);
    await screen.getByRole('button', { name: 'Static code' }).click();
    await screen
      .getByRole('alert')
      .getByText(/allows no static codes/)
      .waitFor();
    await screen.getByTestId('display-code').waitFor();
    await screen.locator('.display-digits').waitFor();
    await screen.getByRole('button', { name: 'Static code' }).waitFor();
  });
});
