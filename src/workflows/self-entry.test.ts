import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Activities } from '../activities/create-activities.ts';
import { MemoryCases, startCase } from '../../test/memory-cases.ts';
import { startTimeSkipping, whileWorking, type WorkflowBench } from '../../test/temporal.ts';
import {
  caseWorkflowId,
  decideUpdate,
  nudgeSignal,
  withdrawUpdate,
  type CaseView,
} from './contract.ts';

const HOUR_MS = 3_600_000;
/** Timers are minimums: up to a second late, plus the round trips of a busy machine. */
const LATE_MS = 5_000;

let bench: WorkflowBench;
let cases: MemoryCases;
/** When the expiry was asked for; the clock of the server runs on once nobody waits. */
let expiredAtMs: number | undefined;

beforeAll(async () => {
  bench = await startTimeSkipping();
});
afterAll(() => bench.teardown());
afterEach(() => bench.renew());
beforeEach(() => {
  cases = new MemoryCases(() => bench.nowMs());
  expiredAtMs = undefined;
});

async function run<T>(body: () => Promise<T>): Promise<T> {
  const { activities } = cases;
  const watched: Partial<Activities> = {
    ...activities,
    expireCase: async (kind, id) => {
      expiredAtMs = await bench.nowMs();
      return activities.expireCase(kind, id);
    },
  };
  const worker = await bench.createWorker(watched, { queues: ['core', 'notify'] });
  return whileWorking(worker, body);
}

const afterHours = async (hours: number): Promise<string> =>
  new Date((await bench.nowMs()) + hours * HOUR_MS).toISOString();
const reminder = (at: string) => ({ at, kind: 'reminder', level: 1 }) as const;
const inputOf = ({ kind, id }: CaseView) => ({ kind, caseId: id });

describe('selfEntryApproval', () => {
  it.each(['approved', 'rejected'] as const)('is %s by an update', async (verdict) => {
    const view = await cases.add('self_entry');

    const ended = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      expect(handle.workflowId).toBe(`selfEntry/${view.id}`);
      const message = {
        decisionId: randomUUID(),
        verdict,
        deciderId: randomUUID(),
        channel: 'api',
        note: 'Seen in the last row',
      } as const;
      await handle.executeUpdate(decideUpdate, { args: [message] });
      return handle.result();
    });

    expect(ended.status).toBe(verdict);
    expect(cases.applied).toEqual([expect.objectContaining({ act: 'decide', channel: 'api' })]);
  });

  it('is taken back by the student', async () => {
    const view = await cases.add('self_entry');

    const ended = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      const message = { withdrawalId: randomUUID(), actorId: view.applicantId };
      await handle.executeUpdate(withdrawUpdate, { args: [message] });
      return handle.result();
    });

    expect(ended.status).toBe('withdrawn');
  });

  it('reminds, escalates and expires with the lock of its class, approved by no silence', async () => {
    const view = await cases.add('self_entry', { expiresAt: await afterHours(72) });
    const steps = [
      reminder(await afterHours(1)),
      reminder(await afterHours(5)),
      { at: await afterHours(24), kind: 'escalation', level: 2 } as const,
    ];
    cases.ladders.set(view.id, steps);

    const ended = await run(async () => (await startCase(bench, inputOf(view))).result());

    expect(ended).toMatchObject({ status: 'expired', level: 2 });
    expect(cases.applied).toHaveLength(0);
    expect(cases.steps.map(({ at, kind }) => ({ at, kind }))).toEqual(
      steps.map(({ at, kind }) => ({ at, kind })),
    );
    expectSoonAfter(expiredAtMs, view.expiresAt);
  });

  it('is told by a nudge that its class closed early, and reminds from then on', async () => {
    const view = await cases.add('self_entry', { expiresAt: await afterHours(72) });
    cases.ladders.set(view.id, [reminder(await afterHours(20)), reminder(await afterHours(24))]);
    const early = [reminder(await afterHours(1)), reminder(await afterHours(5))];

    const ended = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      cases.ladders.set(view.id, early);
      await handle.signal(nudgeSignal);
      return handle.result();
    });

    expect(ended.status).toBe('expired');
    expect(cases.steps.map(({ at }) => at)).toEqual(early.map(({ at }) => at));
    for (const step of cases.steps) expectSoonAfter(step.recordedAtMs, step.at);
  });

  it('expires when its class is locked before the planned instant', async () => {
    const view = await cases.add('self_entry', { expiresAt: await afterHours(72) });
    cases.ladders.set(view.id, []);
    const lockedAt = await afterHours(2);

    const ended = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      cases.rows.set(view.id, { ...cases.get(view.id), expiresAt: lockedAt });
      await handle.signal(nudgeSignal);
      return handle.result();
    });

    expect(ended.status).toBe('expired');
    expectSoonAfter(expiredAtMs, lockedAt);
    expect(cases.applied).toHaveLength(0);
  });
});

describe('the id of a case’s workflow', () => {
  it('is the kind and the row, and of a self-entry the word of the design', () => {
    expect(caseWorkflowId('leave', 'x')).toBe('leave/x');
    expect(caseWorkflowId('self_entry', 'x')).toBe('selfEntry/x');
  });
});

function expectSoonAfter(happenedMs: number | undefined, due: string): void {
  const lateMs = (happenedMs ?? 0) - Date.parse(due);
  expect(lateMs).toBeGreaterThanOrEqual(0);
  expect(lateMs).toBeLessThan(LATE_MS);
}
