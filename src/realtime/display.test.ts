/** The screen in a room: codes by step, counts, and nothing for anybody else. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import { startTestApi, textOf, type TestApi } from '../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../test/factories.ts';
import { makeScanner } from '../../test/scanner.ts';
import { eventually, openSocket } from '../../test/sockets.ts';
import { rows } from '../db/orm.ts';
import type { Id, SessionPolicy } from '../domain/types.ts';
import { createSockets } from './create-sockets.ts';
import { codeMessage, displayCounts, type CodeMessage, type DisplayCounts } from './events.ts';

let api: TestApi;
let world: World;
let teacher: string;
const open: Socket[] = [];

beforeAll(async () => {
  api = await startTestApi({ attach: createSockets, variables: { RATE_LIMIT_SCALE: '20' } });
  world = await makeWorld(api.em(), { studentCount: 2 });
  teacher = await api.signIn(world.faculty.email);
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.close();
  await api.moveClock(0);
});
afterAll(() => api.close());

/** A screen that remembers what it was sent. */
function openScreen(displayToken: string) {
  const socket = io(`${api.baseUrl}/display`, {
    auth: { display_token: displayToken },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  open.push(socket);
  const codes: CodeMessage[] = [];
  const counts: DisplayCounts[] = [];
  const ended: unknown[] = [];
  socket.on('code', (message: CodeMessage) => codes.push(message));
  socket.on('counts', (message: DisplayCounts) => counts.push(message));
  socket.on('ended', (message: unknown) => ended.push(message));
  return { socket, codes, counts, ended };
}

async function startedClass(
  body: object = {},
  policy: Partial<SessionPolicy> = { qrStepSeconds: 5 },
): Promise<{ session: Id; displayToken: string }> {
  const session = await makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-2),
    policy,
  });
  const path = `/api/v1/attendance/sessions/${session}/generate-qr`;
  const reply = await api.request('POST', path, { token: teacher, body });
  expect(reply.status).toBe(200);
  return { session, displayToken: textOf(reply.body['display_token']) };
}

describe('/display', () => {
  it('pushes the code of each step, and counts as students scan it', async () => {
    const { session, displayToken } = await startedClass({ text_code: true });
    const screen = openScreen(displayToken);

    const first = await eventually('the first code', () => screen.codes[0]);
    expect(codeMessage.safeParse(first)).toMatchObject({ success: true });
    expect(first.text_code).toMatch(/^\d{6}$/);
    expect(first.valid_ms).toBeGreaterThan(4_000);
    const student = await makeScanner(api, await api.signIn(world.student.email));
    const scanned = await student.scan(session, { qr_token: first.token });
    expect(scanned.status).toBe(201);
    const counted = await eventually('the count', () =>
      screen.counts.find(({ marked }) => marked === 1),
    );
    expect(displayCounts.parse(counted)).toEqual({ marked: 1, roster: 2 });
    const second = await eventually('the next step', () =>
      screen.codes.find(({ step }) => step > first.step),
    );
    expect(second.token).not.toBe(first.token);
  });

  it('shows each code once to a screen, however many joined at the same time', async () => {
    const { displayToken } = await startedClass();
    const screens = Array.from({ length: 4 }, () => openScreen(displayToken));
    await Promise.all(screens.map((screen) => eventually('a code', () => screen.codes[0])));
    const first = screens[0];
    if (!first) throw new Error('there are screens');
    const step = first.codes.at(-1)?.step ?? 0;
    await eventually(
      'two steps later',
      () => first.codes.some((code) => code.step >= step + 2),
      15_000,
    );

    expect(first.codes.filter((code) => code.step === step + 1)).toHaveLength(1);
  });

  it('shows within moments that a re-check began, and that it is over', async () => {
    const { session, displayToken } = await startedClass({}, { qrStepSeconds: 15 });
    const screen = openScreen(displayToken);
    const first = await eventually('the first code', () => screen.codes[0]);
    expect(first.purpose).toBe('entry');
    const student = await makeScanner(api, await api.signIn(world.students[1]?.email ?? ''));
    await student.scan(session, { qr_token: first.token });
    const path = `/api/v1/attendance/sessions/${session}/recheck`;
    expect((await api.request('POST', path, { token: teacher, body: {} })).status).toBe(201);
    const again = await eventually(
      'a code of the re-check',
      () => screen.codes.find(({ purpose }) => purpose === 'recheck'),
      4_000,
    );
    await rows(api.em(), 'update recheck set ends_at = app_clock() where session_id = ?::uuid', [
      session,
    ]);
    const after = await eventually(
      'codes as before',
      () =>
        screen.codes.slice(screen.codes.indexOf(again)).find((code) => code.purpose === 'entry'),
      4_000,
    );
    // Not because another step began.
    expect(after.step - first.step).toBeLessThanOrEqual(1);
  });

  it('turns at once where the institution allows static codes no more', async () => {
    const admin = await api.signIn(world.people.admin.email);
    const allow = (value: boolean) =>
      api.request('PUT', '/api/v1/settings/STATIC_QR_ENABLED', {
        token: admin,
        body: { value, reason: 'a code left the room' },
      });
    expect((await allow(true)).status).toBe(200);
    const { displayToken } = await startedClass({ mode: 'static' });
    const screen = openScreen(displayToken);
    const first = await eventually('a static code', () => screen.codes[0]);
    expect(first.mode).toBe('static');
    expect((await allow(false)).status).toBe(200);

    await eventually(
      'a rotating one, minutes before the static step ends',
      () => screen.codes.find(({ mode }) => mode === 'rotating'),
      4_000,
    );
  });

  it('ends when the class closes', async () => {
    const { session, displayToken } = await startedClass();
    const screen = openScreen(displayToken);
    await eventually('the first code', () => screen.codes[0]);
    await rows(
      api.em(),
      "update attendance_session set status = 'closed', closed_at = app_clock() where id = ?::uuid",
      [session],
    );
    expect(await eventually('the end', () => screen.ended[0])).toEqual({ reason: 'closed' });
  });

  it('ends a screen whose token ended', async () => {
    const { displayToken } = await startedClass();
    const screen = openScreen(displayToken);
    await eventually('the first code', () => screen.codes[0]);
    await api.moveClock(61 * 60_000);
    await eventually('the end', () => screen.ended[0]);
  });

  it.each([
    ['no token', undefined],
    ['an access token', 'access'],
    ['an altered token', 'altered'],
  ])('lets nobody in with %s', async (_name, kind) => {
    const { displayToken } = await startedClass();
    const auth =
      kind === undefined
        ? {}
        : { display_token: kind === 'access' ? teacher : `${displayToken.slice(0, -4)}AAAA` };
    await expect(openSocket(api.baseUrl, '/display', { auth })).rejects.toMatchObject({
      message: 'unauthenticated',
    });
  });

  it('gives a display token no other door', async () => {
    const { displayToken } = await startedClass();
    await expect(
      openSocket(api.baseUrl, '/live', { auth: { token: displayToken } }),
    ).rejects.toBeInstanceOf(Error);
    const reply = await api.request('GET', '/api/v1/me', { token: displayToken });
    expect(reply.status).toBe(401);
  });
});
