/**
 * `npm run prove:order -- --runs 1000000 --seed 1`: figure R3 of quality.md. Random classes, each
 * resolved at once and as its claims arrive in random order, repeated and batched; both answers
 * must be one. Then the control, which must be found out.
 *
 * Exit code 0 when no case diverged and the control did, 1 when not, 2 when it could not run.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { seededDice } from '../test/order/dice.ts';
import { drawCase, type OrderCase } from '../test/order/generate.ts';
import { describeCase, shrinkCase } from '../test/order/shrink.ts';
import { CONTROLS, findDivergence, PRODUCT, type OrderSystem } from '../test/order/systems.ts';
import { readEnvironment, writeReport, type Report } from './report.ts';

const USAGE = `usage: npm run prove:order -- [--runs <count>] [--scale small|full] [--seed <number>]
         [--from <first case>] [--json] [--control ${[...CONTROLS.keys()].join('|')}]`;

const SCALES = { small: 50_000, full: 1_000_000 };
/** A run of fewer cases is an answer, not the published figure. */
const PUBLISHED_RUNS = SCALES.full;
const CONTROL_RUNS = 1_000;
const DEFAULT_CONTROL = 'last-wins';
/** So many divergent cases are kept to look for the smallest. */
const KEPT_CASES = 20;

interface Settings {
  readonly runs: number;
  readonly seed: number;
  /** Number of the first case; a case is drawn from the seed and its number alone. */
  readonly from: number;
  readonly json: boolean;
  /** The system under test in place of the product, by name. */
  readonly control: string | null;
}

/** The cases one thread looks at: every `step`th from `from` up to, not including, `end`. */
interface Share {
  readonly seed: number;
  readonly from: number;
  readonly end: number;
  readonly step: number;
  readonly control: string | null;
}

interface Found {
  readonly runs: number;
  readonly operations: number;
  readonly divergences: number;
  /** Numbers of the first divergent cases. */
  readonly cases: readonly number[];
}

if (isMainThread) process.exitCode = await prove(process.argv.slice(2));
else parentPort?.postMessage(examine(workerData as Share));

async function prove(args: readonly string[]): Promise<number> {
  const settings = readSettings(args);
  if (typeof settings === 'string') {
    console.error(`${settings}\n${USAGE}`);
    return 2;
  }
  const environment = readEnvironment();
  const startedAt = new Date();
  const lines: string[] = [];
  // With --json the one line on standard output is the report.
  const say = (line: string): void => {
    lines.push(line);
    (settings.json ? console.error : console.log)(line);
  };
  say(`order: ${settings.runs} cases from case ${settings.from}, seed ${settings.seed}`);
  say(`${environment.cores} threads, ${environment.cpu}, Node ${environment.node}`);
  const started = performance.now();
  const found = await examineInThreads(settings);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  say(`${found.runs} cases, ${found.operations} operations, ${seconds} s`);
  say(`divergent results: ${found.divergences}`);
  if (found.divergences > 0) showSmallest(settings, found.cases, say);
  const name = settings.control ?? DEFAULT_CONTROL;
  const failedAfter = runControl(systemOf(name), settings.seed);
  const hasFailed = failedAfter <= CONTROL_RUNS;
  say(
    hasFailed
      ? `control ${name}: failed after ${failedAfter} of at most ${CONTROL_RUNS} cases, as it must`
      : `control ${name}: did not fail within ${CONTROL_RUNS} cases, so the zero proves nothing`,
  );
  const report: Report = {
    id: 'R3',
    target: `0 divergent results in ${PUBLISHED_RUNS} random operation sets`,
    value: found.divergences,
    unit: 'divergent results',
    pass: found.divergences === 0,
    control: { name, value: failedAfter, failed: hasFailed },
    runs: [{ cases: found.runs, operations: found.operations, seconds }],
    seed: settings.seed,
    environment,
    noisy: false,
    command: `npm run prove:order -- --runs ${settings.runs} --seed ${settings.seed}`,
    log: lines,
  };
  const isPublished =
    settings.control === null && report.pass && hasFailed && settings.runs >= PUBLISHED_RUNS;
  if (isPublished) say(`kept as ${writeReport(report, startedAt)}`);
  if (settings.json) console.log(JSON.stringify(report));
  return report.pass && hasFailed ? 0 : 1;
}

