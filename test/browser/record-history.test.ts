import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { operationFor } from '../../src/operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../src/operations/ports.ts';
import { applyOperations } from '../../src/operations/records/apply-operations.ts';
import { makeWorld, type World } from '../factories.ts';
import { PHONE, startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';

let dashboard: TestDashboard;
let world: World;
const visitors: Visitor[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  world = await makeWorld(dashboard.api.em());
  await scan();
  await contradict();
}, 180_000);
afterAll(async () => {
  for (const { context } of visitors) await context.close();
  await dashboard.close();
});

/** A code scanned by the student. */
async function scan(): Promise<void> {
  const operation = operationFor(dashboard.api.deps, SYSTEM_ACTOR);
  await operation.em.transactional((em) =>
    applyOperations({ ...operation, em }, em, world.session, [
      { opId: v7(), studentId: world.student.id, mark: 'present', rank: 50, source: 'qr' },
    ]),
  );
}

/** The teacher says otherwise, without having seen the scan. */
async function contradict(): Promise<void> {
  const { api } = dashboard;
  const reply = await api.request('POST', '/api/v1/attendance/records/', {
    token: await api.signIn(world.faculty.email),
    body: {
      session: world.session,
      student: world.student.id,
      mark: 'absent',
      reason: 'the seat was empty',
    },
    headers: { 'idempotency-key': v7() },
  });
  expect(reply.status).toBe(200);
}

async function enter(email: string, path: string, viewport?: typeof PHONE): Promise<Visitor> {
  const visitor = await dashboard.visit(email, path, viewport);
  visitors.push(visitor);
  return visitor;
}

describe('the history of a record', () => {
  it('opens for staff from the tile by key and by click, with every entry and its reason', async () => {
    const { page, complaints } = await enter(world.faculty.email, `/sessions/${world.session}`);
    await page.locator(`[data-student="${world.student.id}"]`).focus();
    await page.keyboard.press('h');

    const history = page.getByTestId('record-history');
    await history.locator('[data-why="lost_lower_rank"]').getByText('scanned code').waitFor();
    const winner = history.locator('[data-why="won_highest_rank"]');
    await winner.getByText('Counts').waitFor();
    await winner.getByText('the seat was empty').waitFor();
    await history.getByText('A person and a device say different things.').waitFor();
    expect(await history.getByRole('listitem').count()).toBe(2);

    await page.keyboard.press('Escape');
    await history.waitFor({ state: 'detached' });
    await page
      .getByRole('button', { name: /^History of / })
      .first()
      .click();
    await history.waitFor();
    expect(complaints).toEqual([]);
  });

  it('opens for the student from the own mark, without the words of others', async () => {
    const { page, complaints } = await enter(
      world.student.email,
      `/sessions/${world.session}`,
      PHONE,
    );
    await page.getByRole('button', { name: 'History' }).click();

    const history = page.getByTestId('record-history');
    await history.getByText('There is a note that only staff of the class read.').waitFor();
    await history.getByText(/Teacher$/).waitFor();
    expect(await history.getByText('the seat was empty').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('opens for the student from the own attendance', async () => {
    const { page, complaints } = await enter(world.student.email, '/my-attendance');
    await page.getByRole('button', { name: /^History of / }).click();
    await page.getByRole('button', { name: /^History of the mark: / }).click();

    const history = page.getByTestId('record-history');
    await history.locator('[data-why="lost_lower_rank"]').getByText('A stronger entry').waitFor();
    await history.locator('[data-winner]').getByText('Absent').waitFor();
    expect(complaints).toEqual([]);
  });
});
