/** Settings: legal values and places, and what a change does to sessions that have not opened. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, type TestApi } from '../../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { DEFAULT_SESSION_POLICY } from '../../domain/settings.ts';
import type { Id } from '../../domain/types.ts';

const PATH = '/api/v1/settings';

let api: TestApi;
let world: World;
let admin: string;

beforeAll(async () => {
  api = await startTestApi();
  world = await makeWorld(api.em());
  admin = await api.signIn(world.people.admin.email);
});

afterAll(() => api.close());

const put = (name: string, body: object, token = admin) =>
  api.request('PUT', `${PATH}/${name}`, { token, body });

const removal = (
  name: string,
  place: { readonly scope_kind?: string; readonly scope_id?: string; readonly reason?: string },
): string => `${PATH}/${name}?${new URLSearchParams({ ...place }).toString()}`;

const classAt = (startMinutes: number, change: object = {}): Promise<Id> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(startMinutes),
    policy: DEFAULT_SESSION_POLICY,
    ...change,
  });

const sessionOf = (id: Id) =>
  firstRow<{ late: number; epoch: number; early: number }>(
    api.em(),
    `select (policy ->> 'lateAfterMinutes')::int as late, epoch,
       (extract(epoch from start_at - opens_at) / 60)::int as early
     from attendance_session where id = ?::uuid`,
    [id],
  );

describe('settings', () => {
  it('are listed with their meaning, legal values and where they are set', async () => {
    await put('LEAVE_REMINDER_HOURS', { value: 12, scope_kind: 'campus', scope_id: world.campus });

    const reply = await api.request('GET', PATH, { token: admin });

    const found = Object.values(reply.body['settings'] ?? {});
    expect(found).toContainEqual({
      name: 'LEAVE_REMINDER_HOURS',
      description: expect.any(String),
      default: 24,
      values: { type: 'whole', min: 1, max: 24 * 366 },
      stored: [{ scope_kind: 'campus', scope_id: world.campus, value: 12 }],
    });
  });

  it('change sessions that have not opened, and leave the others alone', async () => {
    const [future, open, past] = [
      await classAt(300, { status: 'scheduled' }),
      await classAt(-5),
      await classAt(-300, { status: 'closed' }),
    ];

    const reply = await put('LATE_AFTER_MINUTES', { value: 9 });

    expect(reply.status).toBe(200);
    expect(Number(reply.body['sessions_changed'])).toBeGreaterThanOrEqual(1);
    expect(await sessionOf(future)).toMatchObject({ late: 9, epoch: 1 });
    expect(await sessionOf(open)).toMatchObject({ late: 5 });
    expect(await sessionOf(past)).toMatchObject({ late: 5 });
    const event = await firstRow<{ body: string }>(
      api.em(),
      "select body from audit_event where action = 'setting.changed' and entity_id = 'LATE_AFTER_MINUTES'",
    );
    expect(JSON.parse(event?.body ?? '{}')).toMatchObject({
      chain: 'area:policy',
      before: { value: null },
      after: { value: 9, scope_kind: 'institution' },
    });
    const removed = await api.request('DELETE', `${PATH}/LATE_AFTER_MINUTES`, { token: admin });
    expect(removed.status).toBe(200);
    expect(await sessionOf(future)).toMatchObject({ late: 5 });
    const again = await api.request('DELETE', `${PATH}/LATE_AFTER_MINUTES`, { token: admin });
    expect(again.status).toBe(404);
  });

  it('move the window under a new epoch and nudge the workflow that waits for it', async () => {
    const session = await classAt(600, { status: 'scheduled' });
    await rows(
      api.em(),
      'update attendance_session set workflow_started_at = app_clock() where id = ?::uuid',
      [session],
    );

    await put('EARLY_OPEN_MINUTES', { value: 20, scope_kind: 'component', scope_id: 'L' });

    expect(await sessionOf(session)).toMatchObject({ epoch: 2, early: 20 });
    const nudge = await firstRow(
      api.em(),
      "select 1 from outbox where kind = 'nudge_session' and payload ->> 'sessionId' = ?",
      [session],
    );
    expect(nudge).toBeDefined();
  });

  it.each<[string, string, object, string]>([
    ['a value of another type', 'LATE_AFTER_MINUTES', { value: 'soon' }, 'value'],
    ['a fraction', 'LATE_AFTER_MINUTES', { value: 1.5 }, 'value'],
    ['a value out of range', 'LOCK_AFTER_HOURS', { value: 0 }, 'value'],
    ['a choice that is none', 'STAY_MODE', { value: 'twice' }, 'value'],
    ['codes that would count unchecked', 'OFFLINE_QR', { value: 'provisional' }, 'value'],
    ['null where none is meant', 'AUTO_ABSENT', { value: null }, 'value'],
    ['an id for the institution', 'AUTO_ABSENT', { value: true, scope_id: 'x' }, 'scope_id'],
    [
      'a campus that is none',
      'AUTO_ABSENT',
      { value: true, scope_kind: 'campus', scope_id: v7() },
      'scope_id',
    ],
    [
      'a type of session that is none',
      'AUTO_ABSENT',
      { value: true, scope_kind: 'component', scope_id: 'X' },
      'scope_id',
    ],
    [
      'a kind of course that is none',
      'AUTO_ABSENT',
      { value: true, scope_kind: 'course_kind', scope_id: 'x' },
      'scope_id',
    ],
  ])('refuse %s', async (_name, setting, body, path) => {
    const reply = await put(setting, body);

    expect([reply.status, reply.body['code']]).toEqual([400, 'validation_failed']);
    expect(reply.body['errors']).toMatchObject([{ path }]);
  });

  it('refuse a policy that contradicts itself, and change nothing', async () => {
    const session = await classAt(900, { status: 'scheduled' });

    const reply = await put('ABSENT_AFTER_MINUTES', { value: 2 });

    expect(reply.status).toBe(400);
    expect(await sessionOf(session)).toMatchObject({ epoch: 1 });
    const stored = await firstRow(
      api.em(),
      "select 1 from setting where name = 'ABSENT_AFTER_MINUTES'",
    );
    expect(stored).toBeUndefined();
  });

  it('set how fast codes turn in two places, and no two of them keep a code for over 30 s', async () => {
    const session = await classAt(1_200, { status: 'scheduled' });
    const room = { scope_kind: 'room', scope_id: world.room.id };
    const section = { scope_kind: 'section', scope_id: world.section };
    const read = () =>
      firstRow<{ seconds: number; previous: number }>(
        api.em(),
        `select (policy ->> 'qrStepSeconds')::int as seconds,
           (policy ->> 'qrPreviousSteps')::int as previous
         from attendance_session where id = ?::uuid`,
        [session],
      );
    const lives: number[] = [];
    for (let seconds = 5; seconds <= 15; seconds += 1) {
      for (const previous of [0, 1]) {
        // The wider place says one thing, the narrower one another; both orders of the two.
        const isEven = seconds % 2 === 0;
        await put('QR_STEP_SECONDS', { value: seconds, ...(isEven ? section : {}) });
        await put('QR_PREVIOUS_STEPS', { value: previous, ...(isEven ? {} : room) });
        if (!isEven)
          await api.request('DELETE', removal('QR_STEP_SECONDS', section), { token: admin });
        if (isEven)
          await api.request('DELETE', removal('QR_PREVIOUS_STEPS', room), { token: admin });

        expect(await read()).toEqual({ seconds, previous });

        lives.push(seconds * (1 + previous));
      }
    }
    expect(Math.max(...lives)).toBe(30);
    for (const [name, value, range] of [
      ['QR_STEP_SECONDS', 16, 'from 5 to 15'],
      ['QR_STEP_SECONDS', 4, 'from 5 to 15'],
      ['QR_PREVIOUS_STEPS', 2, 'from 0 to 1'],
    ] as const) {
      for (const place of [{}, room, section]) {
        const refused = await put(name, { value, ...place });
        expect([refused.status, refused.body['code']]).toEqual([400, 'validation_failed']);
        expect(refused.body['errors']).toMatchObject([
          { path: 'value', detail: expect.stringContaining(range) },
        ]);
      }
    }
    expect(await read()).toEqual({ seconds: 15, previous: 1 });
  });

  it('give each room, course and section its level; the narrower place wins', async () => {
    const session = await classAt(1_500, { status: 'scheduled' });
    const level = async () =>
      (
        await firstRow<{ level: string }>(
          api.em(),
          "select policy ->> 'presenceLevel' as level from attendance_session where id = ?::uuid",
          [session],
        )
      )?.level;
    const places = [
      [{}, 'open'],
      [{ scope_kind: 'campus', scope_id: world.campus }, 'standard'],
      [{ scope_kind: 'room', scope_id: world.room.id }, 'strict'],
      [{ scope_kind: 'course', scope_id: world.course }, 'open'],
      [{ scope_kind: 'section', scope_id: world.section }, 'strict'],
    ] as const;
    for (const [place, value] of places) {
      expect((await put('PRESENCE_LEVEL', { value, ...place })).status).toBe(200);
      expect(await level()).toBe(value);
    }
    for (const [index, [place]] of places.slice(1).toReversed().entries()) {
      const reply = await api.request('DELETE', removal('PRESENCE_LEVEL', place), { token: admin });
      expect(reply.status).toBe(200);
      expect(await level()).toBe(places[places.length - 2 - index]?.[1]);
    }
    const refused = await put('PRESENCE_LEVEL', { value: 'lax' });
    expect(refused.body['errors']).toMatchObject([
      { path: 'value', detail: 'Give one of open, standard, strict.' },
    ]);
    const audit = await rows(
      api.em(),
      "select 1 from audit_event where entity_id = 'PRESENCE_LEVEL' and action like 'setting.%'",
    );
    expect(audit).toHaveLength(2 * places.length - 1);
  });

  it('that weaken every code are for the whole institution, with a reason', async () => {
    const narrow = await put('STATIC_QR_ENABLED', {
      value: true,
      reason: 'no screens',
      scope_kind: 'room',
      scope_id: world.room.id,
    });
    expect(narrow.body['errors']).toMatchObject([{ path: 'scope_kind' }]);
    const silent = await put('STATIC_QR_ENABLED', { value: true });
    expect(silent.body['errors']).toMatchObject([{ path: 'reason' }]);
    const blank = await put('STATIC_QR_ENABLED', { value: true, reason: '  ' });
    expect(blank.body['errors']).toMatchObject([{ path: 'reason' }]);
    expect((await put('STATIC_QR_ENABLED', { value: true, reason: 'no screens' })).status).toBe(
      200,
    );
    const event = await firstRow<{ body: string }>(
      api.em(),
      "select body from audit_event where entity_id = 'STATIC_QR_ENABLED'",
    );
    expect(JSON.parse(event?.body ?? '{}')).toMatchObject({ after: { reason: 'no screens' } });
  });

  it('that need a reason need one to be removed, too', async () => {
    const held = await put('STATIC_QR_ENABLED', { value: true, reason: 'no screens' });
    expect(held.status).toBe(200);
    const remove = (reason?: string) =>
      api.request('DELETE', removal('STATIC_QR_ENABLED', reason === undefined ? {} : { reason }), {
        token: admin,
      });
    for (const none of [undefined, '  ']) {
      const silent = await remove(none);
      expect([silent.status, silent.body['code']]).toEqual([400, 'validation_failed']);
      expect(silent.body['errors']).toMatchObject([{ path: 'reason' }]);
    }

    expect((await remove('screens came')).status).toBe(200);

    const event = await firstRow<{ body: string }>(
      api.em(),
      `select body from audit_event
       where entity_id = 'STATIC_QR_ENABLED' and action = 'setting.removed'`,
    );
    expect(JSON.parse(event?.body ?? '{}')).toMatchObject({
      before: { value: true },
      after: { value: null, reason: 'screens came' },
    });
    const plain = await put('RECHECK_PERCENT', { value: 20 });
    expect(plain.status).toBe(200);
    const token = admin;
    expect((await api.request('DELETE', removal('RECHECK_PERCENT', {}), { token })).status).toBe(
      200,
    );
  });

  it('are for operators, and known by name', async () => {
    const teacher = await api.signIn(world.faculty.email);

    expect((await put('AUTO_ABSENT', { value: true }, teacher)).status).toBe(403);
    expect((await put('NOTHING', { value: true })).status).toBe(404);
    expect((await put('toString', { value: true })).status).toBe(404);
  });
});
