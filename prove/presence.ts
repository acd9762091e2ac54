/**
 * `npm run prove:presence -- --runs 20 --seed 1`: attacks on presence against the real API, at each
 * level, and how many get an absent student marked (presence.md sections 1 and 13). It asserts what
 * must be stopped and prints what is not. Then the controls: steps of two minutes, and no claim of
 * devices; each must let through what was stopped.
 *
 * Exit code 0 when everything that must be stopped was and both controls failed, 1 when not, 2 when
 * it could not run.
 */
import { parseArgs } from 'node:util';
import { SECURITY_LEVELS, type SecurityLevel } from '../src/domain/presence/risk.ts';
import { seededDice } from '../test/order/dice.ts';
import {
  ATTACKS,
  placeRoom,
  playAttack,
  type Attack,
  type AttackEnd,
} from '../test/presence/attacks.ts';
import { openHall, type Hall } from '../test/presence/hall.ts';
import { forgetClaims } from '../test/presence/qr-figures.ts';
import { onPostgres } from './on-postgres.ts';
import { readEnvironment, writeReport, type Report } from './report.ts';

const USAGE = 'usage: npm run prove:presence -- [--runs <count>] [--seed <number>] [--json]';
/** A run of fewer attempts is an answer, not the published figure. */
const PUBLISHED_RUNS = 20;
const PHONES = 40;

/** Attacks that must be refused at every level. A photo of 15 s may still be of a live code. */
const STOPPED: readonly RegExp[] = [
  /after (30|60) s/,
  /friend's phone/,
  /shared phone/,
  /captured/,
];
/** Attacks that must at least be flagged at this level and above. */
const FLAGGED: readonly { readonly attack: RegExp; readonly from: SecurityLevel }[] = [
  { attack: /true position/, from: 'standard' },
  { attack: /admitted by the phone/, from: 'standard' },
  { attack: /registered anew/, from: 'standard' },
  { attack: /no position/, from: 'strict' },
];

process.exitCode = await prove(process.argv.slice(2));

async function prove(args: readonly string[]): Promise<number> {
  const settings = readSettings(args);
  if (typeof settings === 'string') {
    console.error(`${settings}\n${USAGE}`);
    return 2;
  }
  return onPostgres(async () => {
    const hall = await openHall(PHONES);
    try {
      await placeRoom(hall);
      return await play(hall, settings);
    } finally {
      await hall.close();
    }
  });
}

interface Settings {
  readonly runs: number;
  readonly seed: number;
  readonly json: boolean;
}

async function play(hall: Hall, { runs, seed, json }: Settings): Promise<number> {
  const environment = readEnvironment();
  const startedAt = new Date();
  const lines: string[] = [];
  // With --json the one line on standard output is the report.
  const say = (line: string): void => {
    lines.push(line);
    (json ? console.error : console.log)(line);
  };
  const dice = seededDice(seed, 1);
  say(`presence: ${runs} attempts of each attack at each level, seed ${seed}`);
  say('marked without / with a flag, refused, of each level: open | standard | strict');
  const results: object[] = [];
  let broken = 0;
  for (const attack of ATTACKS) {
    const ends: string[] = [];
    for (const level of SECURITY_LEVELS) {
      const end = await playAttack(hall, attack, { level, times: runs, dice });
      if (isBroken(attack, level, end)) broken += 1;
      ends.push(`${end.passed} / ${end['passed, flagged']}, ${end.refused}`);
      results.push({ attack: attack.name, level, ...end });
    }
    say(`${attack.name}: ${ends.join(' | ')}`);
  }
  const [noStep, noClaim] = await playControls(hall, dice, runs);
  say(`control no-step: ${noStep} of ${runs} photos of 30 s pass`);
  say(`control no-claim: ${noClaim} of ${runs} second students of a shared phone pass`);
  const haveFailed = noStep > 0 && noClaim > 0;
  const report: Report = {
    id: 'presence',
    target: 'what must be stopped is refused, what must be seen is flagged',
    value: broken,
    unit: 'attacks that got further than they may',
    pass: broken === 0,
    control: { name: 'no-step, no-claim', value: noStep + noClaim, failed: haveFailed },
    runs: results,
    seed,
    environment,
    noisy: false,
    command: `npm run prove:presence -- --runs ${runs} --seed ${seed}`,
    log: lines,
  };
  if (report.pass && haveFailed && runs >= PUBLISHED_RUNS) {
    say(`kept as ${writeReport(report, startedAt)}`);
  }
  if (json) console.log(JSON.stringify(report));
  return report.pass && haveFailed ? 0 : 1;
}

function isBroken({ name }: Attack, level: SecurityLevel, end: Record<AttackEnd, number>): boolean {
  const mustStop = STOPPED.some((attack) => attack.test(name));
  if (mustStop && end.passed + end['passed, flagged'] > 0) return true;
  const rank = SECURITY_LEVELS.indexOf(level);
  const mustFlag = FLAGGED.some(
    ({ attack, from }) => attack.test(name) && rank >= SECURITY_LEVELS.indexOf(from),
  );
  return mustFlag && end.passed > 0;
}

async function playControls(
  hall: Hall,
  dice: ReturnType<typeof seededDice>,
  times: number,
): Promise<[number, number]> {
  const attackOf = (name: RegExp): Attack => {
    const found = ATTACKS.find((attack) => name.test(attack.name));
    if (!found) throw new Error(`no attack ${name}`);
    return found;
  };
  const marked = (end: Record<AttackEnd, number>) => end.passed + end['passed, flagged'];
  const level = 'standard';
  const noStep = await playAttack(hall, attackOf(/after 30 s/), {
    level,
    times,
    dice,
    policy: { qrPreviousSteps: 11 },
  });
  await forgetClaims(hall);
  const noClaim = await playAttack(hall, attackOf(/shared phone/), { level, times, dice });
  return [marked(noStep), marked(noClaim)];
}

/** The settings, or what is wrong with the arguments. */
function readSettings(args: readonly string[]): Settings | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string', default: '20' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    });
    const [runs, seed] = [Number(values.runs), Number(values.seed)];
    if (!Number.isInteger(runs) || runs < 1) return 'runs is a whole number above 0';
    if (!Number.isInteger(seed) || seed < 0) return 'seed is a whole number';
    return { runs, seed, json: values.json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
