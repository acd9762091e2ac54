import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { v7 } from 'uuid';
import { startTestApi, type TestApi } from '../../test/api.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../test/factories.ts';
import {
  enrolFace,
  makeGateway,
  matchOf,
  openGateway,
  sayHello,
  signatureOf,
  signedMessage,
  type ConnectedGateway,
  type TestGateway,
} from '../../test/gateway.ts';
import { eventually, openSocket, type Answer } from '../../test/sockets.ts';
import { firstRow, rows } from '../db/orm.ts';
import { eventsReply } from '../devices/gateway-messages.ts';
import { createSockets } from './create-sockets.ts';

let api: TestApi;
let world: World;
let gateway: TestGateway;
let client: ConnectedGateway;
const open: { readonly close: () => void }[] = [];

beforeAll(async () => {
  api = await startTestApi({ attach: createSockets, variables: { RATE_LIMIT_SCALE: '20' } });
  world = await makeWorld(api.em(), { studentCount: 12 });
  gateway = await makeGateway(api.em(), world.room.id);
  client = await admitted(gateway);
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});
afterAll(async () => {
  client.close();
  await api.close();
});

async function admitted(who: TestGateway): Promise<ConnectedGateway> {
  const connected = await openGateway(api.baseUrl, who);
  expect(await sayHello(connected, who)).toMatchObject({ ok: true });
  return connected;
}

let next = 0;
/** A student nobody marked yet, with an enrolment. */
async function freshStudent(): Promise<{ id: string; ref: string }> {
  const student = world.students[(next += 1)];
  if (!student) throw new Error('the world has too few students');
  return { id: student.id, ref: await enrolFace(api.em(), student.id) };
}

interface Result {
  readonly event_id: string;
  readonly status: string;
  readonly code?: string;
  readonly op_ids: readonly string[];
  readonly first?: string;
}

function resultsOf(answer: Answer): Result[] {
  expect(eventsReply.safeParse(answer)).toMatchObject({ success: true });
  return answer['results'] as Result[];
}

/** Sends one event and gives its result. */
async function report(event: object, from = client): Promise<Result> {
  const [result] = resultsOf(await from.send(event));
  if (!result) throw new Error('no result');
  return result;
}

const recordOf = (student: string, session = world.session) =>
  firstRow<{ mark: string; source: string; rank: number; flags: string[] }>(
    api.em(),
    `select mark, source, rank, flags from attendance_record
     where session_id = ?::uuid and student_id = ?::uuid and mark is not null`,
    [session, student],
  );

const punchOf = (eventId: string) =>
  firstRow<{ status: string; code: string | null; student_id: string | null; payload: object }>(
    api.em(),
    'select status, code, student_id, payload from device_punch where event_id = ?::uuid',
    [eventId],
  );

async function totals() {
  return firstRow(
    api.em(),
    `select (select count(*)::int from device_punch) as punches,
       (select count(*)::int from attendance_operation) as operations,
       (select count(*)::int from idempotency_key) as answers`,
  );
}

describe('the handshake of /gateway', () => {
  it.each([
    ['a forged signature', { signature: `v1a,${Buffer.alloc(64).toString('base64')}` }],
    ['a signature of another form', { signature: 'v1a,AAAA' }],
    ['an unknown key', { kid: 'nobody' }],
    ['the key of another gateway', { gateway_id: v7() }],
  ])('refuses %s and ends the socket', async (_name, change) => {
    const connected = await openGateway(api.baseUrl, gateway);
    const hello = {
      gateway_id: gateway.id,
      kid: gateway.kid,
      signature: signatureOf(
        gateway.privateKey,
        `gw-hello:v1.${gateway.id}.${connected.challenge}`,
      ),
      ...change,
    };
    expect(await connected.ask('hello', hello)).toMatchObject({
      ok: false,
      problem: { code: 'signature_invalid' },
    });
    await eventually('the socket ends', connected.ended);
  });

  it('refuses the signature of another challenge', async () => {
    const [first, second] = [
      await openGateway(api.baseUrl, gateway),
      await openGateway(api.baseUrl, gateway),
    ];
    expect(await sayHello({ ...second, challenge: first.challenge }, gateway)).toMatchObject({
      problem: { code: 'signature_invalid' },
    });
    first.close();
  });

  it('takes no events before hello', async () => {
    const connected = await openGateway(api.baseUrl, gateway);
    open.push(connected);
    const before = await totals();
    expect(await connected.send(matchOf(gateway, 'x'))).toMatchObject({
      problem: { code: 'unauthenticated' },
    });
    expect(await totals()).toEqual(before);
  });

  it('ends the socket of a revoked key, and refuses it afterwards', async () => {
    const other = await makeGateway(api.em(), world.room.id);
    const connected = await admitted(other);
    await rows(api.em(), "update gateway_key set status = 'revoked' where kid = ?", [other.kid]);

    expect(await connected.send()).toMatchObject({ problem: { code: 'signature_invalid' } });
    await eventually('the socket ends', connected.ended);
    const again = await openGateway(api.baseUrl, other);
    expect(await sayHello(again, other)).toMatchObject({ ok: false });
  });
});

