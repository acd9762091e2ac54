/**
 * `npm run bench:sync -- --runs 40`: how long one request of 500 offline claims takes, through HTTP
 * with its device proof, on a durable PostgreSQL. Beside it the same claims as bare rows, one insert
 * in one transaction, and the control, which sends each claim in a request of its own.
 *
 * Exit code 0 when the median is below the target and the control is not, 1 otherwise, 2 when it
 * could not run.
 */
import { parseArgs } from 'node:util';
import { v7 } from 'uuid';
import { readEnvironment, writeReport, type Report } from '../prove/report.ts';
import { startTestApi, type TestApi } from '../test/api.ts';
import { makeDevice, type TestDevice } from '../test/device.ts';
import { makeSession, makeWorld, minutesFromNow, type World } from '../test/factories.ts';
import { provision } from '../test/provision.ts';
import { firstRow, rows } from '../src/db/orm.ts';
import type { Id } from '../src/domain/types.ts';
import { requireDurable } from './parts/durable-database.ts';

const CLAIMS = 500;
const TARGET_MS = 300;
/** A teacher's day offline: so many classes of so many students. */
const CLASSES = 9;
const STUDENTS = 60;
const WARM_UP = 5;
const MINUTE = 60_000;
const PATH = '/api/v1/attendance/sync';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 3) {
  console.error('runs is a whole number of at least 3');
  process.exit(2);
}
process.exitCode = await bench();

/** A phone of the teacher, signed in and registered. */
interface Sender {
  readonly api: TestApi;
  readonly world: World;
  readonly phone: TestDevice;
  readonly token: string;
}

async function bench(): Promise<number> {
  const lines: string[] = [];
  const say = (line: string): void => {
    lines.push(line);
    (values.json ? console.error : console.log)(line);
  };
  const environment = readEnvironment();
  const startedAt = new Date();
  const servers = await provision(
    { postgres: true, temporal: false, timeSkipping: false, durable: true },
    () => {},
  );
  Object.assign(process.env, servers.env);
  try {
    const sender = await prepare();
    try {
      await requireDurable(sender.api.em());
      const figures = await measure(sender);
      await requireStored(sender.api, figures.sent);
      const value = median(figures.requests);
      const [bare, loop] = [median(figures.bare), median(figures.loops)];
      say(
        `${environment.cores} threads, ${environment.cpu}, load before ${environment.loadBefore}`,
      );
      say(`${CLAIMS} claims of ${CLASSES} classes in one request: median ${value} ms`);
      say(`range ${Math.min(...figures.requests)} to ${Math.max(...figures.requests)} ms`);
      say(`the same claims as bare rows: ${bare} ms, so ${(value / bare).toFixed(1)} times that`);
      const failed = loop >= TARGET_MS;
      say(
        `control loop, one request each: ${loop} ms, ${failed ? 'too slow, as it must' : 'FAST'}`,
      );
      const report: Report = {
        id: 'sync',
        target: `${CLAIMS} claims per request in under ${TARGET_MS} ms at the median`,
        value,
        unit: 'ms',
        pass: value < TARGET_MS,
        control: { name: 'loop', value: loop, failed },
        runs: [{ requests: figures.requests, bare: figures.bare }],
        seed: 0,
        environment,
        noisy: environment.loadBefore > environment.cores / 2,
        command: `npm run bench:sync -- --runs ${runs}`,
        log: lines,
      };
      if (report.pass && failed && !report.noisy) say(`kept as ${writeReport(report, startedAt)}`);
      if (values.json) console.log(JSON.stringify(report));
      return report.pass && failed ? 0 : 1;
    } finally {
      await sender.api.close();
    }
  } finally {
    await servers.stop();
  }
}

async function prepare(): Promise<Sender> {
  const api = await startTestApi({
    checkReplies: false,
    variables: { RATE_LIMIT_SCALE: '1000', TEST_CLOCK: '' },
  });
  const world = await makeWorld(api.em(), { studentCount: STUDENTS });
  const token = await api.signIn(world.faculty.email);
  const phone = await makeDevice();
  await phone.register(api, token);
  await rows(api.em(), "update device_binding set valid_from = valid_from - interval '1 day'");
  return { api, world, phone, token };
}

interface Figures {
  readonly requests: number[];
  readonly bare: number[];
  readonly loops: number[];
  readonly sent: readonly Id[];
}

async function measure(sender: Sender): Promise<Figures> {
  const figures = { requests: [], bare: [], loops: [], sent: [] } as {
    requests: number[];
    bare: number[];
    loops: number[];
    sent: Id[];
  };
  await rows(sender.api.em(), 'create table bare_claim (id uuid primary key, body jsonb)');
  for (let run = -WARM_UP; run < runs; run += 1) {
    const ops = await freshClaims(sender);
    const took = await timed(() => send(sender, ops));
    figures.sent.push(...ops.map((op) => op.op_id));
    const bare = await timed(() => insertBare(sender.api, ops));
    if (run < 0) continue;
    figures.requests.push(took);
    figures.bare.push(bare);
  }
  const ops = await freshClaims(sender);
  figures.loops.push(
    await timed(async () => {
      for (const op of ops) await send(sender, [op]);
    }),
  );
  return figures;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return Math.round(performance.now() - started);
}

async function freshClaims({ api, world }: Sender) {
  const sessions: Id[] = [];
  for (let made = 0; made < CLASSES; made += 1) {
    sessions.push(
      await makeSession(api.em(), {
        campus: world.campus,
        courseSection: world.section,
        faculty: world.faculty.id,
        room: world.room.id,
        startAt: minutesFromNow(-15),
      }),
    );
  }
  const claims = sessions.flatMap((session) =>
    world.students.map(({ id: student }) => ({
      op_id: v7(),
      session,
      student,
      kind: 'mark',
      mark: 'present',
      captured_at: minutesFromNow(-10).toISOString(),
      captured_mono_ms: 40 * MINUTE,
      boot_id: 'boot',
      base_op_id: null,
      acks: [],
      evidence: {},
    })),
  );
  return claims.slice(0, CLAIMS);
}

async function send({ api, phone, token }: Sender, ops: readonly object[]): Promise<void> {
  const body = {
    client_id: 'bench',
    sent_at: new Date().toISOString(),
    sent_mono_ms: 50 * MINUTE,
    boot_id: 'boot',
    ops,
  };
  const reply = await phone.request(api, 'POST', PATH, { token, body });
  const applied: unknown = reply.body['counts']?.['applied'];
  if (applied !== ops.length) {
    throw new Error(`sync: ${reply.status} ${JSON.stringify(reply.body).slice(0, 500)}`);
  }
}

async function insertBare(api: TestApi, ops: readonly { readonly op_id: Id }[]): Promise<void> {
  await rows(
    api.em(),
    'insert into bare_claim select id, body::jsonb from unnest(?::uuid[], ?::text[]) as n(id, body)',
    [ops.map((op) => op.op_id), ops.map((op) => JSON.stringify(op))],
  );
}

/** A fast wrong run fails: every acknowledged claim is there, once. */
async function requireStored(api: TestApi, sent: readonly Id[]): Promise<void> {
  const row = await firstRow<{ count: number }>(
    api.em(),
    'select count(*)::int as count from attendance_operation where op_id = any(?::uuid[])',
    [sent],
  );
  if (row?.count !== sent.length) throw new Error(`${sent.length} sent, ${row?.count} stored`);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
