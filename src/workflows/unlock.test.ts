import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Activities } from '../activities/create-activities.ts';
import { MemoryCases, startCase } from '../../test/memory-cases.ts';
import { startTimeSkipping, whileWorking, type WorkflowBench } from '../../test/temporal.ts';
import {
  caseWorkflowId,
  decideUpdate,
  nudgeSignal,
  transitionUpdate,
  type CaseView,
  type DecisionMessage,
} from './contract.ts';

const HOUR_MS = 3_600_000;
/** Timers are minimums: up to a second late, plus the round trips of a busy machine. */
const LATE_MS = 10_000;

let bench: WorkflowBench;
let cases: MemoryCases;

beforeAll(async () => {
  bench = await startTimeSkipping();
});
afterAll(() => bench.teardown());
afterEach(() => bench.renew());
beforeEach(() => {
  cases = new MemoryCases(() => bench.nowMs());
});

async function run<T>(body: () => Promise<T>, change: Partial<Activities> = {}): Promise<T> {
  const activities = { ...cases.activities, ...cases.sessionActivities, ...change };
  const worker = await bench.createWorker(activities, { queues: ['core', 'notify'] });
  return whileWorking(worker, body);
}

const start = (view: CaseView) => startCase(bench, { kind: view.kind, caseId: view.id });
const decision = (change: Partial<DecisionMessage> = {}): DecisionMessage => ({
  decisionId: randomUUID(),
  verdict: 'approved',
  deciderId: randomUUID(),
  channel: 'api',
  ...change,
});
const lock = { edge: 'lock', channel: 'api' } as const;
const lockCommand = () => ({ ...lock, id: randomUUID(), actorId: randomUUID() });
const afterHours = async (hours: number): Promise<string> =>
  new Date((await bench.nowMs()) + hours * HOUR_MS).toISOString();

describe('caseApproval of an unlock', () => {
  it('locks the register again when its hours are over', async () => {
    const view = await cases.add('unlock');
    cases.unlockedMs = 24 * HOUR_MS;

    const ended = await run(async () => {
      const handle = await start(view);
      expect(handle.workflowId).toBe(`unlock/${view.id}`);
      await handle.executeUpdate(decideUpdate, { args: [decision()] });
      return handle.result();
    });

    expect(ended.status).toBe('approved');
    expect(cases.relocks).toEqual([expect.objectContaining({ id: view.id, by: 'timer' })]);
    const lateMs = (cases.relocks[0]?.atMs ?? 0) - Date.parse(dueOf(view));
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(LATE_MS);
  });

  it('asks again while the database does not find the register due', async () => {
    const view = await cases.add('unlock');
    const { relockSession } = cases.activities;
    let asked = 0;

    await run(
      async () => {
        const handle = await start(view);
        await handle.executeUpdate(decideUpdate, { args: [decision()] });
        return handle.result();
      },
      {
        relockSession: async (id) => {
          asked += 1;
          return asked < 3 ? cases.activities.loadUnlockedRegister(id) : relockSession(id);
        },
      },
    );

    expect(asked).toBe(3);
    expect(cases.relocks).toHaveLength(1);
  });

  it('ends when a person locks the register before, and locks it no second time', async () => {
    const view = await cases.add('unlock');

    const ended = await run(async () => {
      const handle = await start(view);
      await handle.executeUpdate(decideUpdate, { args: [decision()] });
      const result = await handle.executeUpdate(transitionUpdate, { args: [lockCommand()] });
      expect(result.view.status).toBe('locked');
      return handle.result();
    });

    expect(ended.status).toBe('approved');
    expect(cases.relocks.map(({ by }) => by)).toEqual(['person']);
  });

  it('is told by a nudge that the register was locked in its row', async () => {
    const view = await cases.add('unlock');

    await run(async () => {
      const handle = await start(view);
      await handle.executeUpdate(decideUpdate, { args: [decision()] });
      const register = cases.registers.get(view.id);
      if (register) cases.registers.set(view.id, { ...register, isLocked: true });
      await handle.signal(nudgeSignal);
      return handle.result();
    });

    expect(cases.relocks).toEqual([]);
  });

  it('refuses a lock before the approval, and every other edge after it', async () => {
    const view = await cases.add('unlock');

    await run(async () => {
      const handle = await start(view);
      const send = (command: ReturnType<typeof lockCommand> | object) =>
        handle.executeUpdate('transition', { args: [command] });
      await expect(send(lockCommand())).rejects.toMatchObject({
        cause: { type: 'state_conflict' },
      });
      await handle.executeUpdate(decideUpdate, { args: [decision()] });
      await expect(send({ ...lockCommand(), edge: 'reopen' })).rejects.toMatchObject({
        cause: { type: 'state_conflict' },
      });
      await send(lockCommand());
      return handle.result();
    });

    expect(cases.relocks).toHaveLength(1);
  });

  it('refuses a second decision while the register is open', async () => {
    const view = await cases.add('unlock');

    await run(async () => {
      const handle = await start(view);
      const first = decision();
      await handle.executeUpdate(decideUpdate, { args: [first] });
      await expect(
        handle.executeUpdate(decideUpdate, { args: [decision()] }),
      ).rejects.toMatchObject({ cause: { type: 'already_decided' } });
      const repeat = await handle.executeUpdate(decideUpdate, { args: [first] });
      expect(repeat.view.status).toBe('approved');
      await handle.executeUpdate(transitionUpdate, { args: [lockCommand()] });
      return handle.result();
    });

    expect(cases.applied).toHaveLength(1);
  });

  it('ends at once when it is rejected, and leaves the register alone', async () => {
    const view = await cases.add('unlock');

    const ended = await run(async () => {
      const handle = await start(view);
      const message = decision({ verdict: 'rejected', note: 'Ask for corrections' });
      await handle.executeUpdate(decideUpdate, { args: [message] });
      return handle.result();
    });

    expect(ended.status).toBe('rejected');
    expect(cases.registers.size).toBe(0);
  });

  it('reminds, tells the exam cell and expires, approved by no silence', async () => {
    const view = await cases.add('unlock', { expiresAt: await afterHours(120) });
    cases.ladders.set(view.id, [
      { at: await afterHours(4), kind: 'reminder', level: 1 },
      { at: await afterHours(24), kind: 'escalation', level: 2 },
    ]);

    const ended = await run(async () => (await start(view)).result());

    expect(ended).toMatchObject({ status: 'expired', level: 2 });
    expect(cases.steps.map(({ kind }) => kind)).toEqual(['reminder', 'escalation']);
    expect(cases.registers.size).toBe(0);
  });
});

describe('the id of an unlock’s workflow', () => {
  it('is unlock and the row', () => {
    expect(caseWorkflowId('unlock', 'x')).toBe('unlock/x');
  });
});

function dueOf(view: CaseView): string {
  const register = cases.registers.get(view.id);
  if (!register) throw new Error('the register was never unlocked');
  return register.lockDueAt;
}
