/** A class with a screen and phones: the screen shows the code, a camera reads it, the roll fills. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { decodeQR } from 'qr/decode.js';
import { v7 } from 'uuid';
import { rows } from '../../src/db/orm.ts';
import { textOf } from '../api.ts';
import { enrol, makeSession, makeWorld, minutesFromNow, type World } from '../factories.ts';
import { PHONE, startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';
import { cameraFlags, filmCode, filmWall } from './fake-camera.ts';

let folder: string;
let video: string;
let dashboard: TestDashboard;
let world: World;
const visitors: Visitor[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'campshub360-camera-'));
  video = join(folder, 'camera.y4m');
  filmWall(video);
  dashboard = await startDashboard(cameraFlags(video));
  world = await makeWorld(dashboard.api.em(), { studentCount: 3 });
}, 180_000);
afterEach(async () => {
  for (const { context } of visitors.splice(0)) await context.close();
});
afterAll(async () => {
  await dashboard.close();
  await rm(folder, { recursive: true, force: true });
});

async function visit(email: string, path: string, viewport?: typeof PHONE): Promise<Visitor> {
  const visitor = await dashboard.visit(email, path, viewport);
  visitors.push(visitor);
  return visitor;
}

const classNow = (): Promise<string> =>
  makeSession(dashboard.api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-2),
    policy: { qrStepSeconds: 15, offlineQr: 'confirm_first', geofenceMode: 'off' },
  });

/** The code of now, as the camera of a student in the room would see it. */
async function codeOf(session: string): Promise<string> {
  const { api } = dashboard;
  const token = await api.signIn(world.faculty.email);
  const path = `/api/v1/attendance/sessions/${session}/generate-qr`;
  const reply = await api.request('POST', path, { token, body: {} });
  return textOf(reply.body['qr_token']);
}

