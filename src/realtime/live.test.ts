import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 } from 'uuid';
import { startTestApi, type TestApi } from '../../test/api.ts';
import { makeLeaveType, makeSession, makeWorld, type World } from '../../test/factories.ts';
import {
  eventually,
  openSocket,
  type Answer,
  type HeardEvent,
  type TestSocket,
} from '../../test/sockets.ts';
import { rows } from '../db/orm.ts';
import { notify } from '../operations/notifications/notify.ts';
import { operationFor } from '../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../operations/ports.ts';
import { applyOperations } from '../operations/records/apply-operations.ts';
import { createSockets, type Sockets } from './create-sockets.ts';
import { inboxMessage, noticeMessage, sessionMessage, watchReply } from './events.ts';

let api: TestApi;
let world: World;
let teacher: string;
const open: TestSocket[] = [];

beforeAll(async () => {
  api = await startTestApi({ attach: createSockets, variables: { RATE_LIMIT_SCALE: '20' } });
  world = await makeWorld(api.em(), { studentCount: 12 });
  teacher = await api.signIn(world.faculty.email);
});
afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await api.moveClock(0);
});
afterAll(() => api.close());

async function connect(token: string, baseUrl = api.baseUrl): Promise<TestSocket> {
  const client = await openSocket(baseUrl, '/live', { auth: { token } });
  open.push(client);
  return client;
}

/** A connected client that watches the session, and its answer. */
async function watching(token: string, session: string, baseUrl = api.baseUrl) {
  const client = await connect(token, baseUrl);
  const answer = await client.ask('watch', { session });
  expect(watchReply.safeParse(answer)).toMatchObject({ success: true });
  return { ...client, answer };
}

function freshSession(): Promise<string> {
  const { campus, section: courseSection, faculty, room } = world;
  return makeSession(api.em(), { campus, courseSection, faculty: faculty.id, room: room.id });
}

async function mark(session: string, student: string | undefined, value = 'present') {
  const reply = await api.request('POST', '/api/v1/attendance/records/', {
    token: teacher,
    body: { session, student, mark: value },
    headers: { 'idempotency-key': v7() },
  });
  expect(reply.status).toBeLessThan(300);
}

async function eventsOf(session: string, after = 0, token = teacher): Promise<HeardEvent[]> {
  const path = `/api/v1/attendance/sessions/${session}/events/?after=${after}`;
  const { body } = await api.request('GET', path, { token });
  return body['events'] as unknown as HeardEvent[];
}

const lastCounts = ({ events }: TestSocket): unknown =>
  events.findLast((event) => 'counts' in event.payload)?.payload['counts'];

const refusedWith = (code: string) => expect.objectContaining({ message: code });

describe('the handshake of /live', () => {
  it('refuses no token, a token that is none, and a token in another place', async () => {
    for (const auth of [{}, { token: 'nonsense' }, { token: 7 }, { Authorization: teacher }]) {
      await expect(openSocket(api.baseUrl, '/live', { auth })).rejects.toMatchObject({
        message: 'unauthenticated',
        data: { code: 'unauthenticated', status: 401 },
      });
    }
  });

  it('refuses a token that has expired', async () => {
    const token = await api.signIn(world.faculty.email);
    await api.moveClock(11 * 60_000);
    await expect(openSocket(api.baseUrl, '/live', { auth: { token } })).rejects.toEqual(
      refusedWith('unauthenticated'),
    );
  });

  it('serves nothing outside its namespaces', async () => {
    for (const namespace of ['/', '/other']) {
      await expect(
        openSocket(api.baseUrl, namespace, { auth: { token: teacher } }),
      ).rejects.toBeInstanceOf(Error);
    }
  });

  it('refuses a foreign page and admits our own', async () => {
    const auth = { token: teacher };
    const foreign = { origin: 'https://evil.example' };
    await expect(
      openSocket(api.baseUrl, '/live', { auth, headers: foreign }),
    ).rejects.toMatchObject({ type: 'TransportError' });
    const own = await openSocket(api.baseUrl, '/live', { auth, headers: { origin: api.baseUrl } });
    own.close();
  });
});

