/** Leave and corrections over HTTP with the real Temporal server and a real worker behind the API. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NativeConnection } from '@temporalio/worker';
import { v7 } from 'uuid';
import { startTestApi, textOf, type ApiReply, type TestApi } from '../../../test/api.ts';
import {
  campusDay,
  makeLeaveType,
  makeSession,
  makeWorld,
  minutesFromNow,
  type World,
} from '../../../test/factories.ts';
import { temporalAddress } from '../../../test/servers.ts';
import { connectServer, type WorkflowBench } from '../../../test/temporal.ts';
import { createActivities } from '../../activities/create-activities.ts';
import { firstRow } from '../../db/orm.ts';
import { createWorkflowGateway, type TemporalGateway } from '../../temporal/client.ts';
import { connectWorker, createWorker, type SessionWorker } from '../../workers/session-worker.ts';
import { caseWorkflowId, decideSignal, sessionWorkflowId } from '../../workflows/contract.ts';
import { authRoutes } from '../auth/routes.ts';
import { correctionRoutes } from '../correction/routes.ts';
import { leaveRoutes } from '../leave/routes.ts';
import { selfEntryRoutes } from '../self-entries/routes.ts';
import { sessionRoutes } from '../sessions/routes.ts';
import { unlockRoutes } from '../unlocks/routes.ts';

const BASE = '/api/v1/attendance/';
const DEADLINE_MS = 20_000;

let bench: WorkflowBench;
let api: TestApi;
let gateway: TemporalGateway;
let connection: NativeConnection;
let worker: SessionWorker;
let running: Promise<void>;
let world: World;
let leaveType: string;

beforeAll(async () => {
  bench = await connectServer(temporalAddress());
  api = await startTestApi({
    routes: (deps) => [
      ...authRoutes(deps),
      ...leaveRoutes(deps),
      ...correctionRoutes(deps),
      ...selfEntryRoutes(deps),
      ...sessionRoutes(deps),
      ...unlockRoutes(deps),
    ],
    variables: { TASK_QUEUE_PREFIX: `${randomUUID()}-` },
  });
  const { deps } = api;
  gateway = createWorkflowGateway(deps.environment, () => deps.orm);
  connection = await connectWorker(deps.environment);
  worker = await createWorker({
    settings: deps.environment,
    connection,
    bundle: bench.bundle,
    queues: ['core', 'notify'],
    activities: createActivities({ ...deps, runs: gateway.runs, operatorDecisions: true }),
  });
  running = worker.run();
  world = await makeWorld(api.em());
  leaveType = await makeLeaveType(api.em());
}, 120_000);

afterAll(async () => {
  worker.shutdown();
  await running;
  await connection.close();
  await gateway.close();
  await api.close();
  await bench.teardown();
}, 60_000);

const send = (method: string, path: string, token: string, body?: object, key: string = v7()) =>
  api.request(method, `${BASE}${path}`, {
    token,
    ...(body ? { body } : {}),
    headers: { 'idempotency-key': key },
  });

async function fileLeave(day: string): Promise<string> {
  const student = await api.signIn(world.student.email);
  const reply = await send('POST', 'leave-applications/', student, {
    leave_type: leaveType,
    start_date: day,
    end_date: day,
    reason: 'Fever since Monday',
  });
  expect(reply.status).toBe(201);
  const id = textOf(reply.body['id']);
  bench.track(caseWorkflowId('leave', id));
  return id;
}

/** Asks until the answer is there; a workflow takes its time. */
async function until(ask: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((done) => setTimeout(done, 50));
  }
}

const code = (reply: ApiReply): unknown[] => [reply.status, reply.body['code']];

