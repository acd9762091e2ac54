import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { v7 } from 'uuid';
import { startTestApi, textOf, type TestApi } from '../../test/api.ts';
import { makeDevice } from '../../test/device.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../test/factories.ts';
import { makeScanner } from '../../test/scanner.ts';
import { eventually } from '../../test/temporal.ts';
import { rows, sqlState } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import { SYSTEM_ACTOR } from '../operations/ports.ts';
import type { Scan } from '../operations/presence/scan.ts';
import { startScanPool, type ScanPool } from './scan-pool.ts';

let api: TestApi;
let pool: ScanPool;
let world: World;
const broken = jest.fn();
beforeAll(async () => {
  api = await startTestApi({ takeScans: (scans) => pool.take(scans) });
  pool = startScanPool(api.deps.environment, broken);
});
afterAll(async () => {
  await pool.close();
  await api.close();
});

/** Takes a batch in the thread and gives the refusals. */
const take = async (scans: readonly Scan[], from = pool) =>
  (await from.take(scans)).map((taken) => (taken === 'held' ? null : taken.refusal?.code));

const someScan = (change: Partial<Scan> = {}): Scan => ({
  opId: v7(),
  userId: v7(),
  actor: SYSTEM_ACTOR,
  studentId: v7(),
  sessionId: v7(),
  ticketHash: null,
  jkt: null,
  code: { kind: 'text', digits: '123456' },
  location: null,
  positionHash: null,
  address: null,
  ...change,
});

it('tells an error of the table as one, and others as errors, and works on', async () => {
  await expect(take([someScan()])).rejects.toMatchObject({
    name: 'AppError',
    code: 'invariant_broken',
    detail: 'There is no institution to make codes for.',
  });
  world = await makeWorld(api.em(), { studentCount: 2 });
  // By its SQLSTATE the API tells an error of the database from a defect.
  await expect(take([someScan({ sessionId: 'not an id' })])).rejects.toMatchObject({
    message: expect.stringContaining('uuid'),
    code: '22P02',
  });
  expect(await take([someScan(), someScan()])).toEqual(['session_not_found', 'session_not_found']);
});

it('marks and refuses as the process itself would', async () => {
  const session = await openClass();
  const code = await api.request('POST', `/api/v1/attendance/sessions/${session}/generate-qr`, {
    token: await api.signIn(world.faculty.email),
    body: {},
  });
  const [one, other] = await Promise.all(
    world.students.map(async ({ email }) => {
      const token = await api.signIn(email);
      const device = await makeDevice();
      await device.register(api, token);
      return makeScanner(api, token, device);
    }),
  );
  const qr_token = textOf(code.body['qr_token']);

  expect(await one?.scan(session, { qr_token })).toMatchObject({
    status: 201,
    body: { status: 'applied' },
  });
  const damaged = `${qr_token.slice(0, -2)}AA`;
  expect(await other?.scan(session, { qr_token: damaged })).toMatchObject({
    status: 422,
    body: { code: 'code_invalid' },
  });
  const stored = await rows<{ student_id: Id }>(
    api.em(),
    'select student_id from attendance_record where session_id = ?::uuid and mark is not null',
    [session],
  );
  expect(stored).toEqual([{ student_id: world.students[0]?.id }]);
});

it('says what the database said when it ended a connection, and works on', async () => {
  const session = await openClass();
  await api.em().transactional(async (em) => {
    await rows(em, 'lock table scan_ticket in exclusive mode');
    const taken = take([someScan({ sessionId: session, ticketHash: 'none' })]).catch(
      (error: unknown) => sqlState(error),
    );
    await eventually('the thread to wait and to lose its connection', async () => {
      const ended = await rows(
        em,
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return ended.length > 0;
    });
    expect(await taken).toBe('57P01');
  });
  expect(await take([someScan()])).toEqual(['session_not_found']);
  expect(broken).not.toHaveBeenCalled();
});

it('leaves no connection behind when it ends, and takes nothing more', async () => {
  const before = await connections();
  const ended = startScanPool(api.deps.environment, broken);
  await take([someScan()], ended);
  expect(await connections()).toBeGreaterThan(before);
  await ended.close();
  await eventually('its connections to end', async () => (await connections()) <= before);
  await expect(take([someScan()], ended)).rejects.toMatchObject({ code: 'busy' });
});

it('says that it cannot start, and has not broken', async () => {
  const told = new Promise((resolve) => {
    startScanPool(
      { ...api.deps.environment, databaseUrl: 'postgres://nobody@127.0.0.1:1/none' },
      resolve,
    );
  });
  expect(String(await told)).toMatch(/ECONNREFUSED/);
  expect(broken).not.toHaveBeenCalled();
});

function openClass(): Promise<Id> {
  return makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-10),
    policy: { geofenceMode: 'off', presenceLevel: 'open' },
  });
}

async function connections(): Promise<number> {
  const found = await rows(
    api.em(),
    'select 1 from pg_stat_activity where datname = current_database()',
  );
  return found.length;
}
