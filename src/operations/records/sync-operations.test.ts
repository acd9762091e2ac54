/** Claims captured offline: a result for each, whatever became of the others (marks.md section 12). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { minutesFromNow } from '../../../test/factories.ts';
import { EVERYTHING, openRequestBench, type RequestBench } from '../../../test/request-bench.ts';
import { rows } from '../../db/orm.ts';
import { waitingPairs } from '../../db/queries/record-sync.ts';
import type { Id } from '../../domain/types.ts';
import { bulkItemId, markRecords } from './mark-records.ts';
import type { OperationResult } from './operation-draft.ts';
import { syncOperations, type SyncItem, type SyncRequest } from './sync-operations.ts';

const MINUTE = 60_000;
const STUDENTS = 60;

let bench: RequestBench;
/** The phone of the teacher, and one that nobody has. */
let phone: Id;
const faults: unknown[] = [];

beforeAll(async () => {
  bench = await openRequestBench({ studentCount: STUDENTS });
  phone = await bind(bench.world.faculty.userId);
});

afterAll(() => bench.close());

/** Registers a device key for a person, since a day. */
async function bind(userId: Id): Promise<Id> {
  const id = v7();
  await rows(
    bench.em(),
    "insert into device_key (id, jkt, public_key) values (?::uuid, ?, '{}'::jsonb)",
    [id, id],
  );
  await rows(
    bench.em(),
    `insert into device_binding (id, device_key_id, user_id, valid_from)
     values (?::uuid, ?::uuid, ?::uuid, app_clock() - interval '1 day')`,
    [v7(), id, userId],
  );
  return id;
}

const studentAt = (index: number): Id => {
  const student = bench.world.students[index];
  if (!student) throw new Error(`the world has no student ${index}`);
  return student.id;
};

/** A claim of ten minutes ago by a clock that is right. */
function item(session: Id, change: Partial<SyncItem> = {}): SyncItem {
  return {
    opId: v7(),
    sessionId: session,
    studentId: studentAt(0),
    mark: 'present',
    capturedAt: minutesFromNow(-10).toISOString(),
    capturedMonoMs: null,
    bootId: null,
    baseOpId: null,
    acks: [],
    evidence: {},
    notes: null,
    ...change,
  };
}

async function send(
  items: readonly SyncItem[],
  change: Partial<SyncRequest> = {},
): Promise<readonly OperationResult[]> {
  const { faculty } = bench.world;
  const { results } = await syncOperations(
    bench.as(faculty.userId, 'faculty'),
    {
      view: { sql: 's.campus_id = ?::uuid', parameters: [bench.world.campus] },
      mark: EVERYTHING,
      facultyId: faculty.id,
      userId: faculty.userId,
      studentId: null,
    },
    {
      clientId: 'test',
      sentAt: new Date().toISOString(),
      sentMonoMs: 50 * MINUTE,
      bootId: 'boot',
      deviceKeyId: phone,
      items,
      ...change,
    },
    () => Promise.reject(new Error('a teacher scans nothing')),
    (error) => faults.push(error),
  );
  expect(faults).toEqual([]);
  expect(results.map(({ opId }) => opId)).toEqual(items.map(({ opId }) => opId));
  return results;
}

async function sendOne(one: SyncItem, change: Partial<SyncRequest> = {}): Promise<OperationResult> {
  const [result] = await send([one], change);
  if (!result) throw new Error('no result');
  return result;
}

const openClass = () => bench.classFrom(-15, 45);

const storedOf = (opId: Id) =>
  rows<{ outcome: string; outcome_code: string | null }>(
    bench.em(),
    'select outcome, outcome_code from attendance_operation where op_id = ?::uuid',
    [opId],
  );