describe('a request with Temporal behind the API', () => {
  it('is approved by an update, and a repeat after the workflow ended gets the first answer', async () => {
    const id = await fileLeave(campusDay(3));
    const mentor = await api.signIn(world.people.mentor.email);
    const key = v7();
    const decision = { status: 'approved', note: 'Certificate seen' };

    const first = await send('PATCH', `leave-applications/${id}/`, mentor, decision, key);

    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({
      status: 'approved',
      note: 'Certificate seen',
      decided_by: { id: world.people.mentor.id },
    });
    await until(async () => (await gateway.runs.statusOf({ kind: 'leave', id })) === 'completed');
    const again = await send('PATCH', `leave-applications/${id}/`, mentor, decision, key);
    expect(again.body).toEqual(first.body);
    const other = await send('PATCH', `leave-applications/${id}/`, mentor, decision);
    expect(code(other)).toEqual([409, 'already_decided']);
  });

  it('keeps the texts out of the history', async () => {
    const id = await fileLeave(campusDay(4));
    const mentor = await api.signIn(world.people.mentor.email);
    await send('PATCH', `leave-applications/${id}/`, mentor, {
      status: 'rejected',
      note: 'The certificate is missing',
    });

    const history = await gateway.client().workflow.getHandle(`leave/${id}`).fetchHistory();

    const payloads = [...JSON.stringify(history.events).matchAll(/"data":"([^"]+)"/g)]
      .map(([, data = '']) => Buffer.from(data, 'base64').toString('utf8'))
      .join('\n');
    expect(payloads).toContain('rejected');
    expect(payloads).not.toMatch(/certificate|Fever/i);
  });

  it('is approved by a signal from an operator, in the name of the decider', async () => {
    const id = await fileLeave(campusDay(5));
    const student = await api.signIn(world.student.email);

    await gateway.client().workflow.getHandle(`leave/${id}`).signal(decideSignal, {
      decisionId: v7(),
      verdict: 'approved',
      deciderId: world.people.mentor.id,
    });

    const read = () => send('GET', `leave-applications/${id}/`, student);
    await until(async () => textOf((await read()).body['status']) === 'approved');
    expect((await read()).body).toMatchObject({ decided_by: { id: world.people.mentor.id } });
  });

  it('is withdrawn by an update, once', async () => {
    const id = await fileLeave(campusDay(6));
    const student = await api.signIn(world.student.email);
    const key = v7();

    const first = await send('POST', `leave-applications/${id}/withdraw/`, student, undefined, key);

    expect(first.body).toMatchObject({ status: 'withdrawn' });
    await until(async () => (await gateway.runs.statusOf({ kind: 'leave', id })) === 'completed');
    const again = await send('POST', `leave-applications/${id}/withdraw/`, student, undefined, key);
    expect(again.body).toEqual(first.body);
  });

  it('changes a record by an approved correction', async () => {
    const session = await makeSession(api.em(), {
      campus: world.campus,
      courseSection: world.section,
      faculty: world.faculty.id,
      room: world.room.id,
      startAt: minutesFromNow(-180),
      endAt: minutesFromNow(-120),
      status: 'closed',
    });
    const student = await api.signIn(world.student.email);
    const teacher = await api.signIn(world.faculty.email);
    const filed = await send('POST', 'correction-requests/', student, {
      session,
      to_mark: 'present',
      reason: 'I sat in the last row',
    });
    const id = textOf(filed.body['id']);
    bench.track(caseWorkflowId('correction', id));

    const decided = await send('PATCH', `correction-requests/${id}/`, teacher, {
      status: 'approved',
    });

    expect(decided.body).toMatchObject({ status: 'approved', from_mark: null });
    const record = await firstRow(
      api.em(),
      'select mark, source from attendance_record where session_id = ?::uuid and student_id = ?::uuid',
      [session, world.student.id],
    );
    expect(record).toEqual({ mark: 'present', source: 'correction' });
  });

  it('approves self-entries in bulk, each by its own workflow, and one by a signal', async () => {
    const session = await makeSession(api.em(), {
      campus: world.campus,
      courseSection: world.section,
      faculty: world.faculty.id,
      room: world.room.id,
      policy: { selfEntryEnabled: true },
    });
    const entries: string[] = [];
    for (const { email } of world.students) {
      const token = await api.signIn(email);
      const reply = await send('POST', 'self-entries/', token, { session });
      expect(reply.status).toBe(202);
      const id = textOf(reply.body['entry']);
      bench.track(caseWorkflowId('self_entry', id));
      entries.push(id);
    }
    const [first, second, signalled = ''] = entries;
    const teacher = await api.signIn(world.faculty.email);

    const bulk = await send('POST', 'self-entries/bulk-decide/', teacher, {
      ids: [first, randomUUID(), second],
      verdict: 'approved',
    });
    await gateway.client().workflow.getHandle(`selfEntry/${signalled}`).signal(decideSignal, {
      decisionId: v7(),
      verdict: 'approved',
      deciderId: world.faculty.userId,
    });

    expect(bulk.body['counts']).toEqual({ applied: 2, rejected: 1, retry: 0 });
    const read = () => send('GET', `self-entries/${signalled}/`, teacher);
    await until(async () => textOf((await read()).body['status']) === 'approved');
    const present = await firstRow<{ count: number }>(
      api.em(),
      `select count(*)::int as count from attendance_record
       where session_id = ?::uuid and mark = 'present' and rank = 80`,
      [session],
    );
    expect(present?.count).toBe(3);
  });

  it('unlocks a register whose workflow has ended, which a person locks again', async () => {
    const session = await makeSession(api.em(), {
      campus: world.campus,
      courseSection: world.section,
      faculty: world.faculty.id,
      room: world.room.id,
    });
    bench.track(sessionWorkflowId(session));
    const teacher = await api.signIn(world.faculty.email);
    const hod = await api.signIn(world.people.hod.email);
    const step = (name: string) => send('POST', `sessions/${session}/${name}/`, teacher);
    const stateOf = async () => (await send('GET', `sessions/${session}/`, teacher)).body['status'];
    await step('close');
    expect((await step('lock')).body['status']).toBe('locked');

    const filed = await send('POST', 'unlocks/', teacher, { session, hours: 1, reason: 'A list' });
    const id = textOf(filed.body['id']);
    bench.track(caseWorkflowId('unlock', id));
    const approved = await send('PATCH', `unlocks/${id}/`, hod, { status: 'approved' });

    expect(approved.status).toBe(200);
    expect(await stateOf()).toBe('closed');
    expect(code(await step('close'))).toEqual([409, 'state_conflict']);
    const key = v7();
    const locked = await send('POST', `sessions/${session}/lock/`, teacher, undefined, key);
    expect(locked.body['status']).toBe('locked');
    const run = gateway.client().workflow.getHandle(caseWorkflowId('unlock', id));
    await until(async () => (await run.describe()).status.name === 'COMPLETED');
    const repeated = await send('POST', `sessions/${session}/lock/`, teacher, undefined, key);
    expect(repeated.status).toBe(200);
    expect(code(await step('lock'))).toEqual([409, 'state_conflict']);
    expect((await send('GET', `unlocks/${id}/`, teacher)).body['relocked_at']).not.toBeNull();
  });
});