/** The settings, or what is wrong with the arguments. */
function readSettings(args: readonly string[]): Settings | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string' },
        scale: { type: 'string', default: 'full' },
        seed: { type: 'string', default: '1' },
        from: { type: 'string', default: '0' },
        json: { type: 'boolean', default: false },
        control: { type: 'string' },
      },
    });
    if (values.scale !== 'small' && values.scale !== 'full') return 'scale is small or full';
    const [runs, seed, from] = [
      values.runs ?? String(SCALES[values.scale]),
      values.seed,
      values.from,
    ].map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : NaN));
    if (runs === undefined || !(runs > 0)) return 'runs is a whole number above 0';
    if (seed === undefined || !(seed < 2 ** 32)) return 'seed is a whole number below 2^32';
    if (from === undefined || Number.isNaN(from)) return 'from is the number of a case';
    if (values.control !== undefined && !CONTROLS.has(values.control)) {
      return `there is no control ${values.control}`;
    }
    return { runs, seed, from, json: values.json, control: values.control ?? null };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function examineInThreads({ runs, seed, from, control }: Settings): Promise<Found> {
  const step = Math.min(availableParallelism(), runs);
  const shares = Array.from({ length: step }, (_, index) => ({
    seed,
    from: from + index,
    end: from + runs,
    step,
    control,
  }));
  const found = await Promise.all(shares.map(examineInThread));
  const sum = (of: (part: Found) => number): number =>
    found.reduce((total, part) => total + of(part), 0);
  return {
    runs: sum((part) => part.runs),
    operations: sum((part) => part.operations),
    divergences: sum((part) => part.divergences),
    cases: found.flatMap((part) => part.cases),
  };
}

function examineInThread(share: Share): Promise<Found> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread ended with ${code} and no answer`)));
  });
}

function examine({ seed, from, end, step, control }: Share): Found {
  const system = systemOf(control);
  const cases: number[] = [];
  let runs = 0;
  let operations = 0;
  let divergences = 0;
  for (let number = from; number < end; number += step) {
    const drawn = drawNumbered(seed, number);
    runs += 1;
    operations += drawn.operations.length;
    if (!diverges(system, drawn, number)) continue;
    divergences += 1;
    if (cases.length < KEPT_CASES) cases.push(number);
  }
  return { runs, operations, divergences, cases };
}

function drawNumbered(seed: number, number: number): OrderCase {
  return drawCase(seededDice(seed, number));
}

/** A throw is a defect of its own kind; the case that brings it about is named. */
function diverges(system: OrderSystem, drawn: OrderCase, number: number): boolean {
  try {
    return findDivergence(system, drawn) !== null;
  } catch (cause) {
    throw new Error(`case ${number} throws\n${describeCase(drawn)}`, { cause });
  }
}

function systemOf(control: string | null): OrderSystem {
  return (control === null ? undefined : CONTROLS.get(control)) ?? PRODUCT;
}

function showSmallest(
  { seed, control }: Settings,
  cases: readonly number[],
  say: (line: string) => void,
): void {
  const system = systemOf(control);
  const shrunk = cases.map((number) => ({
    number,
    drawn: shrinkCase(system, drawNumbered(seed, number)),
  }));
  const [smallest] = shrunk.sort((a, b) => a.drawn.operations.length - b.drawn.operations.length);
  if (!smallest) return;
  const answers = findDivergence(system, smallest.drawn);
  const replay = `--runs 1 --from ${smallest.number} --seed ${seed}`;
  say(`smallest counterexample, from case ${smallest.number} (${replay}):`);
  say(describeCase(smallest.drawn));
  say(`from the whole set:\n${answers?.fromTheWholeSet}`);
  say(`as it arrived:\n${answers?.asItArrived}`);
}

/** After how many cases the control diverged; one more than the limit when it never did. */
function runControl(system: OrderSystem, seed: number): number {
  for (let run = 1; run <= CONTROL_RUNS; run += 1) {
    if (findDivergence(system, drawNumbered(seed, run - 1)) !== null) return run;
  }
  return CONTROL_RUNS + 1;
}
