/** A class with a screen and phones: the screen shows the code, a camera reads it, the roll fills. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { decodeQR } from 'qr/decode.js';
import { textOf } from '../api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../factories.ts';
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

  it('keeps a scan made offline and sends it when the connection is back', async () => {
    const session = await classNow();
    const email = world.students[2]?.email ?? '';
    const phone = await visit(email, `/sessions/${session}/scan`, PHONE);
    await phone.page.getByRole('button', { name: 'Register this phone' }).click();
    const camera = phone.page.getByRole('button', { name: 'Start the camera' });
    await camera.waitFor();
    filmCode(video, await codeOf(session));

    await phone.context.setOffline(true);
    await camera.click();
    await phone.page.getByTestId('scan-result').getByText('Saved on this phone').waitFor();
    await phone.context.setOffline(false);

    await phone.page.getByText('Your saved scan was sent').waitFor();
    await phone.page.goto(`${dashboard.api.baseUrl}/sessions/${session}`);
    await phone.page.getByTestId('own-mark').waitFor();
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
