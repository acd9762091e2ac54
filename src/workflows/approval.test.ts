import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../activities/create-activities.ts';
import { MemoryCases, startCase } from '../../test/memory-cases.ts';
import {
  eventually,
  startTimeSkipping,
  whileWorking,
  type WorkflowBench,
} from '../../test/temporal.ts';
import {
  caseStateQuery,
  decideSignal,
  decideUpdate,
  nudgeSignal,
  withdrawSignal,
  withdrawUpdate,
  type CaseView,
  type DecisionMessage,
} from './contract.ts';

const DAY_MS = 24 * 3_600_000;
/** Timers are minimums: up to a second late, plus the round trips of a busy machine. */
const LATE_MS = 5_000;
/** A case needs no other queue. */
const QUEUES = { queues: ['core', 'notify'] } as const;

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

const run = async <T>(
  body: () => Promise<T>,
  activities: Partial<Activities> = cases.activities,
): Promise<T> => whileWorking(await bench.createWorker(activities, QUEUES), body);

function decision(change: Partial<DecisionMessage> = {}): DecisionMessage {
  return {
    decisionId: randomUUID(),
    verdict: 'approved',
    deciderId: randomUUID(),
    channel: 'api',
    ...change,
  };
}

async function codeOf(update: Promise<unknown>): Promise<string> {
  try {
    await update;
    return 'none';
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
    if (cause instanceof ApplicationFailure) return cause.type ?? 'untyped';
    throw error;
  }
}

const inputOf = ({ kind, id }: CaseView) => ({ kind, caseId: id });

describe.each(['leave', 'correction'] as const)('%sApproval', (kind) => {
  it.each(['approved', 'rejected'] as const)('is %s by an update', async (verdict) => {
    const view = await cases.add(kind);

    const ended = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      const result = await handle.executeUpdate(decideUpdate, {
        args: [decision({ verdict, note: 'Certificate seen' })],
      });
      expect(result).toMatchObject({ view: { status: verdict }, refused: null });
      return handle.result();
    });

    expect(ended.status).toBe(verdict);
    expect(cases.applied).toEqual([expect.objectContaining({ act: 'decide', channel: 'api' })]);
    expect(cases.steps).toHaveLength(0);
  });

  it('is approved by a signal, whatever channel the signal claims', async () => {
    const view = await cases.add(kind);

    const ended = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      await handle.signal(decideSignal, decision({ channel: 'api' }));
      return handle.result();
    });

    expect(ended.status).toBe('approved');
    expect(cases.applied.map(({ channel }) => channel)).toEqual(['operator_signal']);
  });

  it('reminds, escalates and expires on time, and is decided by no silence', async () => {
    const view = await cases.add(kind);

    const ended = await run(async () => (await startCase(bench, inputOf(view))).result());

    expect(ended).toMatchObject({ status: 'expired', level: 2 });
    expect(cases.applied).toHaveLength(0);
    expect(cases.expiries).toBe(1);
    expect(cases.steps.map((step) => step.kind)).toEqual(['reminder', 'reminder', 'escalation']);
    for (const step of cases.steps) {
      const lateMs = step.recordedAtMs - Date.parse(step.at);
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThan(LATE_MS);
    }
    expect(await bench.nowMs()).toBeGreaterThanOrEqual(Date.parse(view.expiresAt));
  });

  it('is withdrawn by an update and by a signal', async () => {
    const [first, second] = [await cases.add(kind), await cases.add(kind)];
    const withdrawal = (of: CaseView) => ({
      withdrawalId: randomUUID(),
      actorId: of.applicantId,
    });

    const ended = await run(async () => {
      const one = await startCase(bench, inputOf(first));
      const two = await startCase(bench, inputOf(second));
      await one.executeUpdate(withdrawUpdate, { args: [withdrawal(first)] });
      await two.signal(withdrawSignal, withdrawal(second));
      return [await one.result(), await two.result()];
    });

    expect(ended.map(({ status }) => status)).toEqual(['withdrawn', 'withdrawn']);
    expect(cases.applied.map(({ channel }) => channel)).toEqual([
      'operator_update',
      'operator_signal',
    ]);
  });
});

/** A query may overtake a signal, so who expects refusals asks for them until they are there. */
const refusalsOf = async (handle: Awaited<ReturnType<typeof startCase>>) =>
  (await handle.query(caseStateQuery)).refusals;

