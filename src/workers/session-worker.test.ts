import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { historyTexts } from '../../test/histories.ts';
import { temporalAddress, temporalBinary } from '../../test/servers.ts';
import { eventually } from '../../test/temporal.ts';
import { activitiesOf, openTemporalBench, type TemporalBench } from '../../test/temporal-bench.ts';
import { firstRow, rows } from '../db/orm.ts';
import { AppError } from '../domain/errors.ts';
import type { Id } from '../domain/types.ts';
import { relayOnce } from '../temporal/outbox-relay.ts';
import { ensureSchedules, scheduleId } from '../temporal/schedules.ts';
import {
  sessionStateQuery,
  sessionWorkflowId,
  WORKFLOWS,
  type DayPlanProgress,
  type ReconcileReport,
} from '../workflows/contract.ts';
import type { SessionWorker } from './session-worker.ts';

const runProgram = promisify(execFile);

let bench: TemporalBench;
let worker: SessionWorker;
let running: Promise<void>;

/** Sessions whose next transition commits, and then its worker dies before it reports. */
const unreported = new Set<Id>();

beforeAll(async () => {
  bench = await openTemporalBench();
  const activities = activitiesOf(bench);
  worker = await bench.workflows.createWorker({
    ...activities,
    applySessionTransition: async (request) => {
      const result = await activities.applySessionTransition(request);
      if (unreported.delete(request.sessionId)) throw new Error('died before the report');
      return result;
    },
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await bench.close();
});

async function start(session: Id): Promise<Id> {
  bench.workflows.track(sessionWorkflowId(session));
  await bench.gateway.startSession(session);
  return session;
}

const reaches = (session: Id, status: string, timeoutMs?: number) =>
  eventually(status, async () => (await bench.session(session)).status === status, timeoutMs);

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

const execute = <R>(type: string): Promise<R> =>
  bench.workflows.client.workflow.execute<() => Promise<R>>(type, {
    workflowId: `${type}/${randomUUID()}`,
    taskQueue: bench.workflows.coreQueue,
  });

/** The command line that operators use. */
const temporal = (...args: readonly string[]) =>
  runProgram(temporalBinary(), ['workflow', ...args, '--address', temporalAddress()]);

describe('a session on the real server and database', () => {
  it('opens, closes and locks on time, once each, and its row says so', async () => {
    const id = await start(await bench.addSession(1.5, { lastsSeconds: 1, lockAfterHours: 0 }));

    await reaches(id, 'locked');

    const actions = await bench.actions(id);
    expect(actions.filter((action) => action.startsWith('session.'))).toEqual([
      'session.opened',
      'session.closed',
      'session.locked',
    ]);
    const { late_ms: lateMs } = await bench.session(id);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(2_000);
  });

  it('takes eight simultaneous openings as one transition and answers all of them', async () => {
    const id = await start(await bench.addSession(600));

    const codes = await Promise.all(
      Array.from({ length: 8 }, () => codeOf(bench.send(id, 'open'))),
    );

    expect(codes.toSorted()).toEqual([
      'none',
      ...Array.from({ length: 7 }, () => 'state_conflict'),
    ]);
    expect((await bench.session(id)).status).toBe('open');
    expect(await bench.actions(id)).toEqual(['session.opened']);
  });

  it('answers one command that is sent eight times with one result', async () => {
    const id = await start(await bench.addSession(600));
    const command = v7();

    const answers = await Promise.all(
      Array.from({ length: 8 }, () => bench.send(id, 'open', command)),
    );

    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await bench.actions(id)).toEqual(['session.opened']);
  });

  it('is started by the command itself when it has no run yet', async () => {
    const id = await bench.addSession(600);
    bench.workflows.track(sessionWorkflowId(id));

    await bench.send(id, 'open');

    expect((await bench.session(id)).status).toBe('open');
  });

  it('answers a command after the end of the run from the row', async () => {
    const id = await start(await bench.addSession(600, { lockAfterHours: 0 }));
    await bench.send(id, 'open');
    const close = v7();
    await bench.send(id, 'close', close);
    await reaches(id, 'locked');
    await eventually(
      'the end',
      async () => (await bench.gateway.runs.statusOf({ kind: 'session', id })) === 'completed',
    );

    expect(await codeOf(bench.send(id, 'close', close))).toBe('none');
    expect(await codeOf(bench.send(id, 'close'))).toBe('state_conflict');
  });

  it.each(['timer', 'person'])(
    'opens once by a %s when the worker dies between commit and report',
    async (by) => {
      const id = await start(await bench.addSession(by === 'timer' ? 1 : 600));
      unreported.add(id);

      if (by === 'person') await bench.send(id, 'open');
      await eventually('the lost report', () => !unreported.has(id));
      await eventually('the next timer', async () => {
        const handle = bench.workflows.client.workflow.getHandle(sessionWorkflowId(id));
        return (await handle.query(sessionStateQuery))?.status === 'open';
      });

      expect(await bench.actions(id)).toEqual(['session.opened']);
    },
  );

  it('shows operators what it is in search attributes and details', async () => {
    const id = await start(await bench.addSession(600));
    await bench.send(id, 'open');
    const query = `SectionId = '${bench.world.section}' and CaseStatus = 'open' and WorkflowId = '${sessionWorkflowId(id)}'`;
    const { client } = bench.workflows;

    await eventually('the list to know it', async () => {
      for await (const run of client.workflow.list({ query }))
        return run.type === WORKFLOWS.session;
      return false;
    });

    const { raw } = await client.workflow.getHandle(sessionWorkflowId(id)).describe();
    const found = await temporal('metadata', '--workflow-id', sessionWorkflowId(id));
    expect(found.stdout).toMatch(/is \*\*open\*\*/);
    expect(found.stdout).toMatch(/Next: closes at/);
    expect(Buffer.from(raw.executionConfig?.userMetadata?.summary?.data ?? []).toString()).toMatch(
      /R\d+/,
    );
  });
});

describe('a leave on the real server and database', () => {
  /** Files a leave; the relay starts its run. */
  async function filed(student: number): Promise<Id> {
    const id = await bench.fileLeave(student);
    bench.workflows.track(`leave/${id}`);
    await relayOnce({ ...bench.parts });
    return id;
  }

  const statusOf = async (id: Id): Promise<string | undefined> =>
    (
      await firstRow<{ status: string }>(
        bench.em(),
        'select status from leave_application where id = ?::uuid',
        [id],
      )
    )?.status;

  const decisionsOn = (id: Id) =>
    rows<{ verdict: string; channel: string; decider_id: Id }>(
      bench.em(),
      'select verdict, channel, decider_id from decision where case_id = ?::uuid',
      [id],
    );

  const inputOf = (deciderId: Id): string =>
    JSON.stringify({
      decisionId: randomUUID(),
      verdict: 'approved',
      deciderId,
      note: 'Certificate seen',
    });

  it('is approved by a signal of the command line, sent twice, once', async () => {
    const id = await filed(0);
    const input = inputOf(bench.world.people.hod.id);
    const signal = ['signal', '--workflow-id', `leave/${id}`, '--name', 'decide', '--input', input];

    await temporal(...signal);
    await temporal(...signal).catch((error: unknown) => {
      expect(String(error)).toMatch(/already completed|not found/);
    });
    await eventually('the approval', async () => (await statusOf(id)) === 'approved');

    expect(await decisionsOn(id)).toEqual([
      {
        verdict: 'approved',
        channel: 'operator_signal',
        decider_id: bench.world.people.hod.id,
      },
    ]);
    expect(await bench.actions(id)).toEqual(['leave.requested', 'case.decided']);
  });

  it('is approved by an update of the command line, which prints the verdict', async () => {
    const id = await filed(1);
    const input = inputOf(bench.world.people.hod.id);

    const update = ['update', 'execute', '--workflow-id', `leave/${id}`, '--name', 'decide'];
    const { stdout } = await temporal(...update, '--input', input);

    expect(stdout).toMatch(/approved/);
    expect(await decisionsOn(id)).toEqual([
      expect.objectContaining({ channel: 'operator_update' }),
    ]);
  });

  it('is not decided by somebody without authority, nor by the student', async () => {
    const id = await filed(2);
    const student = bench.world.students[2]?.userId ?? '';

    for (const person of [bench.world.people.otherHod.id, bench.world.people.nobody.id, student]) {
      const message = { decisionId: v7(), verdict: 'approved' as const, deciderId: person };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const code = await codeOf(bench.gateway.decide('leave', id, message));
      expect(['forbidden', 'own_request']).toContain(code);
    }

    expect(await statusOf(id)).toBe('pending');
    expect(await decisionsOn(id)).toEqual([]);
  });

  it('takes one of eight decisions that arrive at once by every way', async () => {
    const id = await filed(3);
    const deciderId = bench.world.people.hod.id;
    const handle = bench.workflows.client.workflow.getHandle(`leave/${id}`);

    await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => {
        const verdict = index % 2 === 0 ? ('approved' as const) : ('rejected' as const);
        const message = { decisionId: v7(), verdict, deciderId, note: 'seen' };
        return index < 4
          ? bench.gateway.decide('leave', id, message)
          : handle.signal('decide', message);
      }),
    );
    await eventually('the end', async () => (await handle.describe()).status.name === 'COMPLETED');

    expect(await decisionsOn(id)).toHaveLength(1);
  });

  it('leaves nothing of a person in the history of its run', async () => {
    const id = await filed(4);
    await bench.gateway.decide('leave', id, {
      decisionId: v7(),
      verdict: 'approved',
      deciderId: bench.world.people.hod.id,
    });

    const handle = bench.workflows.client.workflow.getHandle(`leave/${id}`);
    const texts = JSON.stringify(historyTexts(await handle.fetchHistory()));

    const student = bench.world.students[4];
    expect(texts).toContain(id);
    for (const personal of [student?.email, student?.rollNumber, 'Asha', 'Fever']) {
      expect(texts).not.toContain(personal);
    }
  });

  it('is started once by two relays at the same time', async () => {
    const id = await bench.fileLeave(5);
    bench.workflows.track(`leave/${id}`);

    await Promise.all([relayOnce(bench.parts), relayOnce(bench.parts)]);

    const row = await firstRow<{ attempts: number; is_done: boolean; is_started: boolean }>(
      bench.em(),
      `select o.attempts, o.done_at is not null as is_done, l.workflow_started_at is not null as is_started
       from outbox o, leave_application l
       where o.payload->>'caseId' = ? and l.id = ?::uuid`,
      [id, id],
    );
    expect(row).toEqual({ attempts: 1, is_done: true, is_started: true });
    expect(await bench.gateway.runs.statusOf({ kind: 'leave', id })).toBe('running');
  });
});

