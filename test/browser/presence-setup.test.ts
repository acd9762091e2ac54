/** An administrator sets presence up; the next scan in that room is judged by it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { firstRow, rows } from '../../src/db/orm.ts';
import { textOf } from '../api.ts';
import { campusDay, makeWorld, minutesFromNow, type World } from '../factories.ts';
import { LAPTOP, PHONE, startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';

const HERE = { latitude: 17.385, longitude: 78.4867, accuracy: 8 };
const ELSEWHERE = { latitude: 17.395, longitude: 78.4867, accuracy: 8 };

let dashboard: TestDashboard;
let world: World;
const visitors: Visitor[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  world = await makeWorld(dashboard.api.em(), { studentCount: 2 });
  // The class the test makes is the only one of the section now.
  await rows(
    dashboard.api.em(),
    "update attendance_session set status = 'cancelled' where id = ?::uuid",
    [world.session],
  );
}, 180_000);
afterEach(async () => {
  for (const { context } of visitors.splice(0)) await context.close();
});
afterAll(() => dashboard.close());

async function visit(email: string, path: string, viewport = LAPTOP): Promise<Visitor> {
  const visitor = await dashboard.visit(email, path, viewport);
  visitors.push(visitor);
  return visitor;
}

async function standAt({ context }: Visitor, position: typeof HERE): Promise<void> {
  await context.grantPermissions(['geolocation']);
  await context.setGeolocation(position);
}

/** A class that opened a moment ago, made as a teacher makes an extra one. */
async function extraClass(): Promise<string> {
  const { api } = dashboard;
  const reply = await api.request('POST', '/api/v1/attendance/sessions/', {
    token: await api.signIn(world.faculty.email),
    headers: { 'idempotency-key': v7() },
    body: {
      course_section: world.section,
      scheduled_date: campusDay(0, minutesFromNow(-1)),
      start_datetime: minutesFromNow(-1).toISOString(),
      end_datetime: minutesFromNow(50).toISOString(),
      room: world.room.code,
    },
  });
  return textOf(reply.body['id']);
}

async function digitsOf(session: string): Promise<string> {
  const { api } = dashboard;
  const path = `/api/v1/attendance/sessions/${session}/generate-qr`;
  const token = await api.signIn(world.faculty.email);
  const reply = await api.request('POST', path, { token, body: { text_code: true } });
  return textOf(reply.body['text_code']);
}

/** Types the digits of the screen once the phone knows where it is. */
async function scanAt(email: string, session: string, position: typeof HERE): Promise<Visitor> {
  const phone = await visit(email, '/sessions', PHONE);
  await standAt(phone, position);
  const { page } = phone;
  await page.goto(`${dashboard.api.baseUrl}/sessions/${session}/scan`);
  await page.getByRole('button', { name: 'Register this phone' }).click();
  await page.getByText('Your position is compared with the room and not kept.').waitFor();
  await page.evaluate(
    `new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(
      () => resolve(true), reject, { maximumAge: 60_000 }))`,
  );
  await page.getByLabel('Six digits on the screen').fill(await digitsOf(session));
  await page.getByRole('button', { name: 'Send the digits' }).click();
  return phone;
}

