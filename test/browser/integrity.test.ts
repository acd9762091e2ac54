import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { rows } from '../../src/db/orm.ts';
import { campusDay, makeWorld, type World } from '../factories.ts';
import { PHONE, startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';

let dashboard: TestDashboard;
let world: World;
const visitors: Visitor[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  world = await makeWorld(dashboard.api.em(), { studentCount: 4 });
}, 180_000);
afterAll(async () => {
  for (const { context } of visitors) await context.close();
  await dashboard.close();
});

function studentAt(index: number) {
  const found = world.students[index];
  if (!found) throw new Error(`the class has no student ${index}`);
  return found;
}

async function enter(email: string, path: string, viewport?: typeof PHONE): Promise<Visitor> {
  const visitor = await dashboard.visit(email, path, viewport);
  visitors.push(visitor);
  return visitor;
}

/** A class with a code: three marked without a scan, one phone tried for two, one head too many. */
async function holdClass(): Promise<void> {
  const { api } = dashboard;
  const token = await api.signIn(world.faculty.email);
  const post = async (path: string, body: object): Promise<void> => {
    const headers = { 'idempotency-key': v7() };
    const url = `/api/v1/attendance/${path}/`;
    const { status } = await api.request('POST', url, { token, body, headers });
    expect([200, 201]).toContain(status);
  };
  const { session } = world;
  await post(`sessions/${session}/generate-qr`, {});
  const mark = (index: number, more: object) =>
    post('records', { session, student: studentAt(index).id, mark: 'present', ...more });
  await mark(0, { fallback: 'no_phone' });
  await mark(1, { mark: 'late', fallback: 'id_card' });
  await mark(2, {});
  await post(`sessions/${session}/head-counts`, { heads: 1 });
  await rows(
    api.em(),
    `insert into scan_refusal (id, session_id, student_id, code, other_student_id)
     values (?::uuid, ?::uuid, ?::uuid, 'device_already_used', ?::uuid)`,
    [v7(), session, studentAt(0).id, studentAt(3).id],
  );
}

describe('the integrity page', () => {
  it('says in words that nothing stands out, then who does, and leads to the record', async () => {
    const { page, complaints } = await enter(world.faculty.email, '/sessions');
    await page.getByRole('link', { name: 'Integrity' }).click();
    await page.getByText('Nothing stands out').waitFor();

    await holdClass();
    await page.reload();
    const figure = (name: string) => page.locator('dl', { hasText: name });
    await figure('Marked without a scan').getByText('3', { exact: true }).waitFor();
    await figure('Marked without a scan').getByText('1 without a reason').waitFor();
    await figure('Refused scans').getByText('1', { exact: true }).waitFor();
    await figure('Head counts that do not fit').getByText('1', { exact: true }).waitFor();
    await page.getByText('No phone: 1').waitFor({ state: 'attached' });
    await page.getByText('No reason given: 1').waitFor({ state: 'attached' });
    await page.getByText('More marks than people in the room').waitFor();
    const shared = page.getByRole('region', { name: 'One phone for two students' });
    await shared.getByText(studentAt(3).rollNumber).waitFor();
    await page
      .getByRole('region', { name: 'Who marked without a scan' })
      .getByText('No phone 1, Identity card seen 1, No reason given 1')
      .waitFor();

    const student = page.locator(`[data-student="${studentAt(0).id}"]`);
    await student.getByText('1 refused scan').waitFor();
    await student.getByText('Without a scan in 1 of 1 classes: No phone 1').waitFor();
    await student.getByRole('link').click();
    const history = page.getByTestId('record-history');
    await history.getByText('Without a scan: No phone').waitFor();
    await page.keyboard.press('Escape');
    await history.waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('');
    await page.goBack();
    await page.getByRole('heading', { name: 'Students that stand out' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('narrows to days of the address, says why it cannot, and fits a phone', async () => {
    const { page } = await enter(world.faculty.email, '/integrity', PHONE);
    await page.getByRole('heading', { name: 'Students that stand out' }).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(PHONE.width);

    const open = (query: string) => page.goto(`${dashboard.api.baseUrl}/integrity?${query}`);
    await open(`from=${campusDay(2)}`);
    await page.getByText('No classes in these days').waitFor();
    await open(`from=${campusDay(2)}&to=${campusDay()}`);
    await page.getByRole('alert').getByText('The first day lies after the last one').waitFor();
    await page.getByLabel('From').locator('..').getByLabel('Clear').click();
    await page.getByRole('heading', { name: 'Students that stand out' }).waitFor();
  });

  it('is not for students', async () => {
    const { page } = await enter(world.student.email, '/integrity');
    await page.getByText('This page is not for your role').waitFor();
    expect(await page.getByRole('link', { name: 'Integrity' }).count()).toBe(0);
  });
});
