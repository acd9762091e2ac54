/**
 * `npm run histories:record`: plays every scenario against a real Temporal server of its own and
 * writes the histories into test/histories/<type>/<scenario>.json, for the replay tests. Types of
 * workflow named behind `--` are recorded alone; the histories of the others stay as they are.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HISTORIES_FOLDER as FOLDER, historyToText, type History } from './histories.ts';
import { SCENARIOS, type Scenario } from './history-scenarios.ts';
import { MemoryCases } from './memory-cases.ts';
import { provision } from './provision.ts';
import { connectServer, MemorySessions, whileWorking, type WorkflowBench } from './temporal.ts';

const types = process.argv.slice(2);
const isRecorded = ({ type }: Scenario): boolean => types.length === 0 || types.includes(type);

const LOCK_AFTER_MS = 1_000;
const DEADLINE_MS = 30_000;

async function record(bench: WorkflowBench, scenario: Scenario): Promise<void> {
  const now = (): Promise<number> => Promise.resolve(Date.now());
  const stage = {
    bench,
    sessions: new MemorySessions(now, LOCK_AFTER_MS),
    cases: new MemoryCases(now),
  };
  stage.cases.unlockedMs = LOCK_AFTER_MS;
  const activities = scenario.activities?.(stage) ?? {
    ...stage.sessions.activities,
    ...stage.cases.activities,
  };
  const worker = await bench.createWorker(activities);
  const workflowId = await whileWorking(worker, () =>
    withDeadline(`${scenario.type}/${scenario.name}`, scenario.play(stage)),
  );
  const runs = await runsOf(bench, workflowId);
  runs.forEach((history, index) => {
    const name = index === 0 ? scenario.name : `${scenario.name}-${index + 1}`;
    const folder = join(FOLDER, scenario.type);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.json`), neutral(history, bench.prefix));
    console.log(`${scenario.type}/${name}: ${history.events?.length ?? 0} events`);
  });
  await bench.renew();
}

/** A scenario that hangs must not hang the recording. */
async function withDeadline<T>(name: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not end in time`)), DEADLINE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The histories of a workflow's runs, first run first. */
async function runsOf(bench: WorkflowBench, workflowId: string): Promise<History[]> {
  const { client } = bench;
  let runId: string | undefined;
  const current = await client.workflow.getHandle(workflowId).fetchHistory();
  runId = current.events?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? '';
  const runs: History[] = [];
  while (runId) {
    // oxlint-disable-next-line no-await-in-loop -- each run names the next
    const history: History = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs.push(history);
    runId =
      history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ??
      undefined;
  }
  return runs;
}

/** Without the machine that recorded it: identities and the queue's prefix say nothing. */
function neutral(history: History, prefix: string): string {
  return `${historyToText(history)
    .replaceAll(prefix, '')
    .replaceAll(/"identity": ?"[^"]*"/g, '"identity":"recorder"')
    .replaceAll(/"[^"]*@[^"]*"/g, '"recorder"')}\n`;
}

const provisioned = await provision(
  { postgres: false, temporal: true, timeSkipping: false },
  (line) => console.log(line),
);
try {
  const bench = await connectServer(provisioned.env['TEST_TEMPORAL_ADDRESS'] ?? '');
  try {
    const scenarios = SCENARIOS.filter(isRecorded);
    for (const { type } of scenarios) rmSync(join(FOLDER, type), { recursive: true, force: true });
    // oxlint-disable-next-line no-await-in-loop -- one worker at a time
    for (const scenario of scenarios) await record(bench, scenario);
  } finally {
    await bench.teardown();
  }
} finally {
  await provisioned.stop();
}