describe('a socket of /live', () => {
  it('ends when its sign-in is revoked', async () => {
    const token = await api.signIn(world.faculty.email);
    const client = await connect(token);

    await api.request('POST', '/api/v1/auth/logout', { token });

    await eventually('the socket ends', client.ended);
    expect(client.ended()).toBe('io server disconnect');
  });

  it('ends when its token expires, unless it sent a fresh one', async () => {
    const [idle, renewed] = [await connect(teacher), await connect(teacher)];
    await api.moveClock(5 * 60_000);
    const fresh = await api.signIn(world.faculty.email);
    expect(await renewed.ask('token', { token: fresh })).toEqual({ ok: true });

    await api.moveClock(11 * 60_000);

    await eventually('the idle socket ends', idle.ended);
    const session = await freshSession();
    expect(await renewed.ask('watch', { session })).toMatchObject({ ok: true });
    expect(renewed.ended()).toBeUndefined();
  });

  it("refuses someone else's token", async () => {
    const client = await connect(teacher);
    const token = await api.signIn(world.student.email);
    expect(await client.ask('token', { token })).toMatchObject({ problem: { code: 'forbidden' } });
  });

  it('answers malformed messages with a problem and goes on', async () => {
    const client = await connect(teacher);
    const session = await freshSession();
    const bad = [undefined, null, 'x', [], {}, { session: 'x' }, { session, more: 1 }];
    for (const message of bad) {
      expect(await client.ask('watch', message)).toMatchObject({
        ok: false,
        problem: { code: 'validation_failed', status: 400 },
      });
    }
    client.socket.emit('watch');
    client.socket.emit('unwatch', { session: 5 });
    client.socket.emit('no such event', { session });
    expect(await client.ask('watch', { session })).toMatchObject({ ok: true });
  });

  it('is limited in messages per second and ended when it never slows down', async () => {
    const client = await connect(teacher);
    const session = await freshSession();

    const codes = new Set<string | undefined>();
    const ask = () =>
      client.socket.emit('unwatch', { session }, ({ problem }: Answer) => codes.add(problem?.code));
    await eventually('the socket ends', () => {
      for (let sent = 0; sent < 500; sent += 1) ask();
      return client.ended();
    });

    expect(codes).toEqual(new Set([undefined, 'rate_limited']));
  });
});