describe('events', () => {
  it('turns a match into a mark of the class in that room, shown live', async () => {
    const student = await freshStudent();
    const token = await api.signIn(world.faculty.email);
    const screen = await openSocket(api.baseUrl, '/live', { auth: { token } });
    open.push(screen);
    await screen.ask('watch', { session: world.session });

    const event = matchOf(gateway, student.ref);
    const result = await report(event);

    expect(result).toEqual({
      event_id: event.event_id,
      status: 'accepted',
      op_ids: [expect.any(String)],
    });
    expect(await recordOf(student.id)).toEqual({
      mark: 'present',
      source: 'biometric',
      rank: 60,
      flags: [],
    });
    expect(await punchOf(event.event_id)).toMatchObject({
      status: 'accepted',
      student_id: student.id,
      payload: { event_id: event.event_id },
    });
    const shown = await eventually('the live row', () =>
      screen.events.find(({ payload }) => payload['student'] === student.id),
    );
    expect(shown.payload).toMatchObject({
      mark: 'present',
      source: 'biometric',
      winner_op_id: result.op_ids[0],
    });
  });

  it('takes the same event twice as one mark and answers with the first result', async () => {
    const student = await freshStudent();
    const event = matchOf(gateway, student.ref);
    const first = await report(event);
    const before = await totals();

    const again = await report(event);

    expect(again).toEqual({ ...first, status: 'duplicate', first: 'accepted' });
    expect(await totals()).toMatchObject({ ...before, answers: expect.any(Number) });
  });

  it('takes the same event sent many times at once as one mark', async () => {
    const student = await freshStudent();
    const event = matchOf(gateway, student.ref);

    const answers = await Promise.all(Array.from({ length: 8 }, () => report(event)));

    const statuses = answers.map((answer) => answer.status);
    expect(statuses.filter((status) => status === 'accepted')).toHaveLength(1);
    expect(statuses.every((status) => ['accepted', 'duplicate', 'retry'].includes(status))).toBe(
      true,
    );
    const stored = await rows(
      api.em(),
      'select 1 from attendance_operation where student_id = ?::uuid',
      [student.id],
    );
    expect(stored).toHaveLength(1);
  });

  it('gives a repeated message its stored answer and refuses its id for another body', async () => {
    const student = await freshStudent();
    const body = { sent_at: new Date().toISOString(), events: [matchOf(gateway, student.ref)] };
    const message = signedMessage(gateway, body);
    const first = await client.ask('events', message);

    expect(await client.ask('events', message)).toEqual(first);
    const other = signedMessage(
      gateway,
      { ...body, events: [] },
      { messageId: message.message_id },
    );
    expect(await client.ask('events', other)).toMatchObject({
      problem: { code: 'message_id_reused', status: 422 },
    });
  });

  it('refuses a used event id with another content', async () => {
    const event = matchOf(gateway, 'unknown');
    await report(event);

    expect(await report({ ...event, subject_ref: 'other' })).toMatchObject({
      status: 'rejected',
      code: 'event_id_reused',
    });
    expect(await report({ ...event, event_id: v7() })).toMatchObject({ code: 'event_id_reused' });
    const alerts = await rows(
      api.em(),
      "select 1 from audit_event where action = 'device.event_id_reused' and entity_id = ?",
      [gateway.id],
    );
    expect(alerts.length).toBeGreaterThan(0);
  });

  it('keeps what it cannot place, with a stable code', async () => {
    const student = await freshStudent();
    const stranger = await enrolFace(api.em(), world.other.students[0]?.id ?? '');
    const elsewhere = await makeGateway(api.em(), world.other.room.id);
    const outside = await admitted(elsewhere);
    open.push(outside);
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

    const cases: [object, string, string][] = [
      [matchOf(gateway, 'nobody'), 'parked', 'subject_unknown'],
      [matchOf(gateway, student.ref, { captured_at: hoursAgo(5) }), 'parked', 'no_session'],
      [matchOf(gateway, stranger), 'parked', 'not_on_roster'],
      [matchOf(gateway, student.ref, { captured_at: hoursAgo(73) }), 'quarantined', 'too_old'],
      [matchOf(gateway, student.ref, { captured_at: hoursAgo(-1) }), 'quarantined', 'future_time'],
      [
        matchOf(gateway, student.ref, { captured_at: '0001-01-01T00:00:00+05:30' }),
        'quarantined',
        'implausible_time',
      ],
      [
        matchOf(gateway, student.ref, { clock_offset_ms: 1_000_000 }),
        'quarantined',
        'clock_untrusted',
      ],
      [matchOf(gateway, student.ref, { score: 0.5 }), 'rejected', 'below_threshold'],
      [
        matchOf(gateway, student.ref, { liveness: { result: 'fail' } }),
        'rejected',
        'liveness_failed',
      ],
    ];
    for (const [event, status, code] of cases) {
      const result = await report(event);
      expect(result).toMatchObject({ status, code, op_ids: [] });
      expect(await punchOf(result.event_id)).toMatchObject({ status, code });
    }
    expect(await report(matchOf(elsewhere, student.ref), outside)).toMatchObject({
      code: 'not_on_roster',
    });
    expect(await report(matchOf(elsewhere, student.ref))).toMatchObject({
      status: 'rejected',
      code: 'device_unknown',
    });
    expect(await recordOf(student.id)).toBeUndefined();
  });

  it('gives no mark after consent was withdrawn and keeps nothing of the person', async () => {
    const student = await freshStudent();
    await rows(
      api.em(),
      `insert into consent_event (id, created_at, student_id, purpose, granted, notice_version, channel)
       values (?::uuid, app_clock(), ?::uuid, 'biometric_attendance', false, 'test-1', 'app')`,
      [v7(), student.id],
    );
    const event = matchOf(gateway, student.ref);

    expect(await report(event)).toMatchObject({ status: 'rejected', code: 'consent_withdrawn' });
    const kept = await firstRow(
      api.em(),
      'select subject_ref, student_id, payload from device_punch where event_id = ?::uuid',
      [event.event_id],
    );
    expect(kept).toEqual({ subject_ref: null, student_id: null, payload: {} });
    expect(await recordOf(student.id)).toBeUndefined();
  });

  it('corrects the clock of the terminal, and flags one that was not measured', async () => {
    const room = await makeClassroom();
    const student = world.student;
    const ref = await enrolFace(api.em(), student.id);
    const fast = new Date(Date.now() + 100_000).toISOString();

    expect(
      await report(
        matchOf(room.gateway, ref, { captured_at: fast, clock_offset_ms: 100_000 }),
        room.client,
      ),
    ).toMatchObject({ status: 'accepted' });
    expect(await recordOf(student.id, room.session)).toMatchObject({ rank: 60, flags: [] });

    const other = await makeClassroom();
    await report(matchOf(other.gateway, ref, { clock_offset_ms: null }), other.client);
    expect(await recordOf(student.id, other.session)).toMatchObject({
      rank: 55,
      flags: ['clock_flagged'],
    });
  });

  it('counts an earlier class left and the next one entered from a punch between them', async () => {
    const { room, gateway: own, client: from } = await makeClassroom({ start: -60, end: 0 });
    const following = await classIn(room, 5, 65);
    const ref = await enrolFace(api.em(), world.student.id);

    const result = await report(matchOf(own, ref), from);

    expect(result.op_ids).toHaveLength(2);
    expect(await recordOf(world.student.id, following)).toMatchObject({ mark: 'present' });
    const phases = await rows(
      api.em(),
      'select session_id, phase from attendance_operation where op_id = any(?::uuid[]) order by phase',
      [result.op_ids],
    );
    expect(phases).toMatchObject([{ phase: 'entry', session_id: following }, { phase: 'exit' }]);
  });

  it('refuses what is malformed, forged, altered or late, and stores nothing', async () => {
    const before = await totals();
    const body = { sent_at: new Date().toISOString(), events: [] };
    const good = signedMessage(gateway, body);
    const stranger = await makeGateway(api.em(), world.room.id);
    const withEvent = (change: object) =>
      signedMessage(gateway, { ...body, events: [matchOf(gateway, 'x', change)] });
    const old = Math.floor(Date.now() / 1_000) - 301;
    const cases: [unknown, string][] = [
      [undefined, 'validation_failed'],
      ['text', 'validation_failed'],
      [{ ...good, more: 1 }, 'validation_failed'],
      [{ ...good, timestamp: '1' }, 'validation_failed'],
      [{ ...good, body: 'x'.repeat(16 * 1024 + 1) }, 'validation_failed'],
      [{ ...good, body: `${good.body} ` }, 'signature_invalid'],
      [{ ...good, kid: stranger.kid }, 'signature_invalid'],
      [signedMessage(stranger, body), 'signature_invalid'],
      [signedMessage(gateway, body, { timestamp: old }), 'timestamp_out_of_window'],
      [signedMessage(gateway, '{"sent_at":'), 'malformed_request'],
      [signedMessage(gateway, []), 'validation_failed'],
      [
        signedMessage(gateway, { ...body, events: Array(21).fill(matchOf(gateway, 'x')) }),
        'validation_failed',
      ],
      [withEvent({ kind: 'enrolled' }), 'validation_failed'],
      [withEvent({ event_id: '7' }), 'validation_failed'],
      [withEvent({ seq: 2 ** 31 }), 'validation_failed'],
      [withEvent({ subject_ref: 'a\u0000b' }), 'validation_failed'],
      [withEvent({ captured_at: 'yesterday' }), 'validation_failed'],
      [withEvent({ name: 'Asha' }), 'validation_failed'],
    ];
    for (const [message, code] of cases) {
      expect(await client.ask('events', message)).toMatchObject({ ok: false, problem: { code } });
    }
    expect(await totals()).toEqual(before);
    expect(await client.ask('events', good)).toMatchObject({ ok: true, results: [] });
  });
});

