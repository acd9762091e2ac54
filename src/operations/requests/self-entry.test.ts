import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import {
  codeOf,
  EVERYTHING,
  openRequestBench,
  type RequestBench,
} from '../../../test/request-bench.ts';
import { moveDatabaseClock } from '../../../test/factories.ts';
import { firstRow, rows } from '../../db/orm.ts';
import { appError } from '../../domain/errors.ts';
import { directWorkflows } from '../../../test/direct-workflows.ts';
import type { Id } from '../../domain/types.ts';
import { operationFor } from '../operation-for.ts';
import { SYSTEM_ACTOR, type WorkflowGateway } from '../ports.ts';
import { findLateRuns } from '../runs/find-late-runs.ts';
import { decideSelfEntries } from './decide-self-entries.ts';
import { fileSelfEntry, type FiledSelfEntry } from './file-self-entry.ts';
import { ladderInstants } from './ladder-instants.ts';
import { loadCaseView } from './load-case-view.ts';

const STUDENTS = 40;
const HOUR_MS = 3_600_000;

let bench: RequestBench;

beforeAll(async () => {
  bench = await openRequestBench({ studentCount: STUDENTS });
}, 60_000);
afterAll(() => bench.close());

const studentAt = (index: number) => {
  const found = bench.world.students[index];
  if (!found) throw new Error(`the world has no student ${index}`);
  return found;
};

const classNow = (change: object = {}): Promise<Id> =>
  bench.classFrom(-5, 30, { policy: { selfEntryEnabled: true }, ...change });

const enter = (session: Id, index = 0, opId: Id = v7()): Promise<FiledSelfEntry> =>
  fileSelfEntry(bench.as(studentAt(index).userId), EVERYTHING, {
    opId,
    sessionId: session,
    studentId: studentAt(index).id,
    notes: undefined,
  });

async function entryOf(session: Id, index = 0): Promise<Id> {
  const { entryId } = await enter(session, index);
  if (entryId === null) throw new Error('the entry was refused');
  return entryId;
}

const system = () => operationFor(bench.deps, SYSTEM_ACTOR);

describe('an entry against the close of its class', () => {
  it('commits wholly before the close or is refused, and never both', async () => {
    const session = await classNow();
    const outcomes = Promise.all(
      bench.world.students.map((_, index) => codeOf(enter(session, index))),
    );
    await bench.take(session, 'close');
    const codes = await outcomes;

    const taken = codes.filter((code) => code === 'none').length;
    const refused = codes.filter((code) => code === 'session_closed').length;
    expect(taken + refused).toBe(STUDENTS);
    const stored = await firstRow<{ entries: number; claims: number; promises: number }>(
      bench.em(),
      `select (select count(*)::int from self_entry where session_id = s.id) as entries,
         (select count(*)::int from attendance_operation o where o.session_id = s.id and o.rank = 20
            and o.outcome <> 'rejected') as claims,
         (select count(*)::int from outbox where kind = 'start_case' and payload->>'caseId' in (
            select id::text from self_entry where session_id = s.id)) as promises
       from attendance_session s where s.id = ?::uuid`,
      [session],
    );
    expect(stored).toEqual({ entries: taken, claims: taken, promises: taken });
    const closedAt = await firstRow<{ late: number }>(
      bench.em(),
      `select count(*)::int as late from self_entry l join attendance_session s on s.id = l.session_id
       where s.id = ?::uuid and l.submitted_at > s.closed_at`,
      [session],
    );
    expect(closedAt?.late).toBe(0);
  });

  it('leaves one entry when a student sends ten at once under different keys', async () => {
    const session = await classNow();

    const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(enter(session))));

    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
    expect(
      codes.filter((code) => !['none', 'duplicate_request', 'try_again'].includes(code)),
    ).toEqual([]);
    const found = await rows(bench.em(), 'select id from self_entry where session_id = ?::uuid', [
      session,
    ]);
    expect(found).toHaveLength(1);
  });

  it('gives ten requests under one key one entry and one answer', async () => {
    const session = await classNow();
    const opId = v7();

    const filed = await Promise.all(Array.from({ length: 10 }, () => enter(session, 0, opId)));

    expect(new Set(filed.map(({ entryId }) => entryId)).size).toBe(1);
    expect(filed.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
    for (const { result } of filed) {
      expect(result).toMatchObject({ opId, status: 'needs_review', code: 'awaiting_approval' });
    }
  });

  it('never makes a class a taken one and never keeps its student from being absent', async () => {
    const session = await classNow();
    await entryOf(session);
    await bench.mark(session, studentAt(1).id, 'present');
    await bench.take(session, 'close');

    expect(await bench.record(session, studentAt(0).id)).toMatchObject({ mark: 'absent' });
  });
});