describe('watch', () => {
  it('refuses sessions outside the scope as if they did not exist', async () => {
    const outsiders = [
      world.other.faculty.email,
      world.other.students[0]?.email ?? '',
      world.people.otherHod.email,
      world.people.auditor.email,
    ];
    for (const email of outsiders) {
      const client = await connect(await api.signIn(email));
      expect(await client.ask('watch', { session: world.session })).toMatchObject({
        ok: false,
        problem: { code: 'not_found' },
      });
    }
    const nobody = await connect(await api.signIn(world.people.nobody.email));
    expect(await nobody.ask('watch', { session: world.session })).toMatchObject({
      problem: { code: 'forbidden' },
    });
    const client = await connect(teacher);
    expect(await client.ask('watch', { session: v7() })).toMatchObject({
      problem: { code: 'not_found' },
    });
  });

  it('answers the newest number and the counts', async () => {
    const session = await freshSession();
    await mark(session, world.students[0]?.id);

    const { answer } = await watching(teacher, session);

    expect(answer).toEqual({
      ok: true,
      seq: 2,
      counts: {
        present: 1,
        late: 0,
        absent: 0,
        excused: 0,
        unmarked: 11,
        roster: 12,
        conflicts: 0,
      },
    });
  });

  it('shows two clients the same number after marks, in order and without a gap', async () => {
    const session = await freshSession();
    const first = await watching(teacher, session);
    const second = await watching(await api.signIn(world.people.hod.email), session);

    await Promise.all(world.students.slice(0, 8).map(({ id }) => mark(session, id)));

    const expected = {
      present: 8,
      late: 0,
      absent: 0,
      excused: 0,
      unmarked: 4,
      roster: 12,
      conflicts: 0,
    };
    for (const client of [first, second]) {
      await eventually('the last count', () => client.events.some(({ seq }) => seq === 16));
      expect(lastCounts(client)).toEqual(expected);
      const changed = client.events.filter(({ type }) => type === 'record.changed');
      expect(new Set(changed.map(({ payload }) => payload['student']))).toEqual(
        new Set(world.students.slice(0, 8).map(({ id }) => id)),
      );
      let seen = client.answer.seq ?? -1;
      for (const event of client.events) {
        expect(sessionMessage.safeParse(event)).toMatchObject({ success: true });
        expect(event.after).toBe(seen);
        expect(event.seq).toBeGreaterThan(seen);
        seen = event.seq;
      }
    }
  });

  it('lets a client that missed events catch up over HTTP', async () => {
    const session = await freshSession();
    const client = await watching(teacher, session);
    await mark(session, world.students[0]?.id);
    await eventually('the first mark', () => client.events.at(-1)?.seq === 2);
    client.close();

    await mark(session, world.students[1]?.id);
    await mark(session, world.students[2]?.id);
    const again = await watching(teacher, session);

    expect(again.answer.seq).toBe(6);
    expect((await eventsOf(session, 2)).map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
  });

  it('collapses counts to the last value', async () => {
    const session = await freshSession();
    const client = await watching(teacher, session);

    for (const { id } of world.students) await mark(session, id);

    await eventually('the last count', () => client.events.at(-1)?.seq === 24);
    expect(lastCounts(client)).toMatchObject({ present: 12, unmarked: 0 });
    const { events } = client;
    const counts = events.filter(({ type }) => type === 'counts.changed');
    const spanMs = Date.parse(events.at(-1)?.at ?? '') - Date.parse(events[0]?.at ?? '');
    expect(counts.length).toBeLessThanOrEqual(Math.ceil(spanMs / 200) + 1);
  });

  it('gives a student the counts and the own row alone', async () => {
    const session = await freshSession();
    const token = await api.signIn(world.student.email);
    const client = await watching(token, session);

    await mark(session, world.students[1]?.id);
    await mark(session, world.student.id, 'late');
    await mark(session, world.students[2]?.id);

    await eventually('the last count', () => client.events.at(-1)?.seq === 6);
    expect(lastCounts(client)).toMatchObject({ present: 2, late: 1 });
    const rowsHeard = client.events.filter(({ type }) => type === 'record.changed');
    expect(rowsHeard.map(({ payload }) => payload)).toEqual([
      expect.objectContaining({ student: world.student.id, mark: 'late', source: 'manual' }),
    ]);
    for (const other of world.students.slice(1)) {
      expect(JSON.stringify(client.events)).not.toContain(other.id);
    }
    const missed = await eventsOf(session, 0, token);
    expect(JSON.stringify(missed)).not.toContain(world.students[1]?.id);
  });

  it('tells why a record deserves a look to the staff, and to no student', async () => {
    const session = await freshSession();
    const staff = await watching(teacher, session);
    const token = await api.signIn(world.student.email);
    const student = await watching(token, session);
    const scan = (studentId: string | undefined, flags: readonly string[]) => ({
      opId: v7(),
      studentId: studentId ?? '',
      mark: 'present' as const,
      rank: 40,
      source: 'qr' as const,
      flags,
    });
    const operation = operationFor(api.deps, SYSTEM_ACTOR);
    await operation.em.transactional((em) =>
      applyOperations(operation, em, session, [
        scan(world.student.id, []),
        scan(world.students[1]?.id, ['presence_flagged']),
      ]),
    );
    const flagsHeard = ({ events }: { readonly events: readonly HeardEvent[] }) =>
      new Map(
        events
          .filter(({ payload }) => typeof payload['student'] === 'string')
          .map(({ payload }) => [payload['student'], payload['flags']]),
      );
    for (const client of [staff, student]) {
      await eventually('the last count', () => client.events.at(-1)?.seq === 3);
    }
    expect(flagsHeard(staff)).toEqual(
      new Map<unknown, unknown>([
        [world.student.id, []],
        [world.students[1]?.id, ['presence_flagged']],
      ]),
    );
    expect(flagsHeard(student)).toEqual(new Map([[world.student.id, undefined]]));
    const missed = await eventsOf(session, 0, token);
    expect(flagsHeard({ events: missed })).toEqual(new Map([[world.student.id, undefined]]));

    // The teacher's word takes the doubt away.
    await mark(session, world.students[1]?.id);
    await eventually('the next count', () => staff.events.at(-1)?.seq === 5);
    expect(flagsHeard(staff).get(world.students[1]?.id)).toEqual([]);
    expect(staff.events.every((event) => sessionMessage.safeParse(event).success)).toBe(true);
  });

  it('gives a mentor the rows of mentees alone', async () => {
    const session = await freshSession();
    const client = await watching(await api.signIn(world.people.mentor.email), session);

    await mark(session, world.students[1]?.id);
    await mark(session, world.student.id);

    await eventually('the last count', () => client.events.at(-1)?.seq === 4);
    expect(JSON.stringify(client.events)).toContain(world.student.id);
    expect(JSON.stringify(client.events)).not.toContain(world.students[1]?.id);
  });

  it('stops with unwatch', async () => {
    const session = await freshSession();
    const [leaving, staying] = [await watching(teacher, session), await watching(teacher, session)];
    expect(await leaving.ask('unwatch', { session })).toEqual({ ok: true });

    await mark(session, world.students[0]?.id);

    await eventually('the other hears it', () => staying.events.length > 0);
    expect(leaving.events).toEqual([]);
  });

  it('ends with the right to see the session', async () => {
    const session = await freshSession();
    const em = api.em();
    const leaver = await api.signIn(world.people.hod.email);
    const client = await watching(leaver, session);
    const staying = await watching(teacher, session);

    await rows(em, 'delete from role_assignment where user_id = ?::uuid', [world.people.hod.id]);
    await rows(em, 'update app_user set auth_changed_at = app_clock() where id = ?::uuid', [
      world.people.hod.id,
    ]);
    await eventually('the right is gone', async () => {
      const reply = await client.ask('watch', { session });
      return reply.problem?.code === 'forbidden';
    });
    const heard = client.events.length;
    await mark(session, world.students[0]?.id);

    await eventually('the teacher hears it', () => staying.events.length > 0);
    expect(client.events.length).toBe(heard);
  });
});

describe('several processes', () => {
  let server: Server;
  let sockets: Sockets;
  beforeAll(async () => {
    server = createServer();
    sockets = createSockets(server, api.deps);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await sockets.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('a client of one hears marks taken by another', async () => {
    const session = await freshSession();
    const address = server.address() as AddressInfo;
    const client = await watching(teacher, session, `http://127.0.0.1:${address.port}`);

    await mark(session, world.students[0]?.id);

    await eventually('the count', () => client.events.at(-1)?.seq === 2);
    expect(lastCounts(client)).toMatchObject({ present: 1 });
  });
});

describe('notice', () => {
  it('tells the person of a new notification once, and nobody else', async () => {
    const mine = await connect(await api.signIn(world.student.email));
    const other = await connect(await api.signIn(world.students[1]?.email ?? ''));
    const heard: unknown[] = [];
    mine.socket.on('notice', (message: unknown) => heard.push(message));
    other.socket.on('notice', (message: unknown) => heard.push(message));
    const tell = (dedupeKey: string) =>
      api.em().transactional((em) =>
        notify(em, api.deps.ids, [
          {
            userId: world.student.userId,
            kind: 'mark_overruled',
            dedupeKey,
            payload: { session: world.session, mark: 'absent' },
            mail: false,
          },
        ]),
      );

    await tell('first');
    await eventually('the first notice', () => heard.length > 0);
    await tell('second');
    await eventually('the second notice', () => heard.length > 1);

    expect(heard).toHaveLength(2);
    for (const message of heard) {
      expect(noticeMessage.safeParse(message)).toMatchObject({ success: true });
    }
  });
});

describe('inbox', () => {
  it('tells applicant and decider of a leave, and nobody else', async () => {
    const clients = {
      applicant: await connect(await api.signIn(world.student.email)),
      mentor: await connect(await api.signIn(world.people.mentor.email)),
      classmate: await connect(await api.signIn(world.students[1]?.email ?? '')),
      otherHod: await connect(await api.signIn(world.people.otherHod.email)),
    };
    const em = api.em();
    const id = v7();
    const leaveType = await makeLeaveType(em);
    await rows(
      em,
      `insert into leave_application (id, student_id, leave_type_id, starts_at, ends_at,
         reason_sealed, submitted_at, expires_at)
       values (?::uuid, ?::uuid, ?::uuid, app_clock(), app_clock() + interval '1 day', 'sealed',
         app_clock(), app_clock() + interval '1 day')`,
      [id, world.student.id, leaveType],
    );
    const pending = { kind: 'leave', id, status: 'pending' };
    for (const client of [clients.applicant, clients.mentor]) {
      await eventually('pending', () => client.inbox.length > 0);
      expect(client.inbox).toEqual([pending]);
      expect(inboxMessage.safeParse(client.inbox[0])).toMatchObject({ success: true });
    }

    await rows(
      em,
      "update leave_application set status = 'withdrawn', version = version + 1 where id = ?::uuid",
      [id],
    );

    for (const client of [clients.applicant, clients.mentor]) {
      await eventually('withdrawn', () => client.inbox.length > 1);
      expect(client.inbox).toEqual([pending, { ...pending, status: 'withdrawn' }]);
    }
    expect(clients.classmate.inbox).toEqual([]);
    expect(clients.otherHod.inbox).toEqual([]);
  });
});
