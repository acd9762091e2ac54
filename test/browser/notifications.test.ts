import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { notify } from '../../src/operations/notifications/notify.ts';
import { makeWorld, type World } from '../factories.ts';
import { PHONE, startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';

let dashboard: TestDashboard;
let world: World;
const visitors: Visitor[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  world = await makeWorld(dashboard.api.em(), { studentCount: 2 });
}, 180_000);
afterEach(async () => {
  for (const { context } of visitors.splice(0)) await context.close();
});
afterAll(() => dashboard.close());

async function visit(
  viewport?: typeof PHONE,
  email: string = world.student.email,
): Promise<Visitor> {
  const visitor = await dashboard.visit(email, '/sessions', viewport);
  visitors.push(visitor);
  return visitor;
}

const tell = (...keys: string[]) =>
  dashboard.api.em().transactional((em) =>
    notify(
      em,
      dashboard.api.deps.ids,
      keys.map((dedupeKey) => ({
        userId: world.student.userId,
        kind: 'mark_overruled',
        dedupeKey,
        payload: { session: world.session, mark: 'absent' },
        mail: false,
      })),
    ),
  );

describe('the bell', () => {
  it('says that there is nothing, and opens and closes by the keyboard', async () => {
    const { page, complaints } = await visit(PHONE);
    const bell = page.getByRole('button', { name: 'Notifications, none unread' });

    await bell.focus();
    await page.keyboard.press('Enter');
    await page.getByText(/^Nothing yet/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText(/^Nothing yet/).waitFor({ state: 'hidden' });

    expect(await bell.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(
      true,
    );
    expect(complaints).toEqual([]);
  });

  it('counts what is unread, and leads to the class, which reads it', async () => {
    await tell('one', 'two', 'three');
    const { page, complaints } = await visit();

    await page.getByRole('button', { name: 'Notifications, 3 unread' }).click();
    await page
      .getByRole('link', { name: /decided against the evidence/ })
      .first()
      .click();
    await page.waitForURL(`**/sessions/${world.session}`);
    await page.getByRole('button', { name: 'Notifications, 2 unread' }).click();
    await page.getByRole('button', { name: 'Mark all as read' }).click();
    await page.getByRole('button', { name: 'Notifications, none unread' }).waitFor();
    await tell('four');
    await page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor();

    expect(complaints).toEqual([]);
  });

  it('tells a teacher whom one phone was used for', async () => {
    const [first, second] = world.students;
    if (!first || !second) throw new Error('the world has two students');
    await dashboard.api.em().transactional((em) =>
      notify(em, dashboard.api.deps.ids, [
        {
          userId: world.faculty.userId,
          kind: 'device_shared',
          dedupeKey: 'shared',
          payload: { session: world.session, students: [first.id, second.id] },
          mail: false,
        },
      ]),
    );
    const { page } = await visit(PHONE, world.faculty.email);

    await page.getByRole('button', { name: 'Notifications, 1 unread' }).click();
    const notice = page.getByRole('link', { name: /One phone was used for two students/ });
    await notice.getByText(first.rollNumber).waitFor();
    expect(await notice.textContent()).toContain(second.rollNumber);
    await notice.click();
    await page.waitForURL(`**/sessions/${world.session}`);
  });
});
