/** What claims do to the records of a class: withdrawals, locked classes, rows that stay unwritten. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { v7 } from 'uuid';
import { makeSession, makeWorld, minutesFromNow, type World } from '../../../test/factories.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/servers.ts';
import { loadEnvironment } from '../../config/env.ts';
import { createDeps, type Deps } from '../../deps.ts';
import { chainStart, eventHash, sessionChain } from '../../audit/append-log.ts';
import { firstRow, rows, type Em } from '../../db/orm.ts';
import { listLiveEvents } from '../../db/queries/live-sessions.ts';
import { RANK } from '../../domain/attendance/ranks.ts';
import type { Id } from '../../domain/types.ts';
import { operationFor } from '../operation-for.ts';
import { SYSTEM_ACTOR } from '../ports.ts';
import { findSessionRow, lockSessionsForMarks } from '../sessions/session-row.ts';
import { settleRoster } from './become-taken.ts';
import {
  applyOperations,
  applyToSessions,
  type OperationDraft,
  type OperationResult,
} from './apply-operations.ts';

let database: TestDatabase;
let deps: Deps;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
  deps = await createDeps(
    loadEnvironment(['database'], {
      KEY_FOLDER: process.env['KEY_FOLDER'],
      DATABASE_URL: database.url,
      TEST_CLOCK: '1',
      LOG_LEVEL: 'silent',
    }),
  );
  world = await makeWorld(deps.orm.em.fork(), { studentCount: 3 });
});

afterAll(async () => {
  await deps.close();
  await database.drop();
});

/** A class of the world's section, one hour long. */
function classOf(startMinutes: number, change: object): Promise<Id> {
  return makeSession(deps.orm.em.fork(), {
    campus: world.campus,
    courseSection: world.section,
    faculty: world.faculty.id,
    room: world.room.id,
    startAt: minutesFromNow(startMinutes),
    ...change,
  });
}

function apply(session: Id, drafts: readonly OperationDraft[]): Promise<OperationResult[]> {
  const operation = operationFor(deps, SYSTEM_ACTOR);
  return operation.em.transactional((em) => applyOperations(operation, em, session, drafts));
}

const claim = (change: Partial<OperationDraft>): OperationDraft => ({
  opId: v7(),
  studentId: world.student.id,
  mark: 'present',
  rank: RANK.faculty,
  source: 'manual',
  ...change,
});

const leave = (): OperationDraft =>
  claim({ mark: 'excused', rank: RANK.leave, source: 'leave', excuseCategory: 'medical' });

const withdrawalOf = ({ opId, studentId }: OperationDraft): OperationDraft =>
  claim({ studentId, kind: 'withdraw', mark: null, rank: RANK.leave, targetOpId: opId });

const marks = (session: Id): Promise<object[]> =>
  rows(
    deps.orm.em.fork(),
    'select mark, version from attendance_record where session_id = ?::uuid order by mark',
    [session],
  );

const setTaken = (session: Id): Promise<object[]> =>
  rows(deps.orm.em.fork(), 'update attendance_session set taken = true where id = ?::uuid', [
    session,
  ]);

describe('applyOperations', () => {
  it('changes one record alone by a correction of a locked class that nobody took', async () => {
    const session = await classOf(-300, { status: 'locked' });

    const [result] = await apply(session, [
      claim({ rank: RANK.correction, source: 'correction', mark: 'present' }),
    ]);

    expect(result?.status).toBe('applied');
    expect(await marks(session)).toEqual([{ mark: 'present', version: 1 }]);
    const row = await firstRow(
      deps.orm.em.fork(),
      'select taken from attendance_session where id = ?::uuid',
      [session],
    );
    expect(row).toEqual({ taken: false });
  });

  it('lets a withdrawn leave of a closed, taken class fall back to absent', async () => {
    const session = await classOf(-120, { status: 'closed' });
    await setTaken(session);
    const excused = leave();
    await apply(session, [excused]);

    await apply(session, [withdrawalOf(excused)]);

    expect(await marks(session)).toEqual([{ mark: 'absent', version: 2 }]);
  });

  it('takes back what was claimed for a student who left the roster since', async () => {
    const session = await classOf(120, { status: 'scheduled' });
    const excused = leave();
    await apply(session, [excused]);
    await rows(deps.orm.em.fork(), 'delete from session_section where session_id = ?::uuid', [
      session,
    ]);

    const [result] = await apply(session, [withdrawalOf(excused)]);

    expect(result?.code).toBeNull();
    expect(await marks(session)).toEqual([{ mark: null, version: 2 }]);
  });

  it('leaves no empty record behind a refused claim', async () => {
    const session = await classOf(-300, { status: 'locked' });

    const [result] = await apply(session, [claim({})]);

    expect(result?.code).toBe('session_locked');
    expect(await marks(session)).toEqual([]);
  });

  it('keeps a shared device in sight when one of its students leaves the roster', async () => {
    const session = await classOf(-30, {});
    const deviceKeyId = v7();
    await rows(
      deps.orm.em.fork(),
      "insert into device_key (id, jkt, public_key) values (?::uuid, ?, '{}'::jsonb)",
      [deviceKeyId, deviceKeyId],
    );
    const [stays, leaves] = world.students;
    const scan = (studentId: Id | undefined) =>
      claim({ studentId: studentId ?? '', rank: RANK.qr, source: 'qr', deviceKeyId });
    await apply(session, [scan(stays?.id)]);
    await apply(session, [scan(leaves?.id)]);
    const recordOf = () =>
      firstRow(
        deps.orm.em.fork(),
        `select rank, flags from attendance_record
         where session_id = ?::uuid and student_id = ?::uuid`,
        [session, stays?.id],
      );
    const weak = { rank: 40, flags: ['shared_device'] };
    expect(await recordOf()).toEqual(weak);

    const row = await findSessionRow(deps.orm.em.fork(), session);
    if (!row) throw new Error('no session');
    const operation = operationFor(deps, SYSTEM_ACTOR);
    await operation.em.transactional((em) =>
      settleRoster(em, operation, { ...row, status: 'closed', taken: true }, [stays?.id ?? '']),
    );

    expect(await recordOf()).toEqual(weak);
  });
});

