import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { rows } from '../../src/db/orm.ts';
import { makeSession, makeWorld, type World } from '../factories.ts';
import { PHONE, startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';

let dashboard: TestDashboard;
let world: World;
const visitors: Visitor[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  world = await makeWorld(dashboard.api.em(), { studentCount: 3 });
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

const classNow = (selfEntryEnabled: boolean): Promise<string> =>
  makeSession(dashboard.api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    policy: { selfEntryEnabled },
  });

const here = (page: Page) => page.getByRole('button', { name: 'I am here' });
const waiting = (page: Page) => page.getByText('Waiting for your teacher', { exact: true });

describe('a student who says "I am here"', () => {
  it('waits for the teacher, who approves the class at once, and then reads present', async () => {
    const session = await classNow(true);
    const phone = await visit(world.student.email, `/sessions/${session}`, PHONE);

    await here(phone.page).click();
    await waiting(phone.page).waitFor();
    expect(await here(phone.page).count()).toBe(0);
    const teacher = await visit(world.faculty.email, '/approvals');
    await teacher.page.getByRole('button', { name: /^Approve all in/ }).click();
    await teacher.page.getByText('1 entry decided').waitFor();

    const mark = phone.page.getByTestId('own-mark').getByText('Present', { exact: true });
    await mark.waitFor();
    expect(await waiting(phone.page).count()).toBe(0);
    expect([...phone.complaints, ...teacher.complaints]).toEqual([]);
  });

  it('reads why the teacher refused, and may say it again', async () => {
    const session = await classNow(true);
    const phone = await visit(world.student.email, `/sessions/${session}`, PHONE);
    await here(phone.page).click();
    await waiting(phone.page).waitFor();
    const teacher = await visit(world.faculty.email, '/approvals');

    await teacher.page.getByRole('button', { name: /^Refuse all in/ }).click();
    const dialog = teacher.page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Refuse', exact: true }).click();
    await dialog.getByText('Say why, so that the student understands.').waitFor();
    await dialog.getByLabel('Note').fill('Your seat was empty');
    await dialog.getByRole('button', { name: 'Refuse', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });

    await phone.page.getByText(/Your seat was empty/).waitFor();
    await here(phone.page).waitFor();
  });

  it('is not asked where the class takes no own entries, but finds the scanner', async () => {
    const session = await classNow(false);
    const [planned] = await rows<{ day: string }>(
      dashboard.api.em(),
      'select scheduled_date::text as day from attendance_session where id = ?::uuid',
      [session],
    );
    const { page } = await visit(world.student.email, `/sessions?day=${planned?.day}`, PHONE);

    await page.locator(`a[href="/sessions/${session}/scan"]`, { hasText: 'Scan the code' }).click();
    await page.getByRole('heading', { name: 'Scan the code' }).waitFor();
    await page.getByText('This phone is not registered yet').waitFor();
    await page.goBack();
    await page.locator(`a[href="/sessions/${session}"]`, { hasText: 'View the class' }).click();
    await page.locator('.own-mark').waitFor();
    expect(await here(page).count()).toBe(0);
  });
});
