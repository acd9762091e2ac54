import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { v7 } from 'uuid';
import { rows } from '../../src/db/orm.ts';
import type { SessionPolicy } from '../../src/domain/types.ts';
import { operationFor } from '../../src/operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../src/operations/ports.ts';
import { applyOperations } from '../../src/operations/records/apply-operations.ts';
import { makeSession, makeWorld, type World } from '../factories.ts';
import { eventually } from '../sockets.ts';
import { PHONE, startDashboard, type TestDashboard, type Visitor } from './dashboard.ts';

const STUDENTS = 8;
let dashboard: TestDashboard;
let world: World;
let session: string;
const visitors: Visitor[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  world = await makeWorld(dashboard.api.em(), { studentCount: STUDENTS });
}, 180_000);
afterEach(async () => {
  for (const { context } of visitors.splice(0)) await context.close();
});
afterAll(() => dashboard.close());

/** A fresh open session of the class, and a visitor before its page. */
async function openRoll(
  viewport?: typeof PHONE,
  policy: Partial<SessionPolicy> = {},
): Promise<Visitor> {
  const { campus, section: courseSection, faculty, room } = world;
  session = await makeSession(dashboard.api.em(), {
    campus,
    courseSection,
    faculty: faculty.id,
    room: room.id,
    policy,
  });
  const visitor = await enter(faculty.email, viewport);
  await card(visitor.page, 0).waitFor(); // Keys pressed before the roll is there go nowhere.
  return visitor;
}

async function enter(email: string, viewport?: typeof PHONE): Promise<Visitor> {
  const visitor = await dashboard.visit(email, `/sessions/${session}`, viewport);
  visitors.push(visitor);
  return visitor;
}

/** The student at a place of the roll, from 0. */
function student(index: number) {
  const found = world.students[index];
  if (!found) throw new Error(`the class has no student ${index}`);
  return found;
}

const tile = (page: Page, index: number): Locator =>
  page.locator('.roll-tile', { has: page.locator(`[data-student="${student(index).id}"]`) });
const card = (page: Page, index: number): Locator =>
  page.locator(`[data-student="${student(index).id}"]`);

const shows = (page: Page, index: number, mark: string): Promise<void> =>
  tile(page, index)
    .and(page.locator(`[data-mark="${mark}"]`))
    .waitFor();

/** Waits until a count of the page is as given. */
const countIs = (page: Page, mark: string, count: number): Promise<void> =>
  page.locator(`[data-count="${mark}"] strong`).getByText(String(count), { exact: true }).waitFor();

interface StoredRecord {
  readonly mark: string | null;
  readonly version: number;
}

/** The records of the session, by student. */
async function stored(): Promise<ReadonlyMap<string, StoredRecord>> {
  const found = await rows<StoredRecord & { student_id: string }>(
    dashboard.api.em(),
    'select student_id, mark, version from attendance_record where session_id = ?::uuid',
    [session],
  );
  return new Map(found.map((row) => [row.student_id, row]));
}

const isStored = (index: number, mark: string) =>
  eventually(
    `${mark} of student ${index} in the database`,
    async () => (await stored()).get(student(index).id)?.mark === mark,
  );

/** Another screen shows the code of the class. */
async function showCode(): Promise<void> {
  const { api } = dashboard;
  const reply = await api.request('POST', `/api/v1/attendance/sessions/${session}/generate-qr/`, {
    token: await api.signIn(world.faculty.email),
    body: {},
  });
  expect(reply.status).toBe(200);
}

/** A mark from another screen. */
async function markElsewhere(index: number, mark: string): Promise<void> {
  const { api } = dashboard;
  const reply = await api.request('POST', '/api/v1/attendance/records/', {
    token: await api.signIn(world.faculty.email),
    body: { session, student: student(index).id, mark },
    headers: { 'idempotency-key': v7() },
  });
  expect(reply.status).toBe(201);
}

/** A scan of a student. */
async function scan(
  index: number,
  claim: { readonly rank: number; readonly captureMode?: 'offline' },
): Promise<void> {
  const operation = operationFor(dashboard.api.deps, SYSTEM_ACTOR);
  await operation.em.transactional((em) =>
    applyOperations(operation, em, session, [
      { opId: v7(), studentId: student(index).id, mark: 'present', source: 'qr', ...claim },
    ]),
  );
}

