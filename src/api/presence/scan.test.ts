/** Displays, tickets and scans as screens and phones use them. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { v5, v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import { makeDevice } from '../../../test/device.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { makeScanner, type Scanner } from '../../../test/scanner.ts';
import { eventually } from '../../../test/sockets.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Id, SessionPolicy } from '../../domain/types.ts';
import { operationFor } from '../../operations/operation-for.ts';
import { SYSTEM_ACTOR } from '../../operations/ports.ts';
import type { Scan } from '../../operations/presence/scan.ts';
import { createScanDesk } from '../../operations/presence/scan-desk.ts';
import { applyOperations, type OperationDraft } from '../../operations/records/apply-operations.ts';
import { sha256Hex } from '../../security/opaque-token.ts';

const STUDENTS = 5;

let api: TestApi;
let world: World;
let teacher: string;
let phones: Scanner[];

beforeAll(async () => {
  api = await startTestApi({ variables: { RATE_LIMIT_SCALE: '100' } });
  world = await makeWorld(api.em(), { studentCount: STUDENTS });
  teacher = await api.signIn(world.faculty.email);
  phones = [];
  for (const { email } of world.students) {
    phones.push(await makeScanner(api, await api.signIn(email)));
  }
});

afterAll(() => api.close());

const phoneAt = (index: number): Scanner => {
  const found = phones[index];
  if (!found) throw new Error(`there is no phone ${index}`);
  return found;
};
const studentAt = (index: number): Id => world.students[index]?.id ?? '';

const openClass = (policy: Partial<SessionPolicy> = {}, more: object = {}): Promise<Id> =>
  makeSession(api.em(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-2),
    policy: { presenceLevel: 'standard', geofenceMode: 'off', ...policy },
    ...more,
  });

const show = (session: Id, body: object = {}, token = teacher): Promise<ApiReply> =>
  api.request('POST', `/api/v1/attendance/sessions/${session}/generate-qr/`, { token, body });

async function codeOf(session: Id, body: object = {}): Promise<{ qr_token: string }> {
  const reply = await show(session, body);
  expect(reply.status).toBe(200);
  return { qr_token: textOf(reply.body['qr_token']) };
}

const codes = (reply: ApiReply) => `${reply.status} ${JSON.stringify(reply.body['code'])}`;

describe('showing codes', () => {
  it('answers the original structure, a picture and the right of the screen', async () => {
    const session = await openClass();
    const reply = await show(session);
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      session_id: session,
      room: world.room.code,
      qr_token: expect.stringMatching(/^[\w-]{58}$/),
      text_code: null,
      svg: expect.stringContaining('<svg'),
      png: expect.stringMatching(/^data:image\/png;base64,/),
    });
    const shown = await firstRow<{ shown: boolean }>(
      api.em(),
      'select late_reference_at is not null as shown from attendance_session where id = ?::uuid',
      [session],
    );
    expect(shown?.shown).toBe(true);
  });

  it('is told by list and detail until it ends, as the right of the screen says', async () => {
    const session = await openClass();
    const expiry = async (token = teacher): Promise<unknown[]> => {
      const path = '/api/v1/attendance/sessions';
      const listed = await api.request('GET', `${path}?page_size=200`, { token });
      const inList = Object.values(listed.body['results'] ?? {}).find(
        ({ id }) => textOf(id) === session,
      );
      const detail = await api.request('GET', `${path}/${session}`, { token });
      return [inList?.['qr_expires_at'], detail.body['qr_expires_at']];
    };
    expect(await expiry()).toEqual([null, null]);

    const shown = await show(session);

    const end = textOf(shown.body['display_expires_at']);
    const claims = await api.deps.presence.displayTokens.verify(
      textOf(shown.body['display_token']),
      api.deps.clock.now(),
    );
    expect(claims).toEqual({ sessionId: session, expiresMs: Date.parse(end) });
    expect(await expiry()).toEqual([end, end]);
    expect(await expiry(phoneAt(0).token)).toEqual([end, end]);
    try {
      await api.moveClock(4 * 60_000);
      const renewed = textOf((await show(session)).body['display_expires_at']);
      expect(Date.parse(renewed)).toBeGreaterThan(Date.parse(end));
      expect(await expiry()).toEqual([renewed, renewed]);
    } finally {
      await api.moveClock(0);
    }
  });

  it('ends with the class, an hour after it was asked for, and with a close by hand', async () => {
    const read = async (session: Id): Promise<unknown> => {
      const path = `/api/v1/attendance/sessions/${session}`;
      const token = await api.signIn(world.faculty.email);
      return (await api.request('GET', path, { token })).body['qr_expires_at'];
    };
    const short = await openClass({ lateCaptureMinutes: 0 }, { endAt: minutesFromNow(20) });
    const shortEnd = Date.parse(textOf((await show(short)).body['display_expires_at']));
    expect(shortEnd).toBeLessThanOrEqual(minutesFromNow(20).getTime());
    const long = await openClass({}, { endAt: minutesFromNow(180) });
    await show(long);
    try {
      await api.moveClock(21 * 60_000);
      expect([await read(short), await read(long)]).toEqual([null, expect.any(String)]);
      await api.moveClock(61 * 60_000);
      expect(await read(long)).toBeNull();
    } finally {
      await api.moveClock(0);
    }
    expect(await read(long)).toEqual(expect.any(String));
    await rows(api.em(), "update attendance_session set status = 'closed' where id = ?::uuid", [
      long,
    ]);
    expect(await read(long)).toBeNull();
  });

  it('is for the staff of an open class', async () => {
    const session = await openClass();
    const future = await openClass({}, { status: 'scheduled', startAt: minutesFromNow(120) });
    const other = await api.signIn(world.other.faculty.email);
    expect(codes(await show(session, {}, phoneAt(0).token))).toBe('403 "not_staff"');
    expect(codes(await show(session, {}, other))).toBe('404 "not_found"');
    const refused = await show(future);
    expect(codes(refused)).toBe('409 "session_not_open"');
    expect(refused.body).toMatchObject({
      opens_at: expect.stringMatching(/Z$/),
      closes_at: expect.stringMatching(/Z$/),
      lock_due_at: null,
      detail: expect.stringMatching(/^Marking opens at \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/),
    });
  });

  it('keeps the first moment as the late reference, and judges earlier marks by it', async () => {
    const session = await openClass(
      { lateFrom: 'reference', lateAfterMinutes: 5 },
      { startAt: minutesFromNow(-8) },
    );
    // A terminal at the door saw the student at once, eight minutes after the start.
    const operation = operationFor(api.deps, SYSTEM_ACTOR);
    const seen: OperationDraft = {
      opId: v7(),
      studentId: studentAt(0),
      mark: 'present',
      rank: RANK.biometric,
      source: 'biometric',
    };
    await operation.em.transactional((em) => applyOperations(operation, em, session, [seen]));
    const markOf = () =>
      firstRow<{ mark: string }>(
        api.em(),
        'select mark from attendance_record where session_id = ?::uuid',
        [session],
      );
    expect(await markOf()).toEqual({ mark: 'late' });
    await show(session);
    const read = () =>
      firstRow<{ at: string }>(
        api.em(),
        'select late_reference_at::text as at from attendance_session where id = ?::uuid',
        [session],
      );
    const first = await read();
    expect(await markOf()).toEqual({ mark: 'present' });
    await show(session, { text_code: true });
    expect(await read()).toEqual(first);
  });

  it('shows static codes only where the institution allowed them with a reason', async () => {
    const admin = await api.signIn(world.people.admin.email);
    const session = await openClass();
    const set = (body: object): Promise<ApiReply> =>
      api.request('PUT', '/api/v1/settings/STATIC_QR_ENABLED', { token: admin, body });
    expect(codes(await show(session, { mode: 'static' }))).toBe('409 "qr_disabled"');
    expect(codes(await set({ value: true }))).toBe('400 "validation_failed"');
    expect((await set({ value: true, reason: 'no screens in block C' })).status).toBe(200);
    const code = await codeOf(session, { mode: 'static' });
    const scanned = await phoneAt(0).scan(session, code);
    expect(scanned.status).toBe(201);
    const record = await firstRow<{ rank: number; flags: string[] }>(
      api.em(),
      'select rank, flags from attendance_record where session_id = ?::uuid',
      [session],
    );
    expect(record).toEqual({ rank: 40, flags: ['static_code'] });
    expect((await set({ value: false, reason: 'screens were installed' })).status).toBe(200);
    expect(codes(await phoneAt(1).scan(session, code))).toBe('422 "code_invalid"');
    const rotating = await codeOf(session);
    expect((await phoneAt(1).scan(session, rotating)).status).toBe(201);
  });
});

/** Gives the room a circle of 60 m. */
const fenceRoom = () =>
  rows(
    api.em(),
    'update room set fence_lat = 17.385, fence_lng = 78.4867, fence_radius_m = 60 where id = ?::uuid',
    [world.room.id],
  );