describe('the day planner', () => {
  it('starts the sessions of the next 36 hours once, however often it runs', async () => {
    const soon = await Promise.all([600, 7_200, 35 * 3_600].map((at) => bench.addSession(at)));
    const later = await bench.addSession(37 * 3_600);
    for (const id of [...soon, later]) bench.workflows.track(sessionWorkflowId(id));

    const plans = await Promise.all([
      execute<DayPlanProgress>(WORKFLOWS.dayPlan),
      execute<DayPlanProgress>(WORKFLOWS.dayPlan),
    ]);
    const again = await execute<DayPlanProgress>(WORKFLOWS.dayPlan);

    expect(plans.reduce((sum, plan) => sum + plan.started, 0)).toBeGreaterThanOrEqual(3);
    expect(again).toEqual({ pages: 1, started: 0 });
    for (const id of soon) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await bench.gateway.runs.statusOf({ kind: 'session', id })).toBe('running');
    }
    expect(await bench.gateway.runs.statusOf({ kind: 'session', id: later })).toBe('missing');
  });
});

describe('the reconciler', () => {
  const reconcile = () => execute<ReconcileReport>(WORKFLOWS.reconcile);

  it('starts a missing run once and says so in the audit trail', async () => {
    const id = await bench.addSession(-60);
    bench.workflows.track(sessionWorkflowId(id));
    // Claimed by a planner that died before it made the call.
    await rows(
      bench.em(),
      'update attendance_session set workflow_started_at = app_clock() where id = ?::uuid',
      [id],
    );

    const first = await reconcile();
    await reaches(id, 'open');
    const second = await reconcile();

    expect(first.started).toBeGreaterThanOrEqual(1);
    expect(second.started).toBe(0);
    const actions = await bench.actions(id);
    expect(actions.toSorted()).toEqual(['session.opened', 'workflow.repaired']);
  });

  it('repairs a run that was terminated, once', async () => {
    const id = await start(await bench.addSession(-60, { status: 'open', lastsSeconds: 20 }));
    await bench.workflows.client.workflow.getHandle(sessionWorkflowId(id)).terminate('a test');

    await eventually('the repair', async () => (await reconcile()).repaired > 0);
    await reaches(id, 'closed');

    const actions = await bench.actions(id);
    expect(actions.filter((action) => action === 'workflow.repaired')).toHaveLength(1);
    expect(actions.filter((action) => action === 'session.closed')).toHaveLength(1);
  });
});