describe('the roll call', () => {
  it('marks a class by click and keyboard while a student watches, and closes it', async () => {
    session = world.session;
    const [planned] = await rows<{ day: string }>(
      dashboard.api.em(),
      'select scheduled_date::text as day from attendance_session where id = ?::uuid',
      [session],
    );
    const teacher = await dashboard.visit(world.faculty.email, `/sessions?day=${planned?.day}`);
    visitors.push(teacher);
    await teacher.page.getByRole('link', { name: 'Take the roll' }).click();
    const watcher = await enter(world.student.email);
    await watcher.page.getByTestId('own-mark').getByText('Unmarked').waitFor();

    await card(teacher.page, 0).click();
    await watcher.page.getByTestId('own-mark').getByText('Present').waitFor();
    await countIs(watcher.page, 'present', 1);

    // The letters mark and go on to the next student.
    await card(teacher.page, 1).focus();
    for (const key of ['p', 'l', 'a']) await teacher.page.keyboard.press(key);
    await shows(teacher.page, 1, 'present');
    await shows(teacher.page, 2, 'late');
    await shows(teacher.page, 3, 'absent');
    await countIs(teacher.page, 'unmarked', STUDENTS - 4);
    await countIs(watcher.page, 'late', 1);
    await countIs(watcher.page, 'absent', 1);
    expect(await watcher.page.locator('[data-student]').count()).toBe(0);

    await isStored(3, 'absent');
    await teacher.page.getByRole('button', { name: 'Close now' }).click();
    await teacher.page.getByRole('dialog').getByText('4 students without a mark').waitFor();
    await teacher.page.getByRole('dialog').getByRole('button', { name: 'Close now' }).click();
    await countIs(teacher.page, 'absent', 5);
    await countIs(watcher.page, 'absent', 5);
    await teacher.page.getByText('Closed', { exact: true }).waitFor();
    for (const index of [4, 5, 6, 7]) await isStored(index, 'absent');

    expect(teacher.complaints).toEqual([]);
    expect(watcher.complaints).toEqual([]);

    const { api } = dashboard;
    await teacher.page.goto(`${api.baseUrl}/sessions/${session}/code`);
    await teacher.page.getByRole('heading', { name: 'Marking is closed' }).waitFor();
    const reopened = await api.request('POST', `/api/v1/attendance/sessions/${session}/open/`, {
      token: await api.signIn(world.faculty.email),
      body: {},
      headers: { 'idempotency-key': v7() },
    });
    expect(reopened.status).toBe(200);
    await teacher.page.getByRole('button', { name: 'Try again' }).click();
    await teacher.page.getByTestId('display-code').waitFor();
    await teacher.page.getByRole('heading', { name: 'Scan with the app' }).waitFor();
  });

  it('moves by arrow keys and keeps one tile in the tab order', async () => {
    const { page } = await openRoll();
    const focused = (): Promise<string | null> =>
      page.locator(':focus').getAttribute('data-student');
    await page.keyboard.press('/');
    await page.keyboard.press('ArrowDown');

    expect(await focused()).toBe(student(0).id);
    // Three columns in a window of this width.
    for (const [key, index] of [
      ['ArrowRight', 1],
      ['ArrowDown', 4],
      ['ArrowUp', 1],
      ['End', 7],
      ['Home', 0],
    ] as const) {
      await page.keyboard.press(key);
      expect(await focused()).toBe(student(index).id);
    }
    expect(await page.locator('[data-student][tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  });

  it('marks the rest present and leaves marks that exist', async () => {
    const { page, complaints } = await openRoll();
    await tile(page, 2)
      .getByRole('button', { name: /^Absent/ })
      .click();
    await isStored(2, 'absent');

    await page.getByRole('button', { name: 'Mark the rest present' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Mark present' }).click();
    await countIs(page, 'present', STUDENTS - 1);
    await eventually('a mark for everyone', async () => (await stored()).size === STUDENTS);

    expect((await stored()).get(student(2).id)?.mark).toBe('absent');
    expect(complaints).toEqual([]);
  });

  it('shows marks from elsewhere, also those whose message was lost', async () => {
    const teacher = await openRoll();
    const { page, complaints } = teacher;
    await markElsewhere(0, 'late');
    await shows(page, 0, 'late');

    let isLossy = true;
    let lost = 0;
    await page.routeWebSocket(/socket\.io/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        const isLost = isLossy && String(message).includes('"record.changed"');
        if (isLost) lost += 1;
        else socket.send(message);
      });
    });
    await page.reload();
    await shows(page, 0, 'late');
    await page.locator('[data-testid="live-status"][data-status="live"]').waitFor();
    await markElsewhere(1, 'absent');
    // The counts of that mark came and told of a gap; the events route fills it.
    await shows(page, 1, 'absent');
    expect(lost).toBe(1);
    isLossy = false;
    await markElsewhere(2, 'present');
    await shows(page, 2, 'present');

    expect(complaints).toEqual([]);
  });

  it('takes a refused mark back and says why', async () => {
    const { page, complaints } = await openRoll();
    const gone = student(7);
    await card(page, 7).waitFor();
    await rows(
      dashboard.api.em(),
      'update enrolment set valid_to = valid_from + 1 where student_id = ?::uuid',
      [gone.id],
    );
    try {
      await card(page, 7).click();
      const alert = page.getByTestId('refused');
      await alert.getByText('1 mark was refused').waitFor();
      await alert.getByText(/was not marked: .*enrolled|was not marked: .*roster/).waitFor();
      await shows(page, 7, 'unmarked');
      expect(await card(page, 7).getAttribute('aria-label')).toMatch(/not saved/);
      await alert.getByRole('button', { name: 'Dismiss' }).click();
      await alert.waitFor({ state: 'detached' });
    } finally {
      await rows(
        dashboard.api.em(),
        'update enrolment set valid_to = null where student_id = ?::uuid',
        [gone.id],
      );
    }
    // The browser itself reports the refused request, and nothing else went wrong.
    expect(complaints).toEqual([expect.stringMatching(/status of 4\d\d/)]);
  });

  it('shows scans kept offline as waiting, and answers them by a mark or with the rest', async () => {
    const teacher = await openRoll(undefined, { offlineQr: 'confirm_first' });
    const { page } = teacher;
    const phone = await enter(world.student.email, PHONE);
    for (const index of [0, 1]) await scan(index, { rank: 30, captureMode: 'offline' });

    await tile(page, 0).getByText('Offline scan waits').waitFor();
    await page.getByTestId('waiting-claims').getByText('2 scans wait for you').waitFor();
    await phone.page.getByText('your teacher is asked to confirm it').waitFor();
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    expect(await page.locator('[data-student]').count()).toBe(2);
    await card(page, 0).click();
    await phone.page.getByTestId('own-mark').getByText('Present', { exact: true }).waitFor();
    await page.getByTestId('waiting-claims').getByText('1 scan waits for you').waitFor();

    await page.getByRole('button', { name: 'Mark the rest present' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Mark present' }).click();
    await page.getByTestId('waiting-claims').waitFor({ state: 'detached' });
    await countIs(page, 'present', STUDENTS);
    await page.reload();
    await shows(page, 1, 'present');
    expect(await page.getByText('Offline scan waits').count()).toBe(0);
    expect([...teacher.complaints, ...phone.complaints]).toEqual([]);
  });

  it('asks for a reason where a mark contradicts a scan', async () => {
    const { page } = await openRoll();
    await card(page, 0).waitFor();
    await scan(0, { rank: 50 });
    await tile(page, 0).getByText('QR scan').waitFor();

    await tile(page, 0)
      .getByRole('button', { name: /^Absent/ })
      .click();
    const dialog = page.getByRole('dialog', { name: 'A reason is needed' });
    await dialog
      .getByRole('textbox', { name: 'Reason' })
      .fill('The seat was empty at the head count.');
    await dialog.getByRole('button', { name: 'Mark', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await shows(page, 0, 'absent');
    await isStored(0, 'absent');
  });

  it('keeps marks while the network is away and sends each once', async () => {
    const { page, context } = await openRoll();
    await card(page, 0).waitFor();
    await context.setOffline(true);
    await card(page, 0).click();
    await card(page, 1).focus();
    for (const key of ['a', 'l']) await page.keyboard.press(key);
    await page.getByTestId('unsent').getByText('You are offline').waitFor();
    await shows(page, 1, 'absent');
    expect((await stored()).size).toBe(0);
    await page.locator('[data-testid="live-status"][data-status="connecting"]').waitFor();
    await markElsewhere(3, 'late');

    await context.setOffline(false);
    await page.getByTestId('unsent').waitFor({ state: 'detached' });
    await isStored(0, 'present');
    await isStored(1, 'absent');
    await isStored(2, 'late');
    await page.locator('[data-testid="live-status"][data-status="live"]').waitFor();
    await shows(page, 3, 'late');
    expect([...(await stored()).values()].map(({ version }) => version)).toEqual([1, 1, 1, 1]);
  });

  it('asks before unsent marks are left behind, and sends those of a page that died', async () => {
    const visitor = await openRoll();
    const { page, context } = visitor;
    await card(page, 0).waitFor();
    await context.setOffline(true);
    await card(page, 0).click();
    await page.getByTestId('unsent').waitFor();
    await page.getByRole('link', { name: 'Sessions' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Marks are still being sent' });
    await dialog.getByRole('button', { name: 'Stay here' }).click();
    await dialog.waitFor({ state: 'detached' });

    const address = page.url();
    await page.close();
    await context.setOffline(false);
    const next = await context.newPage();
    await next.goto(address);
    await isStored(0, 'present');
    await shows(next, 0, 'present');
  });

  it('says why there was no scan with one touch more, also without a network', async () => {
    const { page, context, complaints } = await openRoll();
    const why = (index: number): Locator =>
      tile(page, index).getByRole('button', { name: /^Why no scan: / });
    const fallbacks = async (): Promise<unknown[]> => {
      const found = await rows<{ fallback: string | null }>(
        dashboard.api.em(),
        `select o.evidence ->> 'fallback' as fallback from attendance_record r
         join attendance_operation o on o.op_id = r.winner_op_id
         where r.session_id = ?::uuid and r.mark is not null order by r.student_id`,
        [session],
      );
      return found.map(({ fallback }) => fallback);
    };
    await card(page, 0).click();
    await isStored(0, 'present');
    expect(await why(0).count()).toBe(0); // No code was shown, so there is nothing to explain.
    await showCode();
    await why(0).waitFor();

    await why(0).click();
    const dialog = page.getByRole('dialog', { name: 'Why was there no scan?' });
    await dialog.getByRole('button', { name: 'Flat battery' }).click();
    await dialog.waitFor({ state: 'detached' });
    await tile(page, 0).getByText('Flat battery').waitFor();
    await card(page, 0).click();
    await shows(page, 0, 'late');
    await tile(page, 0).getByText('Flat battery').waitFor();
    await isStored(0, 'late');
    // The plain way is as it was: one touch, no question.
    await card(page, 1).click();
    await isStored(1, 'present');
    expect(await fallbacks()).toEqual(['flat_battery', null]);

    await page.locator('[data-testid="live-status"][data-status="live"]').waitFor();
    await context.setOffline(true);
    await card(page, 2).focus();
    await page.keyboard.press('n');
    await dialog.getByRole('button', { name: 'No phone' }).click();
    await tile(page, 2).getByText('No phone').waitFor();
    await page.getByTestId('unsent').waitFor();
    await context.setOffline(false);
    await isStored(2, 'present');
    expect(await fallbacks()).toEqual(['flat_battery', null, 'no_phone']);

    await page.reload();
    await tile(page, 2).getByText('No phone').waitFor();
    await why(2).click();
    await dialog.getByRole('button', { name: 'Without a reason' }).click();
    await tile(page, 2).getByText('No phone').waitFor({ state: 'detached' });
    await eventually('no reason in the database', async () => (await fallbacks()).at(-1) === null);
    await tile(page, 0)
      .getByRole('button', { name: /^History of / })
      .click();
    await page
      .getByTestId('record-history')
      .getByText('Without a scan: Flat battery')
      .first()
      .waitFor();
    expect(complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED/.test(text))).toEqual([]);
  });

  it('fits a phone without scrolling sideways', async () => {
    const { page, complaints } = await openRoll(PHONE);
    await showCode();
    await tile(page, 0)
      .getByRole('button', { name: /^Why no scan: / })
      .waitFor();
    await tile(page, 0).getByRole('button', { name: /^Late/ }).click();
    await shows(page, 0, 'late');
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');

    expect(width).toBe(PHONE.width);
    expect(complaints).toEqual([]);
  });

  it('narrows to the unmarked, and leaves what was just marked in its place', async () => {
    const { page } = await openRoll();
    await tile(page, 0)
      .getByRole('button', { name: /^Present/ })
      .click();
    await shows(page, 0, 'present');

    await page.locator('.roll-filter[data-count="unmarked"]').click();
    expect(await page.locator('.roll-tile').count()).toBe(STUDENTS - 1);
    await tile(page, 1)
      .getByRole('button', { name: /^Present/ })
      .click();
    await shows(page, 1, 'present');
    await page.locator('.roll-filter[data-count="absent"]').click();
    await page.getByText('No student matches').waitFor();
    await page.keyboard.press('/');
    await page.locator('.roll-filter[data-count="all"]').click();
    await page.keyboard.press('/');
    await page.keyboard.type(student(5).rollNumber);
    await eventually('one tile', async () => (await page.locator('.roll-tile').count()) === 1);
  });
});