describe('one result for each claim', () => {
  it('applies a roll call captured offline, with its own time', async () => {
    const session = await openClass();

    const result = await sendOne(
      item(session, {
        capturedAt: new Date(0).toISOString(),
        capturedMonoMs: 40 * MINUTE,
        bootId: 'boot',
      }),
    );

    expect(result).toMatchObject({
      status: 'applied',
      record: { mark: 'present', source: 'manual', captureMode: 'offline' },
    });
    const [stored] = await rows<{ age: number; clock_trust: string }>(
      bench.em(),
      `select extract(epoch from app_clock() - eff_at)::int as age, clock_trust
       from attendance_operation where op_id = ?::uuid`,
      [result.opId],
    );
    expect(stored?.clock_trust).toBe('high');
    expect(stored?.age).toBeGreaterThanOrEqual(600);
    expect(stored?.age).toBeLessThan(620);
  });

  it.each<[string, (session: Id) => Partial<SyncItem>, Partial<OperationResult>, string | null]>([
    [
      'a time in the future',
      () => ({ capturedAt: minutesFromNow(5).toISOString() }),
      { status: 'needs_review', code: 'future_time' },
      'review',
    ],
    [
      'a student of another section',
      () => ({ studentId: bench.world.other.students[0]?.id ?? '' }),
      { status: 'rejected', code: 'not_on_roster' },
      'rejected',
    ],
    [
      'a student that does not exist',
      () => ({ studentId: v7() }),
      { status: 'rejected', code: 'not_on_roster' },
      null,
    ],
    [
      'a class that does not exist',
      () => ({ sessionId: v7() }),
      { status: 'rejected', code: 'session_unknown' },
      null,
    ],
    [
      'an excuse, which no teacher may give',
      () => ({ mark: 'excused' }),
      { status: 'rejected', code: 'mark_not_allowed' },
      'rejected',
    ],
    [
      'a device that is not registered',
      () => ({ evidence: { device_key_id: v7() } }),
      { status: 'rejected', code: 'device_key_unknown' },
      'rejected',
    ],
  ])('names %s, and takes the claim beside it', async (_name, change, expected, outcome) => {
    const session = await openClass();
    const bad = item(session, change(session));
    const good = item(session, { studentId: studentAt(1) });

    const [first, second] = await send([bad, good]);

    expect(first).toMatchObject(expected);
    expect(first?.detail).toEqual(expect.any(String));
    expect(second).toMatchObject({ status: 'applied' });
    expect((await storedOf(bad.opId)).map((row) => row.outcome)).toEqual(
      outcome === null ? [] : [outcome],
    );
    const record = (await bench.record(session, studentAt(0))) ?? { mark: null };
    expect(record).toMatchObject({ mark: null });
  });

  it('lets a clock that is a day off wait for a person, without a record', async () => {
    const session = await openClass();

    const result = await sendOne(item(session), {
      sentAt: minutesFromNow(24 * 60).toISOString(),
    });

    expect(result).toMatchObject({ status: 'needs_review', code: 'clock_untrusted' });
    expect(await bench.record(session, studentAt(0))).toMatchObject({ mark: null });
  });

  it('flags a claim from the device of another person', async () => {
    const session = await openClass();
    const foreign = await bind(bench.world.student.userId);

    await sendOne(item(session, { evidence: { device_key_id: foreign } }));

    const [record] = await rows<{ flags: string[] }>(
      bench.em(),
      'select flags from attendance_record where session_id = ?::uuid',
      [session],
    );
    expect(record?.flags).toEqual(['foreign_device']);
  });

  it('answers a repeat with the first result, and another payload under its id with a refusal', async () => {
    const session = await openClass();
    const claim = item(session);
    const first = await sendOne(claim);

    const again = await send([claim, claim, { ...claim, mark: 'absent' }]);

    expect(again).toMatchObject([
      { status: 'duplicate', original: { status: 'applied', opId: claim.opId } },
      { status: 'duplicate' },
      { status: 'rejected', code: 'op_id_reused' },
    ]);
    expect(again[0]?.original?.record).toEqual(first.record);
    const [security] = await rows<{ count: number }>(
      bench.em(),
      `select count(*)::int as count from audit_event
       where session_id = ?::uuid and action = 'security.op_id_reused'`,
      [session],
    );
    expect(security?.count).toBe(1);
  });

  it('knows the repeat inside one request', async () => {
    const session = await openClass();
    const claim = item(session);

    expect(await send([claim, claim])).toMatchObject([
      { status: 'applied' },
      { status: 'duplicate', original: { status: 'applied' } },
    ]);
  });
});

/** A class that is final, with an absence by its teacher. */
async function lockedClass(): Promise<Id> {
  const session = await bench.classFrom(-120, -20);
  await bench.mark(session, studentAt(0), 'absent');
  await bench.take(session, 'close');
  await bench.take(session, 'lock');
  return session;
}