describe('a bulk decision', () => {
  const decideAll = (workflows: WorkflowGateway, ids: readonly Id[]) =>
    decideSelfEntries(bench.as(bench.world.faculty.userId, 'faculty'), workflows, {
      ids,
      verdict: 'approved',
      note: undefined,
      decisionIdOf: () => v7(),
    });
  const wholeClass = async (): Promise<Id[]> => {
    const session = await classNow();
    return Promise.all(bench.world.students.map((_, index) => entryOf(session, index)));
  };

  it('sends at most 20 updates at a time and answers in the order it was asked', async () => {
    const ids = await wholeClass();
    const direct = directWorkflows();
    direct.connect(bench.deps);
    let [running, most] = [0, 0];
    const counting: WorkflowGateway = {
      ...direct,
      async decide(...message) {
        running += 1;
        most = Math.max(most, running);
        return direct.decide(...message).finally(() => {
          running -= 1;
        });
      },
    };

    const results = await decideAll(counting, ids);

    expect(results.map(({ id, status }) => [id, status])).toEqual(ids.map((id) => [id, 'applied']));
    expect(most).toBeLessThanOrEqual(20);
    expect(most).toBeGreaterThan(1);
  });

  it('gives up asking a server that is away, and says which ones to send again', async () => {
    const ids = await wholeClass();
    let calls = 0;
    const away: WorkflowGateway = {
      ...directWorkflows(),
      decide() {
        calls += 1;
        return Promise.reject(appError('workflow_unavailable', 'Temporal is away.'));
      },
    };

    const results = await decideAll(away, ids);

    expect(results.map(({ status }) => status)).toEqual(ids.map(() => 'retry'));
    expect(calls).toBeLessThan(ids.length);
  });
});

describe('two deciders at once', () => {
  it('decide one entry once', async () => {
    const session = await classNow();
    const entry = await entryOf(session);

    const codes = await Promise.all([
      bench.decide('self_entry', entry, bench.world.faculty.userId),
      bench.decide('self_entry', entry, bench.world.people.hod.id, 'rejected'),
    ]);

    expect(codes.toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))).toEqual([
      null,
      'already_decided',
    ]);
  });
});

describe('the ladder of an entry', () => {
  it('hangs on the close of the class, and follows a close that a person brings forward', async () => {
    const session = await classNow();
    const entry = await entryOf(session);
    const at = async () => (await ladderInstants(system(), 'self_entry', entry)).map(toMs);
    const closesAt = async (): Promise<number> => {
      const row = await firstRow<{ at: Date | string }>(
        bench.em(),
        'select coalesce(closed_at, closes_at) as at from attendance_session where id = ?::uuid',
        [session],
      );
      return new Date(row?.at ?? 0).getTime();
    };
    const planned = await at();

    expect(planned[0]).toBe(await closesAt());
    expect(planned[1]).toBe((await closesAt()) + 4 * HOUR_MS);
    await bench.take(session, 'close');
    const moved = await at();

    expect(moved[0]).toBe(await closesAt());
    expect(moved[0]).toBeLessThan(planned[0] ?? 0);
  });
});

describe('the lock of the class', () => {
  it('is the end of an entry that nobody decided, also when it comes early', async () => {
    const session = await classNow();
    const entry = await entryOf(session);
    await bench.take(session, 'close');
    await moveDatabaseClock(bench.em(), 49 * HOUR_MS);
    await bench.take(session, 'lock');
    await moveDatabaseClock(bench.em(), 50 * HOUR_MS);

    const late = await findLateRuns(system());
    const view = await loadCaseView(bench.em(), 'self_entry', entry);
    await moveDatabaseClock(bench.em(), 0);

    expect(late).toContainEqual({ kind: 'self_entry', id: entry });
    const locked = await firstRow<{ locked_at: Date | string }>(
      bench.em(),
      'select locked_at from attendance_session where id = ?::uuid',
      [session],
    );
    expect(Date.parse(view?.expiresAt ?? '')).toBeLessThanOrEqual(
      new Date(locked?.locked_at ?? 0).getTime(),
    );
    const nudges = await rows(
      bench.em(),
      "select id from outbox where kind = 'nudge_case' and payload->>'caseId' = ?",
      [entry],
    );
    expect(nudges).toHaveLength(2);
  });
});

const toMs = ({ at }: { readonly at: string }): number => Date.parse(at);