describe('an administrator', () => {
  it('places a room and makes it strict; a scan there is asked for its position', async () => {
    const admin = await visit(world.people.admin.email, '/sessions');
    await standAt(admin, HERE);
    const { page } = admin;
    await page.getByRole('link', { name: 'Presence setup' }).click();
    const room = world.room.code;
    await page.getByRole('button', { name: `Set the place of ${room}`, exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Give a number.').first().waitFor();
    await dialog.getByLabel('Latitude').fill('95');
    await dialog.getByLabel('Longitude').fill('78');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Give degrees from -90 to 90.', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Use my position' }).click();
    await dialog.getByText('Your position, exact to 8 m.').waitFor();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('cell', { name: /17\.385000, 78\.486700 · 60\sm/ }).waitFor();

    await page.getByRole('link', { name: `Settings of ${room}`, exact: true }).click();
    await page.getByRole('combobox', { name: 'Level', exact: true }).click();
    await page.getByRole('option', { name: 'Strict' }).click();
    await page.getByRole('button', { name: 'Save the changes' }).click();
    await page.getByText(/^Saved\./).waitFor();
    expect(await page.getByRole('combobox', { name: 'Level', exact: true }).inputValue()).toBe(
      'Strict',
    );

    const session = await extraClass();
    const [near, far] = world.students;
    const inside = await scanAt(near?.email ?? '', session, HERE);
    await inside.page.getByTestId('scan-result').getByText('You are recorded').waitFor();
    const outside = await scanAt(far?.email ?? '', session, ELSEWHERE);
    await outside.page.getByText('You appear to be outside the room.').waitFor();
    const kept = await rows(
      dashboard.api.em(),
      'select level, geofence, geofence_mode as mode from presence_evidence where session_id = ?::uuid',
      [session],
    );
    expect(kept).toEqual([{ level: 'strict', geofence: 'inside', mode: 'enforce' }]);
    expect(admin.complaints.filter((line) => !line.includes('400'))).toEqual([]);
  }, 120_000);

  it('lists the networks of the campus and sees what is wrong at its row', async () => {
    const { page } = await visit(world.people.admin.email, '/presence-setup/networks', PHONE);
    await page.getByRole('button', { name: 'Add a network' }).click();
    await page.getByLabel('Building of network 1').fill('Library');
    await page.getByLabel('Network 1', { exact: true }).fill('127.0.0.0');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Give a network with its length').waitFor();

    await page.getByLabel('Network 1', { exact: true }).fill('127.0.0.1/8');
    await page.getByRole('button', { name: 'Save' }).click();

    await page.getByTestId('own-address').getByText('127.0.0.1: on campus').waitFor();
    expect(await page.getByLabel('Network 1', { exact: true }).inputValue()).toBe('127.0.0.0/8');
  });

  it('switches the static code on with a reason, and only for the whole institution', async () => {
    const { page } = await visit(world.people.admin.email, '/presence-setup/settings');
    await page.getByText('A code is accepted for 20 seconds').waitFor();
    await page.getByLabel('A new code every').fill('16');
    const described = await page
      .getByRole('combobox', { name: 'Static code' })
      .getAttribute('aria-describedby');
    expect(await page.locator(`[id="${described}"]`).textContent()).toContain('photographed');
    await page.getByRole('combobox', { name: 'Static code' }).click();
    await page.getByRole('option', { name: 'On', exact: true }).click();
    await page.getByRole('button', { name: 'Save the changes' }).click();
    await page.getByText('Give a whole number from 5 to 15.').waitFor();
    await page.getByText('Say why; the reason stays in the audit trail.').waitFor();

    await page.getByLabel('A new code every').fill('15');
    await page.getByText('A code is accepted for 30 seconds').waitFor();
    await page.getByLabel('Why is the static code changed?').fill('Block C has no screens');
    await page.getByRole('button', { name: 'Save the changes' }).click();

    await page.getByText(/^Saved\./).waitFor();
    const audit = await firstRow<{ body: string }>(
      dashboard.api.em(),
      "select body from audit_event where entity_id = 'STATIC_QR_ENABLED'",
    );
    expect(audit?.body).toContain('Block C has no screens');
    await page.goto(`${dashboard.api.baseUrl}/presence-setup/settings?kind=campus`);
    await page.getByText('Choose where it holds').waitFor();
  });

  it('is the only one: a teacher is told that the page is for somebody else', async () => {
    const { page } = await visit(world.faculty.email, '/presence-setup');
    await page.getByText('This page is not for your role').waitFor();
    expect(await page.getByRole('link', { name: 'Presence setup' }).count()).toBe(0);
  });
});
