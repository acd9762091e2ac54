import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { rows } from '../../src/db/orm.ts';
import { makeWorld, type World } from '../factories.ts';
import { startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';

let dashboard: TestDashboard;
let world: World;
const visitors: Visitor[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  world = await makeWorld(dashboard.api.em());
  await rows(
    dashboard.api.em(),
    "update attendance_session set status = 'locked', locked_at = app_clock() where id = ?::uuid",
    [world.session],
  );
}, 180_000);
afterEach(async () => {
  for (const { context } of visitors.splice(0)) await context.close();
});
afterAll(() => dashboard.close());

async function visit(email: string, path: string): Promise<Visitor> {
  const visitor = await dashboard.visit(email, path);
  visitors.push(visitor);
  return visitor;
}

describe('a teacher whose register is final', () => {
  it('asks for its unlock, which the head of the department approves', async () => {
    const teacher = await visit(world.faculty.email, '/sessions');
    await teacher.page.getByRole('button', { name: /^More actions for/ }).click();
    await teacher.page.getByRole('menuitem', { name: 'Ask to unlock' }).click();
    const dialog = teacher.page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Send the request' }).click();
    await dialog.getByText('Say why.').waitFor();
    await dialog.getByLabel('Hours').fill('3');
    await dialog.getByLabel('Why must it change?').fill('A paper list came in');
    await dialog.getByRole('button', { name: 'Send the request' }).click();
    await dialog.waitFor({ state: 'hidden' });

    const head = await visit(world.people.hod.email, '/approvals');
    await head.page.getByText('for 3 hours').waitFor();
    await head.page.getByText('A paper list came in').waitFor();
    await head.page.getByRole('button', { name: /^Approve: / }).click();
    const decision = head.page.getByRole('dialog');
    await decision.getByRole('button', { name: 'Approve', exact: true }).click();
    await decision.waitFor({ state: 'hidden' });

    const again = await visit(world.faculty.email, '/my-requests');
    await again.page.getByText('for 3 hours').waitFor();
    await again.page.getByText('Approved', { exact: true }).waitFor();
    expect([...teacher.complaints, ...head.complaints, ...again.complaints]).toEqual([]);
  });
});