/** A scan of one student as the route hands it on. */
async function scanOf(
  index: number,
  session: Id,
  code: { readonly qr_token: string },
  more: Partial<Scan> = {},
): Promise<Scan> {
  const userId = world.students[index]?.userId ?? '';
  return {
    opId: v7(),
    userId,
    actor: { ...SYSTEM_ACTOR, userId },
    studentId: studentAt(index),
    sessionId: session,
    ticketHash: sha256Hex(await phoneAt(index).ticket(session)),
    jkt: phoneAt(index).device.jkt,
    code: { kind: 'qr', token: code.qr_token },
    location: null,
    positionHash: null,
    address: null,
    ...more,
  };
}

describe('a scan', () => {
  it('marks the signed-in student, and a second one changes nothing', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    const first = await phoneAt(0).scan(session, code, {
      body: { student: studentAt(0), device_id: 'device123' },
    });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      status: 'applied',
      student: studentAt(0),
      record: { mark: 'present', source: 'qr' },
    });
    const again = await phoneAt(0).scan(session, await codeOf(session));
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ status: 'superseded', code: 'already_marked' });
  });

  it('sent twice under one id has one effect and one answer, with its spent ticket', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    const ticket = await phoneAt(1).ticket(session);
    const opId = v7();
    const send = () => phoneAt(1).scan(session, code, { opId, ticket });
    const answers = await Promise.all([send(), send(), send()]);
    const statuses = answers.map(({ body }) => textOf(body['status'])).toSorted();
    expect(statuses).toEqual(['applied', 'duplicate', 'duplicate']);
    const other = await phoneAt(1).scan(session, { qr_token: 'x'.repeat(58) }, { opId });
    expect(codes(other)).toBe('422 "op_id_reused"');
  });

  it('sent twice under one id to two processes is a repeat there too', async () => {
    const session = await openClass();
    const scan = await scanOf(2, session, await codeOf(session));
    const desks = Array.from({ length: 4 }, () => createScanDesk(api.deps.takeScans));
    // All of them have begun before the first may go on.
    const sent = await api.em().transactional(async (em) => {
      await rows(em, 'select 1 from scan_ticket where secret_hash = ? for update', [
        scan.ticketHash,
      ]);
      const running = desks.map((take) => take(scan));
      await eventually('every process waits', async () => {
        const waiting = await rows(
          api.em(),
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        return waiting.length === desks.length;
      });
      return running;
    });
    const outcomes = await Promise.all(sent);
    expect(outcomes.map(({ result }) => result?.status ?? 'refused').toSorted()).toEqual([
      'applied',
      ...desks.slice(1).map(() => 'duplicate'),
    ]);
  });

  it('by several students at once marks each of them', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    const replies = await Promise.all(phones.map((phone) => phone.scan(session, code)));
    expect(replies.map(({ status }) => status)).toEqual(phones.map(() => 201));
    const audit = await rows<{ actor: Id }>(
      api.em(),
      `select actor from audit_event where session_id = ?::uuid and action = 'op.recorded'`,
      [session],
    );
    expect(new Set(audit.map(({ actor }) => actor))).toEqual(
      new Set(world.students.map(({ userId }) => userId)),
    );
  });

  it('of a class that is held waits for it, and keeps no other', async () => {
    const [held, other] = [await openClass(), await openClass()];
    const [heldCode, otherCode] = [await codeOf(held), await codeOf(other)];
    const waiting = await api.em().transactional(async (em) => {
      await rows(em, 'select 1 from attendance_session where id = ?::uuid for no key update', [
        held,
      ]);
      const running = phoneAt(0).scan(held, heldCode);
      expect((await phoneAt(1).scan(other, otherCode)).status).toBe(201);
      return { running };
    });
    expect((await waiting.running).status).toBe(201);
  });

  it('of a class that stays held is told to try again, and nothing happened to it', async () => {
    const session = await openClass();
    const scan = await scanOf(0, session, await codeOf(session));
    const answer = await api.em().transactional(async (em) => {
      await rows(em, 'select 1 from attendance_session where id = ?::uuid for no key update', [
        session,
      ]);
      return api.deps.takeScans([scan]);
    });
    expect(answer).toEqual(['held']);
    expect(await api.deps.takeScans([scan])).toMatchObject([{ result: { status: 'applied' } }]);
    const always = createScanDesk(async (scans) => scans.map(() => 'held' as const), [1, 2]);
    await expect(always(scan)).rejects.toMatchObject({ code: 'try_again' });
  });

  it('of a class that is over is refused without waiting for its lock', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    const ticket = await phoneAt(0).ticket(session);
    const opId = v7();
    const used = await phoneAt(1).ticket(session);
    const known = await phoneAt(1).scan(session, code, { opId, ticket: used });
    expect(known.status).toBe(201);
    await rows(
      api.em(),
      'update attendance_session set closes_at = app_clock() where id = ?::uuid',
      [session],
    );
    await api.em().transactional(async (em) => {
      await rows(em, 'select 1 from attendance_session where id = ?::uuid for no key update', [
        session,
      ]);
      const late = await phoneAt(0).scan(session, code, { ticket });
      expect(codes(late)).toBe('409 "session_closed"');
    });
    // What was accepted before is still answered, under the lock.
    const repeat = await phoneAt(1).scan(session, code, { opId, ticket: used });
    expect(repeat.body).toMatchObject({ status: 'duplicate', original: { status: 'applied' } });
  });

  it('keeps its answer where what was tried beside it cannot be kept, and counts it once', async () => {
    const session = await openClass();
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await rows(
      api.em(),
      `create function refuse_all() returns trigger language plpgsql as
         $$ begin raise exception 'the disk is full'; end $$;
       create trigger refuse_all before insert on scan_refusal execute function refuse_all()`,
    );
    const foreign = await codeOf(await openClass());
    const [bad, good] = await Promise.all([
      scanOf(0, session, foreign),
      scanOf(1, session, await codeOf(session)),
    ]);
    const outcomes = await api.deps.takeScans([bad, good]);
    await rows(api.em(), 'drop function refuse_all cascade');

    expect(outcomes).toMatchObject([
      { refusal: { code: 'code_invalid' } },
      { result: { status: 'applied' } },
    ]);
    const ticket = await firstRow(
      api.em(),
      'select attempts from scan_ticket where secret_hash = ?',
      [bad.ticketHash],
    );
    expect(ticket).toEqual({ attempts: 1 });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('the disk is full'));
    warn.mockRestore();
  });

  it('has an id of its own kind: those of the system can be computed', async () => {
    const session = await openClass();
    const opId = v5('present', session);
    const scanned = await phoneAt(0).scan(session, await codeOf(session), { opId });
    expect(codes(scanned)).toBe('400 "idempotency_key_required"');
  });

  it('takes what a platform says of a fix that is none, and no number beyond', async () => {
    const session = await openClass({ geofenceMode: 'warn' });
    const code = await codeOf(session);
    const at = (accuracy_m: number) => ({
      body: { location: { lat: 17.385, lng: 78.4867, accuracy_m } },
    });
    expect((await phoneAt(0).scan(session, code, at(-1))).status).toBe(201);
    expect(codes(await phoneAt(1).scan(session, code, at(-1e300)))).toBe('400 "validation_failed"');
  });

  it('at the position of another one of the same moment is not believed either', async () => {
    const session = await openClass({ geofenceMode: 'warn' });
    await fenceRoom();
    const code = await codeOf(session);
    const copied = {
      location: {
        lat: 17.385,
        lng: 78.4867,
        accuracyM: 15,
        ageMs: 0,
        platform: 'web',
        isMock: false,
      },
      positionHash: 'the same',
    } as const;
    const scans = await Promise.all([0, 1].map((index) => scanOf(index, session, code, copied)));
    await api.deps.takeScans(scans);
    const reasons = await rows(
      api.em(),
      `select geofence_reason as reason from presence_evidence
       where session_id = ?::uuid order by student_id = ?::uuid desc`,
      [session, studentAt(0)],
    );
    expect(reasons).toEqual([
      { reason: expect.not.stringMatching('repeated') },
      { reason: 'repeated' },
    ]);
  });

  it('keeps evidence without coordinates, and says verdict and distance', async () => {
    const session = await openClass({ geofenceMode: 'warn' });
    await fenceRoom();
    const code = await codeOf(session);
    const location = { lat: 17.3853, lng: 78.4867, accuracy_m: 15 };
    expect((await phoneAt(0).scan(session, code, { body: { location } })).status).toBe(201);
    const [kept] = await rows<Record<string, unknown>>(
      api.em(),
      'select * from presence_evidence where session_id = ?::uuid',
      [session],
    );
    expect(kept).toMatchObject({ geofence: 'inside', distance_m: 30, accuracy_m: 15 });
    expect(JSON.stringify(kept)).not.toContain('17.385');
    const operation = await firstRow<{ evidence: unknown }>(
      api.em(),
      'select evidence from attendance_operation where session_id = ?::uuid',
      [session],
    );
    expect(operation?.evidence).toMatchObject({ location: { verdict: 'inside', distance_m: 30 } });
    // A second phone at the very same six decimals is not believed.
    await phoneAt(1).scan(session, code, { body: { location } });
    const copied = await firstRow<{ geofence: string; reason: string }>(
      api.em(),
      `select geofence, geofence_reason as reason from presence_evidence
       where session_id = ?::uuid and student_id = ?::uuid`,
      [session, studentAt(1)],
    );
    expect(copied).toEqual({ geofence: 'unknown', reason: 'repeated' });
  });

  it('outside an enforced fence is refused and leaves the phone free', async () => {
    const session = await openClass({ presenceLevel: 'strict', geofenceMode: 'level' });
    const code = await codeOf(session);
    const location = { lat: 17.4, lng: 78.4867, accuracy_m: 10 };
    const refused = await phoneAt(0).scan(session, code, { body: { location } });
    expect(codes(refused)).toBe('403 "geofence_outside"');
    const claims = await rows(
      api.em(),
      'select 1 from session_device_claim where session_id = ?::uuid',
      [session],
    );
    expect(claims).toEqual([]);
    const unknown = await phoneAt(0).scan(session, code);
    expect(unknown.status).toBe(201);
    expect(unknown.body).toMatchObject({ status: 'applied' });
  });
});