describe('applyToSessions', () => {
  const scan = (studentId: Id): OperationDraft =>
    claim({ studentId, rank: RANK.qr, source: 'qr', actor: SYSTEM_ACTOR });

  async function applyAll(
    drafts: ReadonlyMap<Id, readonly OperationDraft[]>,
    watch: (em: Em) => void = () => {},
  ): Promise<OperationResult[][]> {
    const operation = operationFor(deps, SYSTEM_ACTOR);
    return operation.em.transactional(async (em) => {
      const locked = await lockSessionsForMarks(em, [...drafts.keys()]);
      watch(em);
      const claims = [...locked].map(([id, own]) => ({
        locked: own,
        drafts: drafts.get(id) ?? [],
      }));
      return applyToSessions({ ...operation, em }, em, claims);
    });
  }

  const openClasses = async (count: number): Promise<Id[]> => {
    const made: Id[] = [];
    while (made.length < count) made.push(await classOf(-5, { status: 'open' }));
    return made.sort();
  };

  it('answers each claim in its place, and a refused one changes nothing elsewhere', async () => {
    const [first = '', second = '', third = ''] = await openClasses(3);
    const outsider = world.other.students[0]?.id ?? '';
    const [one = '', two = ''] = world.students.map(({ id }) => id);

    const results = await applyAll(
      new Map([
        [first, [scan(one), scan(two)]],
        [second, [scan(outsider), scan(one)]],
        [third, [scan(two)]],
      ]),
    );

    const codes = results.map((own) => own.map(({ status, code }) => code ?? status));
    expect(codes).toEqual([['applied', 'applied'], ['not_on_roster', 'applied'], ['applied']]);
    const places = results.map((own) => own.map(({ studentId }) => studentId));
    expect(places).toEqual([[one, two], [outsider, one], [two]]);
    expect(await marks(first)).toHaveLength(2);
    expect(await marks(second)).toHaveLength(1);
    expect(await marks(third)).toHaveLength(1);
  });

  it('appends to the chain of each class its own events and the counts of its own roll', async () => {
    const sessions = await openClasses(2);
    const student = world.student.id;

    await applyAll(new Map(sessions.map((id) => [id, [scan(student)]])));

    for (const session of sessions) {
      const events = await rows<{ body: string; hash: string }>(
        deps.orm.em.fork(),
        'select body, hash from audit_event where chain = ? order by seq',
        [sessionChain(session)],
      );
      let previous = chainStart(sessionChain(session));
      for (const { body, hash } of events) {
        expect(eventHash(previous, body)).toBe(hash);
        previous = hash;
      }
      const actions = events.map(({ body }) => (JSON.parse(body) as { action: string }).action);
      expect(actions).toEqual(['op.recorded', 'record.changed']);
      const { events: live } = await listLiveEvents(deps.orm.em.fork(), session, 0, 9);
      expect(live.map(({ type }) => type)).toEqual(['record.changed', 'counts.changed']);
      expect(live.at(-1)?.payload).toEqual({
        counts: expect.objectContaining({ present: 1, unmarked: 2, roster: 3 }),
      });
    }
  });

  it('keeps contradictions of a fellow user of a phone who is marked in another class', async () => {
    const [here = '', elsewhere = ''] = await openClasses(2);
    const [own, fellow] = world.students.map(({ id }) => id);
    const deviceKeyId = v7();
    await rows(
      deps.orm.em.fork(),
      "insert into device_key (id, jkt, public_key) values (?::uuid, ?, '{}'::jsonb)",
      [deviceKeyId, deviceKeyId],
    );
    const shared = (id = '') => ({ ...scan(id), deviceKeyId });
    await apply(here, [shared(own)]);
    await apply(here, [shared(fellow)]);
    await apply(here, [claim({ studentId: fellow ?? '', mark: 'absent' })]);
    const conflictsHere = () =>
      rows<{ kind: string; state: string }>(
        deps.orm.em.fork(),
        'select kind, state from attendance_conflict where session_id = ?::uuid order by kind',
        [here],
      );
    const before = await conflictsHere();
    expect(before).toEqual([
      { kind: 'human_vs_machine', state: 'open' },
      { kind: 'shared_device', state: 'open' },
    ]);

    await applyAll(
      new Map([
        [here, [scan(own ?? '')]],
        [elsewhere, [scan(fellow ?? '')]],
      ]),
    );

    expect(await conflictsHere()).toEqual(before);
  });

  it('costs the same number of statements for one class and for eight', async () => {
    const statementsOf = async (count: number): Promise<number> => {
      const sessions = await openClasses(count);
      const drafts = new Map(sessions.map((id) => [id, world.students.map((s) => scan(s.id))]));
      let statements = 0;
      await applyAll(drafts, (em) => {
        const transaction = em.getTransactionContext<{ executeQuery(): Promise<unknown> }>();
        if (!transaction) throw new Error('not in a transaction');
        const execute = transaction.executeQuery.bind(transaction);
        jest.spyOn(transaction, 'executeQuery').mockImplementation((...query) => {
          statements += 1;
          return execute(...query);
        });
      });
      return statements;
    };

    const ofOne = await statementsOf(1);

    expect(ofOne).toBeGreaterThan(5);
    expect(await statementsOf(8)).toBe(ofOne);
  });
});