describe('scanning in a browser', () => {
  it('registers the phone, reads the filmed code and records the student', async () => {
    const session = await classNow();
    const screen = await visit(world.faculty.email, `/sessions/${session}`);
    await screen.page.getByRole('link', { name: 'Show code' }).click();
    await screen.page.getByTestId('display-code').waitFor();
    const phone = await visit(world.student.email, `/sessions/${session}`, PHONE);
    await phone.page.getByRole('link', { name: 'Scan the code' }).click();
    await phone.page.getByRole('button', { name: 'Register this phone' }).click();
    const camera = phone.page.getByRole('button', { name: 'Start the camera' });
    await camera.waitFor();

    filmCode(video, await codeOf(session));
    await camera.click();

    await phone.page.getByTestId('scan-result').getByText('You are recorded').waitFor();
    await screen.page.getByTestId('display-count').getByText('1 of 3 here').waitFor();
    expect([...phone.complaints, ...screen.complaints]).toEqual([]);
  });

  it('takes the digits of the screen where no camera reads it', async () => {
    const session = await classNow();
    const screen = await visit(world.faculty.email, `/sessions/${session}`);
    await screen.page.getByRole('link', { name: 'Show code' }).click();
    await screen.page.getByRole('button', { name: 'Show digits' }).click();
    const shown = await screen.page.locator('.display-digits strong').textContent();
    const email = world.students[1]?.email ?? '';
    const phone = await visit(email, `/sessions/${session}/scan`, PHONE);
    await phone.page.getByRole('button', { name: 'Register this phone' }).click();

    await phone.page.getByLabel('Six digits on the screen').fill(shown ?? '');
    await phone.page.getByRole('button', { name: 'Send the digits' }).click();

    await phone.page.getByTestId('scan-result').getByText('You are recorded').waitFor();
  });

  it('replaces a registered phone after saying what that means', async () => {
    const session = await classNow();
    const email = world.students[1]?.email ?? '';
    const { page } = await visit(email, `/sessions/${session}/scan`, PHONE);
    await page.getByRole('button', { name: 'Register this phone' }).click();
    await page.getByText('Another phone is registered for you').waitFor();

    await page.getByRole('button', { name: 'Replace it by this phone' }).click();

    await page.getByRole('button', { name: 'Start the camera' }).waitFor();
  });

  it('opens and keeps a scan offline, sends it from another page, and says what is refused', async () => {
    const session = await classNow();
    const email = world.students[2]?.email ?? '';
    const { page, context } = await visit(email, `/sessions/${session}/scan`, PHONE);
    await page.getByRole('button', { name: 'Register this phone' }).click();
    const camera = page.getByRole('button', { name: 'Start the camera' });
    await camera.waitFor();
    // A fresh page has asked nothing about the phone, and has the scanner's file at hand.
    await page.goto(`${dashboard.api.baseUrl}/sessions/${session}`);
    const link = page.getByRole('link', { name: 'Scan the code' });
    await link.waitFor();
    await page.waitForLoadState('networkidle');
    const code = await codeOf(session);
    filmCode(video, code);

    await context.setOffline(true);
    await link.click();
    await camera.click();
    await page.getByTestId('scan-result').getByText('Saved on this phone').waitFor();
    expect(await page.locator(':focus').textContent()).toContain('Saved on this phone');
    await page.goBack();
    await page.getByTestId('saved-scans').getByText('1 saved scan waits').waitFor();
    await context.setOffline(false);

    await page
      .getByText('Your saved scan was sent. Your teacher is asked to confirm it.')
      .waitFor();
    await page.getByTestId('own-mark').waitFor();

    const stale = {
      op_id: v7(),
      session,
      student: world.students[2]?.id,
      captured_at: minutesFromNow(-60).toISOString(),
      captured_mono_ms: 0,
      boot_id: 'another page',
      qr_code: code,
    };
    await page.evaluate(
      `localStorage.setItem('campshub360.saved-scans', '${JSON.stringify([stale])}')`,
    );
    await page.reload();
    const refused = page.getByTestId('refused-scan');
    await refused.getByText('The saved scan could not be used. Request a correction.').waitFor();
    await refused.getByText(/^A saved scan does not count: .*Programming/).waitFor();
    await refused.getByRole('link', { name: 'Request a correction' }).click();
    await page.waitForURL('**/my-attendance');
    await page.reload();
    await refused.getByRole('button', { name: 'Dismiss' }).click();
    await refused.waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('heading', { name: 'My attendance' }).waitFor();
    expect(await refused.count()).toBe(0);
  });

  it('can be tried again after a refusal, and counts once when its answer got lost', async () => {
    const session = await classNow();
    const [student] = world.other.students;
    const phone = await visit(student?.email ?? '', `/sessions/${session}/scan`, PHONE);
    const { page } = phone;
    await page.getByRole('button', { name: 'Register this phone' }).click();
    await page.getByText('You are not on the list of this class.').waitFor();
    await enrol(dashboard.api.em(), student?.id ?? '', world.section);
    await page.getByRole('button', { name: 'Try again' }).click();
    const camera = page.getByRole('button', { name: 'Start the camera' });
    await camera.waitFor();
    filmCode(video, await codeOf(session));
    await page.route(
      '**/records/qr-scan/',
      async (route) => {
        await route.fetch();
        await route.abort();
      },
      { times: 1 },
    );

    await camera.click();
    await page.getByTestId('scan-result').getByText('Saved on this phone').waitFor();
    await page.getByRole('button', { name: 'Send now' }).click();

    await page.getByTestId('scan-result').getByText('Your saved scan was sent').waitFor();
    expect(await page.getByTestId('refused-scan').count()).toBe(0);
    const kept = await rows(
      dashboard.api.em(),
      `select capture_mode, outcome from attendance_operation
       where session_id = ?::uuid and student_id = ?::uuid`,
      [session, student?.id ?? ''],
    );
    expect(kept).toEqual([{ capture_mode: 'online', outcome: 'admitted' }]);
  });

  it('holds a saved scan of a phone that is not registered until it is, or is given up', async () => {
    const session = await classNow();
    const { email = '', id: student } = world.students[2] ?? {};
    const { page } = await visit(email, `/sessions/${session}`, PHONE);
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/sync/')) sent.push(request.url());
    });
    const keepScan = async (): Promise<void> => {
      const scan = {
        op_id: v7(),
        session,
        student,
        captured_at: new Date().toISOString(),
        captured_mono_ms: 0,
        boot_id: 'another page',
        qr_code: await codeOf(session),
      };
      await page.evaluate(
        `localStorage.setItem('campshub360.saved-scans', '${JSON.stringify([scan])}')`,
      );
      await page.reload();
    };
    await keepScan();
    const notice = page.getByTestId('saved-scans');
    await notice.getByText('This device is not registered for you').waitFor();
    const sentAtFirst = sent.length;
    expect(sentAtFirst).toBeGreaterThan(0);
    await page.evaluate(`window.dispatchEvent(new Event('online'))`);
    await page.reload();
    await notice.getByText('This device is not registered for you').waitFor();
    await notice.getByRole('button', { name: 'Discard' }).click();
    const dialog = page.getByRole('dialog', { name: 'Discard the saved scan?' });
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await notice.waitFor({ state: 'detached' });
    expect(sent).toHaveLength(sentAtFirst);
    await dialog.waitFor({ state: 'detached' });

    await keepScan();
    await notice.getByText('This device is not registered for you').waitFor();
    await page.getByRole('link', { name: 'Scan the code' }).click();
    await page.getByRole('button', { name: 'Register this phone' }).click();
    await page.getByRole('button', { name: 'Replace it by this phone' }).click();
    // It was registered after the scan: the answer says so, and that it came.
    const answer = page.getByTestId('refused-scan');
    await answer.getByText('The device was not registered when this was captured.').waitFor();
    await notice.waitFor({ state: 'detached' });
  });

  it('shows a picture that reads as the code the server pushed', async () => {
    const session = await classNow();
    const { page } = await visit(world.faculty.email, `/sessions/${session}`);
    await page.getByRole('link', { name: 'Show code' }).click();
    const picture = page.getByTestId('display-code');
    await picture.waitFor();
    const seen = PNG.sync.read(await picture.screenshot());
    const text = decodeQR({ width: seen.width, height: seen.height, data: seen.data });
    expect(text).toMatch(/^[\w-]{58}$/);
  });
});