describe('an approval', () => {
  it('takes one of two deciders who act at once and tells the other', async () => {
    const view = await cases.add();

    const codes = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      return Promise.all([
        codeOf(handle.executeUpdate(decideUpdate, { args: [decision()] })),
        codeOf(
          handle.executeUpdate(decideUpdate, {
            args: [decision({ verdict: 'rejected', note: 'Too late' })],
          }),
        ),
      ]);
    });

    expect(codes.toSorted()).toEqual(['already_decided', 'none']);
    expect(cases.applied).toHaveLength(1);
  });

  it('takes a decision that is sent ten times once', async () => {
    const view = await cases.add();
    const message = decision();

    await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      const sent = Array.from({ length: 5 }, () => [
        codeOf(handle.executeUpdate(decideUpdate, { args: [message] })),
        handle.signal(decideSignal, message),
      ]).flat();
      const answers = await Promise.allSettled(sent);
      await handle.result();

      // A late copy may find the run ended; none is told that somebody else decided.
      const refused = answers.filter(
        (answer) => answer.status === 'fulfilled' && answer.value === 'already_decided',
      );
      expect(refused).toHaveLength(0);
    });

    expect(cases.applied).toHaveLength(1);
  });

  it.each([
    ['the applicant', 'own_request', (view: CaseView) => decision({ deciderId: view.applicantId })],
    [
      'the student concerned',
      'own_request',
      (view: CaseView) => decision({ deciderId: view.subjectId }),
    ],
    ['a rejection without a note', 'note_required', () => decision({ verdict: 'rejected' })],
    [
      'an unknown verdict',
      'validation_failed',
      () => decision({ verdict: 'perhaps' as 'approved' }),
    ],
    ['no decider', 'validation_failed', () => decision({ deciderId: '' })],
    ['a note of two pages', 'validation_failed', () => decision({ note: 'x'.repeat(5_000) })],
  ])('refuses %s by update and by signal, and stays pending', async (_name, code, messageFor) => {
    const view = await cases.add();

    await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      const asked = messageFor(view);
      expect(await codeOf(handle.executeUpdate(decideUpdate, { args: [asked] }))).toBe(code);
      const message = messageFor(view); // A repeated id would get the update's answer.
      await handle.signal(decideSignal, message);
      await eventually('the signal is taken', async () => (await refusalsOf(handle)).length > 0);

      const state = await handle.query(caseStateQuery);
      expect(state.view?.status).toBe('pending');
      expect(state.refusals).toEqual([
        expect.objectContaining({ code, decisionId: message.decisionId }),
      ]);
    });

    expect(cases.applied).toHaveLength(0);
  });

  it('refuses a withdrawal by anyone but the applicant', async () => {
    const view = await cases.add();

    await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      const message = { withdrawalId: randomUUID(), actorId: randomUUID() };
      const code = await codeOf(handle.executeUpdate(withdrawUpdate, { args: [message] }));

      expect(code).toBe('forbidden');
    });

    expect(cases.get(view.id).status).toBe('pending');
  });

  it('survives signals that are no messages at all', async () => {
    const view = await cases.add();

    const ended = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      for (const name of ['decide', 'withdraw']) {
        for (const nonsense of [null, 'approved', 7, [], { verdict: 'approved' }]) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await handle.signal(name, nonsense);
        }
      }
      await eventually('ten refusals', async () => (await refusalsOf(handle)).length === 10);
      await handle.signal(decideSignal, decision());
      return handle.result();
    });

    expect(ended.status).toBe('approved');
  });

  it('remembers the last twenty refusals only', async () => {
    const view = await cases.add();

    await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      for (let sent = 0; sent < 25; sent += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await handle.signal('decide', { decisionId: `d${sent}` });
      }
      const last = async () => (await refusalsOf(handle)).at(-1)?.decisionId;
      await eventually('the last signal is taken', async () => (await last()) === 'd24');

      expect((await refusalsOf(handle)).map((refusal) => refusal.decisionId)).toEqual(
        Array.from({ length: 20 }, (_, index) => `d${index + 5}`),
      );
    });
  });

  it('ends at once when its row was decided before the run started', async () => {
    const view = await cases.add('leave', { status: 'approved' });

    const ended = await run(async () => (await startCase(bench, inputOf(view))).result());

    expect(ended.status).toBe('approved');
    expect(cases.steps).toHaveLength(0);
  });

  it('sends reminders that are overdue at a late start once and moves no deadline', async () => {
    const view = await cases.add();
    await bench.environment.sleep(2.5 * DAY_MS);

    await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      await eventually('two reminders', () => cases.steps.length === 2);
      const state = await handle.query(caseStateQuery);

      expect(state.nextStepAt).toBe(
        new Date(Date.parse(view.submittedAt) + 3 * DAY_MS).toISOString(),
      );
      await handle.result();
    });

    expect(cases.steps).toHaveLength(3);
  });

  it('takes a decision while a notice is tried in vain, and withdraws the notice', async () => {
    const view = await cases.add();
    let tries = 0;
    const broken: Partial<Activities> = {
      ...cases.activities,
      recordReminder: () => {
        tries += 1;
        return Promise.reject(new Error('the mail server is away'));
      },
    };

    await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      await bench.environment.sleep(1.1 * DAY_MS);
      await eventually('a try', () => tries > 0);
      // Time does not skip while an update is awaited: the retries of the notice take a day.
      await handle.executeUpdate(decideUpdate, { args: [decision()] });
      await eventually(
        'the end',
        async () => (await handle.describe()).status.name === 'COMPLETED',
      );
    }, broken);

    expect(cases.get(view.id).status).toBe('approved');
  });

  it('goes on to the next step when a notice was given up', async () => {
    const view = await cases.add();
    const broken: Partial<Activities> = {
      ...cases.activities,
      recordReminder: () => Promise.reject(ApplicationFailure.nonRetryable('no', 'PolicyRefused')),
    };

    const ended = await run(async () => (await startCase(bench, inputOf(view))).result(), broken);

    expect(ended.status).toBe('expired');
  });

  it('asks again when the database does not expire it yet', async () => {
    const view = await cases.add();
    let asked = 0;
    const slow: Partial<Activities> = {
      ...cases.activities,
      expireCase: (kind, id) => {
        asked += 1;
        return asked < 3 ? Promise.resolve(cases.get(id)) : cases.activities.expireCase(kind, id);
      },
    };

    const ended = await run(async () => (await startCase(bench, inputOf(view))).result(), slow);

    expect(ended.status).toBe('expired');
    expect(asked).toBe(3);
  });

  it('sees what changed in its row when it is nudged', async () => {
    const view = await cases.add();

    const ended = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      cases.rows.set(view.id, { ...view, status: 'withdrawn' });
      await handle.signal(nudgeSignal);
      return handle.result();
    });

    expect(ended.status).toBe('withdrawn');
  });

  it('keeps a decision that arrives while no worker runs and applies it once', async () => {
    const view = await cases.add();
    const uncached = { ...QUEUES, coreOptions: { maxCachedWorkflows: 0 } };
    const message = decision();

    await whileWorking(await bench.createWorker(cases.activities, uncached), async () => {
      await startCase(bench, inputOf(view), { workflowTaskTimeout: '1s' });
    });
    const handle = bench.client.workflow.getHandle(`leave/${view.id}`);
    await handle.signal(decideSignal, message);
    await handle.signal(decideSignal, message);
    const ended = await run(() => handle.result());

    expect(ended).toMatchObject({ status: 'approved' });
    expect(cases.applied).toHaveLength(1);
  });

  it('applies one decision when the activity committed and its report was lost', async () => {
    const view = await cases.add();
    let calls = 0;
    const lossy: Partial<Activities> = {
      ...cases.activities,
      applyDecision: async (kind, id, message) => {
        const result = await cases.activities.applyDecision(kind, id, message);
        calls += 1;
        if (calls === 1) throw new Error('the connection broke after the commit');
        return result;
      },
    };

    const result = await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      return handle.executeUpdate(decideUpdate, { args: [decision()] });
    }, lossy);

    expect(result.refused).toBeNull();
    expect(calls).toBe(2);
    expect(cases.applied).toHaveLength(1);
  });

  it('answers a decision sent again across a continue-as-new from memory', async () => {
    const view = await cases.add();
    const refusing: Partial<Activities> = {
      ...cases.activities,
      applyDecision: (_kind, id) =>
        Promise.resolve({
          view: cases.get(id),
          refused: { code: 'forbidden', detail: 'Not you.' },
        }),
    };

    await run(async () => {
      const handle = await startCase(bench, { ...inputOf(view), testContinueAsNewAfter: 1 });
      const current = bench.client.workflow.getHandle(handle.workflowId);
      const message = decision();
      expect(await codeOf(current.executeUpdate(decideUpdate, { args: [message] }))).toBe(
        'forbidden',
      );
      await eventually('a new run', async () => {
        const { runId } = await current.describe();
        return runId !== handle.firstExecutionRunId;
      });
      expect(await codeOf(current.executeUpdate(decideUpdate, { args: [message] }))).toBe(
        'forbidden',
      );
    }, refusing);
  });

  it('answers who waits and ends when an operator cancels it before its row was read', async () => {
    const view = await cases.add();
    const away: Partial<Activities> = {
      ...cases.activities,
      loadCase: () => Promise.reject(new Error('the database is away')),
    };

    await run(async () => {
      const handle = await startCase(bench, inputOf(view));
      const waiting = codeOf(handle.executeUpdate(decideUpdate, { args: [decision()] }));
      await eventually('the update', async () => {
        const { events } = await handle.fetchHistory();
        return (
          events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes) ?? false
        );
      });
      await handle.cancel();

      expect(await waiting).toBe('workflow_unavailable');
      await expect(handle.result()).rejects.toThrow();
      expect((await handle.describe()).status.name).toBe('CANCELLED');
    }, away);
  });
});
