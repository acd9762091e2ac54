import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { eventually } from '../../test/temporal.ts';
import { openTemporalBench, type TemporalBench } from '../../test/temporal-bench.ts';
import { rows } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import { scheduleId } from '../temporal/schedules.ts';
import { sessionWorkflowId } from '../workflows/contract.ts';

const ENTRY = fileURLToPath(new URL('../cli/worker.ts', import.meta.url));
/** The design's limit for an orderly end (temporal.md section 14). */
const SHUTDOWN_LIMIT_MS = 30_000;

/** A worker process and what it wrote. */
interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  output(): string;
}

let bench: TemporalBench;
let folder: string;
let bundleFile: string;
const processes: Running[] = [];

beforeAll(async () => {
  bench = await openTemporalBench();
  folder = await mkdtemp(join(tmpdir(), 'worker-'));
  bundleFile = join(folder, 'bundle.js');
  await writeFile(bundleFile, (bench.workflows.bundle as WorkflowBundleWithSourceMap).code);
});
afterEach(async () => {
  for (const { child } of processes) if (child.exitCode === null) child.kill('SIGKILL');
  await Promise.all(processes.splice(0).map(({ ended }) => ended));
});
afterAll(async () => {
  const { client, prefix } = bench.workflows;
  for (const name of ['dayPlanner', 'reconciler', 'dailyNotices', 'presence'] as const) {
    // oxlint-disable-next-line no-await-in-loop -- four of them
    await client.schedule.getHandle(scheduleId(prefix, name)).delete();
  }
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

/** Starts the worker's entry point as the scripts do. */
function spawnWorker(): Running {
  const child = spawn(process.execPath, [ENTRY], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      ...bench.variables,
      WORKFLOW_BUNDLE: bundleFile,
      LOG_LEVEL: 'info',
    },
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const running = { child, ended, output: () => output };
  processes.push(running);
  return running;
}

/** Waits until it polls. */
async function polls(running: Running): Promise<Running> {
  await eventually('the worker to poll', () => {
    if (running.child.exitCode !== null) throw new Error(running.output());
    return running.output().includes('worker polls');
  });
  return running;
}

const reaches = (session: Id, status: string, timeoutMs?: number) =>
  eventually(status, async () => (await bench.session(session)).status === status, timeoutMs);

async function start(session: Id): Promise<Id> {
  bench.workflows.track(sessionWorkflowId(session));
  await bench.gateway.startSession(session);
  const handle = bench.workflows.client.workflow.getHandle(sessionWorkflowId(session));
  await eventually('its timer', async () => {
    const { events } = await handle.fetchHistory();
    return events?.some((event) => event.timerStartedEventAttributes) ?? false;
  });
  return session;
}

describe('a worker process', () => {
  it('killed over an opening time opens the session once, within ten seconds of coming back', async () => {
    const first = await polls(spawnWorker());
    const id = await start(await bench.addSession(2));
    const opensAtMs = Date.now() + 2_000;

    first.child.kill('SIGKILL');
    await first.ended;
    await eventually('the opening time to pass', () => Date.now() > opensAtMs + 500);
    expect((await bench.session(id)).status).toBe('scheduled');
    const back = Date.now();
    spawnWorker();
    await reaches(id, 'open');

    expect(Date.now() - back).toBeLessThan(10_000);
    expect(await bench.actions(id)).toEqual(['session.opened']);
  });

  it('told to end during a closing finishes it and exits with 0', async () => {
    const worker = await polls(spawnWorker());
    const id = await start(await bench.addSession(-1, { status: 'open', lastsSeconds: 3 }));
    const lock = await holdRow(id);
    await eventually('the closing to wait for the row', () => lock.isAwaited());

    const told = Date.now();
    worker.child.kill('SIGTERM');
    await eventually('the drain', () => worker.output().includes('DRAINING'), 5_000);
    await lock.release();
    const { code, signal } = await worker.ended;

    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(Date.now() - told).toBeLessThan(SHUTDOWN_LIMIT_MS);
    expect((await bench.session(id)).status).toBe('closed');
    const actions = await bench.actions(id);
    expect(actions.filter((action) => action === 'session.closed')).toHaveLength(1);
  });

  it('starts the leave that is promised in the outbox by itself', async () => {
    const id = await bench.fileLeave();
    bench.workflows.track(`leave/${id}`);

    spawnWorker();

    await eventually(
      'the run',
      async () => (await bench.gateway.runs.statusOf({ kind: 'leave', id })) === 'running',
    );
  });
});

/** Holds a session's row as marks in flight do. */
async function holdRow(id: Id) {
  const em = bench.em();
  await em.begin();
  await rows(em, 'select 1 from attendance_session where id = ?::uuid for update', [id]);
  return {
    isAwaited: async (): Promise<boolean> => {
      const waiting = await rows(
        bench.em(),
        `select 1 from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return waiting.length > 0;
    },
    release: () => em.commit(),
  };
}
