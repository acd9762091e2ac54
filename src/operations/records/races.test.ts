import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/servers.ts';
import { chainStart, eventHash } from '../../audit/append-log.ts';
import { loadEnvironment } from '../../config/env.ts';
import { createDeps, type Deps } from '../../deps.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { AppError } from '../../domain/errors.ts';
import { operationFor } from '../operation-for.ts';
import { SYSTEM_ACTOR, type Operation } from '../ports.ts';
import { applyTransition } from '../sessions/apply-transition.ts';
import type { OperationResult } from './apply-operations.ts';
import { markRecords } from './mark-records.ts';

const STUDENTS = 500;
const EVERYTHING = { sql: 'true', parameters: [] };

let database: TestDatabase;
let deps: Deps;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
  deps = await createDeps(
    loadEnvironment(['database'], {
      KEY_FOLDER: process.env['KEY_FOLDER'],
      DATABASE_URL: database.url,
      DATABASE_POOL_MAX: '16',
      TEST_CLOCK: '1',
      LOG_LEVEL: 'silent',
    }),
  );
  world = await makeWorld(deps.orm.em.fork(), { studentCount: STUDENTS });
}, 120_000);

afterAll(async () => {
  await deps.close();
  await database.drop();
});

const operation = (): Operation =>
  operationFor(deps, {
    ...SYSTEM_ACTOR,
    userId: world.faculty.userId,
    role: 'faculty',
    channel: 'api',
  });

const openSession = (change: object = {}): Promise<string> =>
  makeSession(deps.orm.em.fork(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(-5),
    ...change,
  });

async function markOne(
  session: string,
  studentId: string,
  opId: string = v7(),
): Promise<OperationResult> {
  const [result] = await markRecords(
    operation(),
    { view: EVERYTHING, mark: EVERYTHING, facultyId: world.faculty.id },
    {
      sessionId: session,
      items: [{ opId, studentId, mark: 'present' }],
      rest: undefined,
      keyNamespace: opId,
    },
  );
  if (!result) throw new Error('no result');
  return result;
}

const close = (session: string) =>
  applyTransition(operation(), {
    sessionId: session,
    epoch: 1,
    command: { id: v7(), edge: 'close', by: 'timer', actorId: null, channel: 'workflow' },
  });

async function assertChainWhole(session: string): Promise<void> {
  const events = await rows<{ seq: string; body: string; prev_hash: string; hash: string }>(
    deps.orm.em.fork(),
    'select seq, body, prev_hash, hash from audit_event where chain = ? order by seq',
    [`session:${session}`],
  );
  let previous = chainStart(`session:${session}`);
  events.forEach((event, index) => {
    expect(Number(event.seq)).toBe(index + 1);
    expect(event.prev_hash).toBe(previous);
    expect(eventHash(previous, event.body)).toBe(event.hash);
    previous = event.hash;
  });
}

async function assertLiveLogWhole(session: string): Promise<void> {
  const [found] = await rows<{ count: number; last: string }>(
    deps.orm.em.fork(),
    'select count(*)::int as count, max(seq) as last from live_event where session_id = ?::uuid',
    [session],
  );
  expect(Number(found?.last)).toBe(found?.count);
}

