/**
 * `npm run prove:model -- --runs 2000 --seed 1`: figure R4 of quality.md. Random sequences of
 * commands against the real API and PostgreSQL, every answer and every register compared with a
 * plain model of the rules. Then the control, a model with one rule changed, which must be found out.
 *
 * Exit code 0 when nothing differed and the control did, 1 when not, 2 when it could not run.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { SEQUENCE } from '../test/model/commands.ts';
import { emptyTally, findDifference, type Tally } from '../test/model/compare.ts';
import { MUTANTS, type Mutant } from '../test/model/register.ts';
import { openSchool, type School } from '../test/model/school.ts';
import { onPostgres } from './on-postgres.ts';
import { readEnvironment, writeReport, type Report } from './report.ts';

const CONTROLS = ['mutant', ...MUTANTS] as const;
const USAGE = `usage: npm run prove:model -- [--runs <count>] [--scale small|full] [--seed <number>]
         [--json] [--control ${CONTROLS.join('|')}]`;

const SCALES = { small: 200, full: 2_000 };
/** A run of fewer sequences is an answer, not the published figure. */
const PUBLISHED_RUNS = SCALES.full;
const CONTROL_RUNS = 1_000;
const DEFAULT_CONTROL: Mutant = 'no-marks-after-close';

interface Settings {
  readonly runs: number;
  readonly seed: number;
  readonly json: boolean;
  /** The rule changed in the model that the main run uses, or null. */
  readonly control: Mutant | null;
}

/** What comparing a number of sequences came to. */
interface Found {
  /** Sequences looked at until the first difference, those that made it small left out. */
  readonly runs: number;
  /** The smallest sequence that differs, in words, or null. */
  readonly difference: string | null;
  readonly tally: Tally;
}

process.exitCode = await prove(process.argv.slice(2));

async function prove(args: readonly string[]): Promise<number> {
  const settings = readSettings(args);
  if (typeof settings === 'string') {
    console.error(`${settings}\n${USAGE}`);
    return 2;
  }
  return onPostgres(async () => {
    const school = await openSchool();
    try {
      return await compare(school, settings);
    } finally {
      await school.close();
    }
  });
}

async function compare(school: School, settings: Settings): Promise<number> {
  const environment = readEnvironment();
  const startedAt = new Date();
  const lines: string[] = [];
  // With --json the one line on standard output is the report.
  const say = (line: string): void => {
    lines.push(line);
    (settings.json ? console.error : console.log)(line);
  };
  const { runs, seed, control } = settings;
  say(`model: ${runs} sequences, seed ${seed}`);
  say(`${environment.cores} threads, ${environment.cpu}, Node ${environment.node}`);
  const started = performance.now();
  const found = await examine(school, { runs, seed, mutant: control, shrinks: true });
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const differences = found.difference === null ? 0 : 1;
  say(`${found.runs} sequences, ${found.tally.commands} commands, ${seconds} s`);
  say(`answers: ${describeAnswers(found.tally)}`);
  say(`differences: ${differences}`);
  if (found.difference !== null) say(`smallest sequence found:\n${found.difference}`);
  const name = control ?? DEFAULT_CONTROL;
  const changed = await examine(school, { runs: CONTROL_RUNS, seed, mutant: name, shrinks: false });
  const hasFailed = changed.difference !== null;
  say(
    hasFailed
      ? `control ${name}: found out after ${changed.runs} of at most ${CONTROL_RUNS} sequences, as it must`
      : `control ${name}: not found out within ${CONTROL_RUNS} sequences, so the zero proves nothing`,
  );
  const report: Report = {
    id: 'R4',
    target: `0 differences from the model in ${PUBLISHED_RUNS} random command sequences`,
    value: differences,
    unit: 'differences',
    pass: differences === 0,
    control: { name, value: changed.runs, failed: hasFailed },
    runs: [{ sequences: found.runs, commands: found.tally.commands, seconds }],
    seed,
    environment,
    noisy: false,
    command: `npm run prove:model -- --runs ${runs} --seed ${seed}`,
    log: lines,
  };
  const isPublished = control === null && report.pass && hasFailed && runs >= PUBLISHED_RUNS;
  if (isPublished) say(`kept as ${writeReport(report, startedAt)}`);
  if (settings.json) console.log(JSON.stringify(report));
  return report.pass && hasFailed ? 0 : 1;
}

/** Compares sequences until the first difference; a fault of the product is one too. */
async function examine(
  school: School,
  options: { runs: number; seed: number; mutant: Mutant | null; shrinks: boolean },
): Promise<Found> {
  const tally = emptyTally();
  const property = fc.asyncProperty(SEQUENCE, async (sequence) => {
    const difference = await findDifference(school, sequence, { mutant: options.mutant, tally });
    if (difference !== null) throw new Error(difference);
  });
  const result = await fc.check(property, {
    numRuns: options.runs,
    seed: options.seed,
    endOnFailure: !options.shrinks,
  });
  const { failed, errorInstance: error, numRuns } = result;
  const words = error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
  return { runs: numRuns, difference: failed ? words : null, tally };
}

/** How often each command met each answer, so that a run that met only refusals is seen. */
function describeAnswers({ answers }: Tally): string {
  return [...answers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([answer, times]) => `${answer} ${times}`)
    .join(', ');
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
        json: { type: 'boolean', default: false },
        control: { type: 'string' },
      },
    });
    if (values.scale !== 'small' && values.scale !== 'full') return 'scale is small or full';
    const runs = wholeNumber(values.runs ?? String(SCALES[values.scale]));
    const seed = wholeNumber(values.seed);
    if (!(runs > 0)) return 'runs is a whole number above 0';
    if (!(seed < 2 ** 31)) return 'seed is a whole number below 2^31';
    const { control: asked } = values;
    const control = asked === 'mutant' ? DEFAULT_CONTROL : MUTANTS.find((name) => name === asked);
    if (asked !== undefined && control === undefined) return `there is no control ${asked}`;
    return { runs, seed, json: values.json, control: control ?? null };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function wholeNumber(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}