describe('the Schedules', () => {
  it('are written twice without a second one', async () => {
    const { client } = bench.workflows;
    const ids = (['dayPlanner', 'reconciler', 'dailyNotices', 'presence'] as const).map((name) =>
      scheduleId(bench.workflows.prefix, name),
    );
    try {
      const settings = { taskQueuePrefix: bench.workflows.prefix };
      await ensureSchedules(client, settings, bench.deps.orm);
      await ensureSchedules(client, settings, bench.deps.orm);

      const [planner, reconciler, notices] = await Promise.all(
        ids.map((id) => client.schedule.getHandle(id).describe()),
      );
      expect(planner?.policies).toMatchObject({ overlap: 'BUFFER_ONE', catchupWindow: 86_400_000 });
      expect(planner?.spec.timezone).toBe('Asia/Kolkata');
      expect(reconciler?.policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });
      expect(notices?.policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 86_400_000 });
      expect(notices?.spec).toMatchObject({
        timezone: 'Asia/Kolkata',
        calendars: [{ hour: [{ start: 18 }], minute: [{ start: 0 }] }],
      });
    } finally {
      await Promise.all(ids.map((id) => client.schedule.getHandle(id).delete()));
    }
  });

  it('at 18:00 tell the teacher of what a day left open', async () => {
    const { client, prefix } = bench.workflows;
    const settings = { taskQueuePrefix: prefix };
    const session = await bench.addSession(-60, { status: 'open' });
    await rows(
      bench.em(),
      `insert into attendance_conflict (id, session_id, kind, op_ids, opened_at)
       values (?::uuid, ?::uuid, 'human_vs_human', '{}', app_clock())`,
      [v7(), session],
    );
    try {
      await ensureSchedules(client, settings, bench.deps.orm);
      await client.schedule.getHandle(scheduleId(prefix, 'dailyNotices')).trigger();

      await eventually('the digest', async () => {
        const told = await rows(
          bench.em(),
          `select id from notification where user_id = ?::uuid and kind = 'conflict_digest'`,
          [bench.world.faculty.userId],
        );
        return told.length === 1;
      });
    } finally {
      const names = ['dayPlanner', 'reconciler', 'dailyNotices', 'presence'] as const;
      const handles = names.map((name) => client.schedule.getHandle(scheduleId(prefix, name)));
      await Promise.all(handles.map((handle) => handle.delete()));
    }
  });
});
