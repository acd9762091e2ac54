/**
 * `npm run prove:qr -- --scale full --seed 1`: figure R13 of quality.md, over HTTP and PostgreSQL.
 * Codes that must be refused, races on one phone and one ticket, honest scans, forwarded codes, a
 * whole hall. Then the controls: without the claim of the device, and with codes that live for two
 * minutes; each must be found out.
 *
 * Exit code 0 when every rule held and both controls failed, 1 when not, 2 when it could not run.
 */
import { parseArgs } from 'node:util';
import { seededDice } from '../test/order/dice.ts';
import { openHall, type Hall } from '../test/presence/hall.ts';
import {
  flippedBytes,
  forgetClaims,
  forwardedCodes,
  honestScans,
  oneTicket,
  sharedPhone,
  threeOnOnePhone,
  wholeHall,
  wrongCodes,
  type Figure,
} from '../test/presence/qr-figures.ts';
import { onPostgres } from './on-postgres.ts';
import { readEnvironment, writeReport, type Report } from './report.ts';

const USAGE =
  'usage: npm run prove:qr -- [--scale small|full] [--seed <number>] [--json] [--control no-claim|long-steps]';

const SCALES = {
  small: { rounds: 3, trios: 20, scans: 200, honest: 100, wrong: 5, phones: 60 },
  full: { rounds: 20, trios: 1_000, scans: 1_000, honest: 1_000, wrong: 25, phones: 302 },
} as const;
const CONTROL_ROUNDS = 20;
/** Seconds after a code left the screen; those of the original's complaint among them. */
const FORWARDED = [0, 1, 3, 5, 8, 8.8, 9, 9.5, 12, 15, 30, 60];
/** T * (1 + p) = 120 s: what the bound of the settings forbids. */
const LONG_STEPS = { qrPreviousSteps: 11 };

interface Settings {
  readonly scale: keyof typeof SCALES;
  readonly seed: number;
  readonly json: boolean;
  readonly control: 'no-claim' | 'long-steps' | null;
}

process.exitCode = await prove(process.argv.slice(2));

async function prove(args: readonly string[]): Promise<number> {
  const settings = readSettings(args);
  if (typeof settings === 'string') {
    console.error(`${settings}\n${USAGE}`);
    return 2;
  }
  return onPostgres(async () => {
    const hall = await openHall(SCALES[settings.scale].phones);
    try {
      return await measure(hall, settings);
    } finally {
      await hall.close();
    }
  });
}

async function measure(hall: Hall, settings: Settings): Promise<number> {
  const environment = readEnvironment();
  const startedAt = new Date();
  const lines: string[] = [];
  // With --json the one line on standard output is the report.
  const say = (line: string): void => {
    lines.push(line);
    (settings.json ? console.error : console.log)(line);
  };
  const { scale, seed, control } = settings;
  const sizes = SCALES[scale];
  const dice = seededDice(seed, 1);
  say(`qr: scale ${scale}, seed ${seed}`);
  say(`${environment.cores} threads, ${environment.cpu}, Node ${environment.node}`);
  if (control === 'no-claim') await forgetClaims(hall);
  const policy = control === 'long-steps' ? LONG_STEPS : {};
  const figures: Figure[] = [];
  const take = async (work: Promise<Figure>): Promise<void> => {
    const figure = await work;
    figures.push(figure);
    say(described(figure));
  };
  await take(flippedBytes(hall));
  await take(wrongCodes(hall, sizes.wrong));
  await take(wholeHall(hall));
  await take(oneTicket(hall, sizes.scans));
  await take(honestScans(hall, dice, sizes.honest));
  await take(forwardedCodes(hall, FORWARDED, policy));
  await take(sharedPhone(hall, dice, { rounds: sizes.rounds, scans: sizes.scans }));
  await take(threeOnOnePhone(hall, sizes.trios));
  const broken = figures.reduce((sum, figure) => sum + figure.broken, 0);

  const longSteps = await forwardedCodes(hall, FORWARDED, LONG_STEPS);
  say(`control long-steps: ${foundOut(longSteps)}`);
  if (control !== 'no-claim') await forgetClaims(hall);
  const noClaim = await sharedPhone(hall, dice, { rounds: CONTROL_ROUNDS, scans: 40 });
  say(`control no-claim: ${foundOut(noClaim)}`);
  const haveFailed = longSteps.broken > 0 && noClaim.broken > 0;
  const report: Report = {
    id: 'R13',
    target:
      'every wrong code refused, one student per phone and ticket, every honest scan accepted',
    value: broken,
    unit: 'broken rules',
    pass: broken === 0,
    control: { name: 'no-claim, long-steps', value: noClaim.broken, failed: haveFailed },
    runs: figures.map(({ name, tried, broken: of }) => ({ name, tried, broken: of })),
    seed,
    environment,
    noisy: false,
    command: `npm run prove:qr -- --scale ${scale} --seed ${seed}`,
    log: lines,
  };
  const isPublished = control === null && report.pass && haveFailed && scale === 'full';
  if (isPublished) say(`kept as ${writeReport(report, startedAt)}`);
  if (settings.json) console.log(JSON.stringify(report));
  return report.pass && haveFailed ? 0 : 1;
}

function described({ name, tried, broken, outcomes }: Figure): string {
  const counts = [...outcomes].map(([outcome, times]) => `${outcome} ${times}`).join('; ');
  return `${name}: ${tried} tried, ${broken} broken (${counts})`;
}

function foundOut({ tried, broken }: Figure): string {
  return broken > 0
    ? `found out in ${broken} of ${tried}, as it must`
    : `not found out in ${tried}, so the zero proves nothing`;
}

/** The settings, or what is wrong with the arguments. */
function readSettings(args: readonly string[]): Settings | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scale: { type: 'string', default: 'full' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        control: { type: 'string' },
      },
    });
    const { scale, control } = values;
    if (scale !== 'small' && scale !== 'full') return 'scale is small or full';
    if (control !== undefined && control !== 'no-claim' && control !== 'long-steps') {
      return `there is no control ${control}`;
    }
    const seed = /^\d{1,9}$/.test(values.seed) ? Number(values.seed) : Number.NaN;
    if (!(seed < 2 ** 31)) return 'seed is a whole number below 2^31';
    return { scale, seed, json: values.json, control: control ?? null };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