describe('the example of docs/devices.md', () => {
  it('runs as printed and marks a student', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const page = readFileSync(path.join(root, 'docs/devices.md'), 'utf8');
    const program = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const folder = mkdtempSync(path.join(tmpdir(), 'gateway-'));
    mkdirSync(path.join(folder, 'var/keys'), { recursive: true });
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    const { d, x } = gateway.privateKey.export({ format: 'jwk' });
    const own = {
      gateway_id: gateway.id,
      kid: gateway.kid,
      private_key: d,
      public_key: x,
      devices: [{ device_id: gateway.deviceId, rooms: [world.room.code] }],
      subjects: [(await freshStudent()).ref],
    };
    writeFileSync(path.join(folder, 'var/keys/demo-gateway.json'), JSON.stringify(own));
    writeFileSync(path.join(folder, 'gateway.mjs'), program);

    try {
      const run = promisify(execFile)(process.execPath, ['gateway.mjs'], {
        cwd: folder,
        env: { ...process.env, BASE_URL: api.baseUrl, NODE_OPTIONS: '' },
        timeout: 20_000,
      });
      const { stdout } = await run;
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, results: [{ status: 'accepted' }] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** A room with a terminal and a class of the world's section in it. */
async function makeClassroom({ start = -5, end = 55 } = {}) {
  const id = v7();
  await rows(
    api.em(),
    `insert into room (id, campus_id, code, building, capacity)
     values (?::uuid, ?::uuid, ?, 'Block B', 60)`,
    [id, world.campus, `T-${id.slice(-8)}`],
  );
  const own = await makeGateway(api.em(), id);
  const connected = await admitted(own);
  open.push(connected);
  return { room: id, gateway: own, client: connected, session: await classIn(id, start, end) };
}

function classIn(room: string, start: number, end: number): Promise<string> {
  const { campus, section: courseSection, faculty } = world;
  return makeSession(api.em(), {
    campus,
    courseSection,
    faculty: faculty.id,
    room,
    startAt: minutesFromNow(start),
    endAt: minutesFromNow(end),
  });
}