describe('a refused scan', () => {
  it.each([
    ['for another student', { body: { student: 'other' } }, '403 "student_not_accepted"'],
    ['without a ticket', { ticket: null }, '400 "ticket_missing"'],
    ['with an unknown ticket', { ticket: 'made-up' }, '403 "ticket_mismatch"'],
    ['whose proof is about another nonce', { nonce: 'another' }, '401 "proof_invalid"'],
    ['without an id', { opId: '' }, '400 "idempotency_key_required"'],
    ['with an unknown field', { body: { mark: 'late' } }, '400 "validation_failed"'],
    ['with both codes', { body: { text_code: '123456' } }, '400 "validation_failed"'],
    [
      'from nowhere on Earth',
      { body: { location: { lat: 91, lng: 0 } } },
      '400 "validation_failed"',
    ],
  ] as const)('%s says so', async (_name, changes, expected) => {
    const session = await openClass();
    const code = await codeOf(session);
    const body = 'body' in changes && 'student' in changes.body ? { student: studentAt(1) } : null;
    const reply = await phoneAt(0).scan(session, code, body ? { body } : changes);
    expect(codes(reply)).toBe(expected);
    const marked = await rows(
      api.em(),
      'select 1 from attendance_operation where session_id = ?::uuid',
      [session],
    );
    expect(marked).toEqual([]);
  });

  it('of another class, a damaged or a foreign code is invalid', async () => {
    const session = await openClass();
    await codeOf(session);
    const elsewhere = await codeOf(await openClass());
    expect(codes(await phoneAt(0).scan(session, elsewhere))).toBe('422 "code_invalid"');
    expect(codes(await phoneAt(0).scan(session, { qr_token: 'no code' }))).toBe(
      '400 "code_malformed"',
    );
  });

  it('after the window of its code has expired, before its step is from the future', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    try {
      await api.moveClock(21_000);
      expect(codes(await phoneAt(0).scan(session, code))).toBe('410 "code_expired"');
      await api.moveClock(-21_000);
      expect(codes(await phoneAt(0).scan(session, code))).toBe('422 "code_future"');
    } finally {
      await api.moveClock(0);
    }
  });

  it('counts against its ticket, which dies after five wrong codes', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    const ticket = await phoneAt(0).ticket(session);
    const wrong = { qr_token: `${code.qr_token.slice(0, -2)}AA` };
    // Guesses sent at once take turns: none is free.
    const guesses = await Promise.all(
      Array.from({ length: 7 }, () => phoneAt(0).scan(session, wrong, { ticket })),
    );
    const said = guesses.map(codes).sort();
    expect(said.filter((text) => text === '429 "too_many_attempts"')).toHaveLength(2);
    expect(codes(await phoneAt(0).scan(session, code, { ticket }))).toBe('429 "too_many_attempts"');
    expect((await phoneAt(0).scan(session, code)).status).toBe(201);
  });

  it('of a spent or old ticket names the way on', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    const ticket = await phoneAt(0).ticket(session);
    expect((await phoneAt(0).scan(session, code, { ticket })).status).toBe(201);
    expect(codes(await phoneAt(0).scan(session, code, { ticket }))).toBe('409 "ticket_used"');
    const old = await phoneAt(0).ticket(session);
    await rows(api.em(), "update scan_ticket set expires_at = app_clock() - interval '1 s'");
    expect(codes(await phoneAt(0).scan(session, code, { ticket: old }))).toBe(
      '410 "ticket_expired"',
    );
  });

  it('with the ticket of another student does not fit', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    const ticket = await phoneAt(1).ticket(session);
    expect(codes(await phoneAt(0).scan(session, code, { ticket }))).toBe('403 "ticket_mismatch"');
  });

  it('on a phone that is not registered, or registered for another, names it', async () => {
    const session = await openClass();
    const code = await codeOf(session);
    const stranger = await makeScanner(api, phoneAt(0).token, await makeDevice());
    const borrowed = await makeScanner(api, phoneAt(0).token, phoneAt(1).device);
    const ticket = await phoneAt(0).ticket(session);
    expect(codes(await stranger.scan(session, code, { ticket }))).toBe('403 "device_unbound"');
    expect(codes(await borrowed.scan(session, code, { ticket }))).toBe(
      '403 "device_bound_to_other"',
    );
  });

  it('in a class that is over, or not theirs, is refused before the ticket', async () => {
    const closed = await openClass({}, { status: 'closed' });
    expect(codes(await phoneAt(0).openScanner(closed))).toBe('409 "session_closed"');
    expect(codes(await phoneAt(0).openScanner(world.other.session))).toBe('403 "not_on_roster"');
    expect(codes(await phoneAt(0).openScanner(v7()))).toBe('404 "session_not_found"');
  });

  it('is kept for the integrity report, without a place', async () => {
    const session = await openClass({ geofenceMode: 'warn' });
    await codeOf(session);
    await phoneAt(0).scan(
      session,
      { qr_token: 'no code' },
      {
        body: { location: { lat: 17.385, lng: 78.4867, accuracy_m: 5 } },
      },
    );
    const kept = await rows<Record<string, unknown>>(
      api.em(),
      'select * from scan_refusal where session_id = ?::uuid',
      [session],
    );
    expect(kept).toMatchObject([{ code: 'code_malformed', student_id: studentAt(0) }]);
    expect(JSON.stringify(kept)).not.toContain('17.38');
  });
});