describe('claims that arrive late', () => {
  it('are taken after the close and make the class a taken one', async () => {
    const session = await bench.classFrom(-120, -20);
    await bench.take(session, 'close');

    const result = await sendOne(item(session, { capturedAt: minutesFromNow(-60).toISOString() }));

    expect(result).toMatchObject({ status: 'applied' });
    expect(await bench.record(session, studentAt(1))).toMatchObject({
      mark: 'absent',
      source: 'system',
    });
  });

  it('draft one correction request after the lock, which an approval turns into the record', async () => {
    const { hod } = bench.world.people;
    const session = await lockedClass();
    const late = item(session, { capturedAt: minutesFromNow(-60).toISOString() });
    const agreeing = item(session, { studentId: studentAt(1), mark: 'absent' });
    const second = item(session, { capturedAt: minutesFromNow(-50).toISOString() });

    expect(await send([late, agreeing, second])).toMatchObject([
      { status: 'needs_review', code: 'session_locked' },
      { status: 'rejected', code: 'session_locked' },
      { status: 'needs_review', code: 'session_locked' },
    ]);

    const requests = await rows<{ id: Id; from_mark: string; to_mark: string; status: string }>(
      bench.em(),
      'select id, from_mark, to_mark, status from correction_request where session_id = ?::uuid',
      [session],
    );
    expect(requests).toMatchObject([
      { from_mark: 'absent', to_mark: 'present', status: 'pending' },
    ]);
    expect(await bench.record(session, studentAt(0))).toMatchObject({ mark: 'absent' });
    const [request] = requests;
    expect(await bench.decide('correction', request?.id ?? '', hod.id)).toBeNull();
    expect(await bench.record(session, studentAt(0))).toMatchObject({
      mark: 'present',
      source: 'correction',
    });
    const [correction] = await rows<{ acks: Id[] }>(
      bench.em(),
      'select acks from attendance_operation where session_id = ?::uuid and rank = 100',
      [session],
    );
    expect(new Set(correction?.acks)).toEqual(new Set([late.opId, second.opId]));
  });
});

describe('evidence of a request that was turned down', () => {
  it('waits no longer: the record counts as settled', async () => {
    const { hod } = bench.world.people;
    const session = await lockedClass();
    await send([item(session, { capturedAt: minutesFromNow(-60).toISOString() })]);
    const waiting = () =>
      rows<{ student_id: Id }>(bench.em(), waitingPairs('w.session_id = ?::uuid'), [session]);
    expect(await waiting()).toMatchObject([{ student_id: studentAt(0) }]);
    const [request] = await rows<{ id: Id }>(
      bench.em(),
      'select id from correction_request where session_id = ?::uuid',
      [session],
    );

    await bench.decide('correction', request?.id ?? '', hod.id, 'rejected');

    expect(await waiting()).toEqual([]);
    expect(await bench.record(session, studentAt(0))).toMatchObject({ mark: 'absent' });
  });
});

describe('bulk against sync', () => {
  it('loses nothing and doubles nothing, and no deadlock reaches a client', async () => {
    const { faculty } = bench.world;
    const sessions = await Promise.all([openClass(), openClass(), openClass()]);
    const students = bench.world.students.map(({ id }) => id);
    const claims = sessions.flatMap((session) =>
      students.map((studentId) => item(session, { studentId, mark: 'late' })),
    );
    const bulk = (session: Id) => {
      const keyNamespace = v7();
      return markRecords(
        bench.as(faculty.userId, 'faculty'),
        { view: EVERYTHING, mark: EVERYTHING, facultyId: faculty.id },
        {
          sessionId: session,
          items: students.toReversed().map((studentId) => ({
            opId: bulkItemId(keyNamespace, session, studentId),
            studentId,
            mark: 'present' as const,
          })),
          rest: undefined,
          keyNamespace,
        },
      );
    };

    const answers = await Promise.all([
      send(claims),
      ...sessions.map(bulk),
      send(claims.toReversed()),
    ]);

    expect(answers.flat().filter(({ status }) => ['rejected', 'retry'].includes(status))).toEqual(
      [],
    );
    const [counted] = await rows<{ operations: number; records: number; wrong: number }>(
      bench.em(),
      `select (select count(*)::int from attendance_operation where session_id = any(?::uuid[])) as operations,
         count(*)::int as records, count(*) filter (where mark <> 'present')::int as wrong
       from attendance_record where session_id = any(?::uuid[])`,
      [sessions, sessions],
    );
    // The bulk mark is later than the capture, so it stands; the roll call stays as evidence.
    expect(counted).toEqual({
      operations: 2 * 3 * STUDENTS,
      records: 3 * STUDENTS,
      wrong: 0,
    });
  });
});