describe('marks against close', () => {
  it('keeps every acknowledged mark of 500 students and makes exactly the rest absent', async () => {
    const session = await openSession();
    const acknowledged = new Set<string>();
    const queue = [...world.students];
    const client = async (): Promise<void> => {
      for (let student = queue.shift(); student; student = queue.shift()) {
        const result = await markOne(session, student.id).catch((error: unknown) => {
          if (error instanceof AppError && error.code === 'try_again') return undefined;
          throw error;
        });
        if (result?.status === 'applied') acknowledged.add(student.id);
        if (queue.length === STUDENTS / 2) void closing();
      }
    };
    let closed: ReturnType<typeof close> | undefined;
    const closing = (): Promise<unknown> => (closed ??= close(session));

    await Promise.all(Array.from({ length: 12 }, client));
    const result = await closing();

    expect(result).toMatchObject({ refused: null });
    const records = await rows<{ student_id: string; mark: string; source: string }>(
      deps.orm.em.fork(),
      'select student_id, mark, source from attendance_record where session_id = ?::uuid',
      [session],
    );
    expect(records).toHaveLength(STUDENTS);
    const present = records.filter((record) => record.mark === 'present');
    // A teacher may mark after the close, too: each acknowledged mark stands, no more and no less.
    expect(new Set(present.map((record) => record.student_id))).toEqual(acknowledged);
    expect(records.filter((record) => record.mark === 'absent')).toHaveLength(
      STUDENTS - acknowledged.size,
    );
    await assertChainWhole(session);
    await assertLiveLogWhole(session);
  }, 120_000);

  it('control: an absence written without the lock would overwrite an acknowledged mark', async () => {
    const session = await openSession();
    const student = world.students[0]?.id ?? '';
    const unsafeClose = async (): Promise<void> => {
      const em = deps.orm.em.fork();
      const unmarked = await rows<{ student_id: string }>(
        em,
        `select e.student_id from enrolment e where e.course_section_id = ?::uuid and not exists (
           select 1 from attendance_record r where r.session_id = ?::uuid
             and r.student_id = e.student_id and r.mark is not null)`,
        [world.section, session],
      );
      await markOne(session, student);
      await rows(
        em,
        `insert into attendance_record (id, session_id, student_id, mark)
         select gen_random_uuid(), ?::uuid, s, 'absent' from unnest(?::uuid[]) s
         on conflict (session_id, student_id) do update set mark = excluded.mark`,
        [session, unmarked.map((row) => row.student_id)],
      );
    };
    await unsafeClose();
    const record = await firstRow(
      deps.orm.em.fork(),
      'select mark from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
      [session, student],
    );
    expect(record).toEqual({ mark: 'absent' });
  });

  it('refuses a machine scan after the close and admits one that waited before it', async () => {
    const session = await openSession({
      startAt: minutesFromNow(-120),
      endAt: minutesFromNow(-60),
    });
    await close(session);
    const { applyOperations } = await import('./apply-operations.ts');
    const [result] = await operation().em.transactional((em) =>
      applyOperations(operation(), em, session, [
        {
          opId: v7(),
          studentId: world.students[0]?.id ?? '',
          mark: 'present',
          rank: 50,
          source: 'qr',
        },
      ]),
    );
    expect(result).toMatchObject({ status: 'rejected', code: 'session_closed' });
  });
});

describe('mark against mark', () => {
  it('two marks of one student at once leave one record and two operations', async () => {
    const session = await openSession();
    const student = world.students[1]?.id ?? '';
    const results = await Promise.all(Array.from({ length: 10 }, () => markOne(session, student)));
    expect(results.every((result) => ['applied', 'superseded'].includes(result.status))).toBe(true);
    const counts = await firstRow(
      deps.orm.em.fork(),
      `select (select count(*)::int from attendance_operation where session_id = ?::uuid) as operations,
         (select count(*)::int from attendance_record where session_id = ?::uuid) as records`,
      [session, session],
    );
    expect(counts).toEqual({ operations: 10, records: 1 });
    await assertChainWhole(session);
  });

  it('ten sends of one operation have one effect and one first answer', async () => {
    const session = await openSession();
    const opId = v7();
    const student = world.students[2]?.id ?? '';
    const results = await Promise.all(
      Array.from({ length: 10 }, () => markOne(session, student, opId)),
    );
    expect(results.filter((result) => result.status === 'applied')).toHaveLength(1);
    expect(results.filter((result) => result.status === 'duplicate')).toHaveLength(9);
  });
});

describe('append-only tables', () => {
  it.each([
    ['update attendance_operation set rank = 100'],
    ['delete from attendance_operation'],
    ['update audit_event set actor = null'],
    ['delete from audit_event'],
    ['truncate audit_event'],
    ['truncate attendance_operation cascade'],
  ])('%s is refused by the database', async (statement) => {
    await markOne(await openSession(), world.students[3]?.id ?? '');
    await expect(rows(deps.orm.em.fork(), statement)).rejects.toThrow(/append-only/);
  });
});