describe('a ticket', () => {
  it('is given six times a minute', async () => {
    const session = await openClass();
    for (let count = 0; count < 6; count += 1) await phoneAt(2).ticket(session);
    expect(codes(await phoneAt(2).openScanner(session))).toBe('429 "rate_limited"');
  });
});

describe('a text code', () => {
  it('marks where staff enabled it, with its own risk', async () => {
    const session = await openClass();
    await codeOf(session);
    expect(codes(await phoneAt(0).scan(session, { text_code: '000000' }))).toBe(
      '409 "text_code_disabled"',
    );
    const shown = await show(session, { text_code: true });
    const text = textOf(shown.body['text_code']);
    expect((await phoneAt(0).scan(session, { text_code: text })).status).toBe(201);
    const kept = await firstRow<{ via: string; parts: unknown }>(
      api.em(),
      'select via, risk_parts as parts from presence_evidence where session_id = ?::uuid',
      [session],
    );
    expect(kept).toMatchObject({
      via: 'text_code',
      parts: expect.arrayContaining([{ signal: 'text_code', points: 15 }]),
    });
  });
});

it('no list, detail, log or audit row of any role carries a code', async () => {
  const session = await openClass();
  const { qr_token: token } = await codeOf(session);
  const admin = await api.signIn(world.people.admin.email);
  for (const reader of [teacher, admin, phoneAt(0).token]) {
    for (const path of ['sessions/', `sessions/${session}/`, `sessions/${session}/events/`]) {
      const reply = await api.request('GET', `/api/v1/attendance/${path}`, { token: reader });
      expect(JSON.stringify(reply.body)).not.toContain(token);
      expect(JSON.stringify(reply.body)).not.toMatch(/qr_token|"token"/);
    }
  }
  const audit = await rows<{ body: string }>(api.em(), 'select body from audit_event');
  expect(JSON.stringify(audit)).not.toContain(token);
});
