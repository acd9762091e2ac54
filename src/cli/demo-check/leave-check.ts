/** A leave application approved from the Temporal command line. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { DEMO_PASSWORD } from '../../db/seeders/demo-accounts.ts';
import { decideSignal, caseWorkflowId } from '../../workflows/contract.ts';
import type { RunFile } from '../start/run-file.ts';
import { DemoClient, Refused } from './client.ts';
import { fact, until } from './facts.ts';
import type { LeaveReply, LeaveTypeReply, Page } from './replies.ts';

const run = promisify(execFile);
const HOUR_MS = 3_600_000;
const TRIES = 48;
const APPROVERS = ['mentor@demo.campus', 'hod@demo.campus', 'admin@demo.campus'];

/** A student applies; an approver decides by a signal typed into the Temporal CLI. */
export async function checkLeave(running: RunFile): Promise<void> {
  const student = await DemoClient.signIn(running.api, 'student@demo.campus', DEMO_PASSWORD);
  const leave = await apply(student);
  fact(leave.status === 'pending', `student@demo.campus applied for leave on ${leave.starts_at}`);
  const approver = await findApprover(running.api, leave);
  fact(true, `it waits in the inbox of ${approver.user.email}`);
  const decision = {
    decisionId: randomUUID(),
    verdict: 'approved',
    deciderId: approver.user.id,
    channel: 'operator_signal',
  };
  const typed = [
    ['workflow', 'signal', '--address', running.temporal_address],
    ['--workflow-id', caseWorkflowId('leave', leave.id)],
    ['--name', decideSignal.name, '--input', JSON.stringify(decision)],
  ];
  await run(running.temporal_cli, typed.flat());
  const decided = await until('the signal is applied', 15, async () => {
    const read = await student.get<LeaveReply>(`attendance/leave-applications/${leave.id}/`);
    return read.status === 'pending' ? undefined : read;
  });
  fact(
    decided.status === 'approved' && decided.decided_by?.id === approver.user.id,
    'a signal from the Temporal CLI approved it, in the name of the approver',
  );
}

/** One hour of a coming day; an hour that is taken by an earlier run is passed over. */
async function apply(student: DemoClient): Promise<LeaveReply> {
  const types = await student.get<Page<LeaveTypeReply>>('attendance/leave-types/');
  const dayMs = Math.ceil(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS;
  for (let hour = 0; hour < TRIES; hour += 1) {
    const startMs = dayMs + hour * HOUR_MS;
    try {
      return await student.post<LeaveReply>('attendance/leave-applications/', {
        leave_type: types.results[0]?.id,
        starts_at: new Date(startMs).toISOString(),
        ends_at: new Date(startMs + HOUR_MS).toISOString(),
        reason: 'Made by npm run demo:check',
      });
    } catch (error) {
      if (!(error instanceof Refused && error.code === 'leave_overlaps')) throw error;
    }
  }
  throw new Error(
    'every hour of the next two days has leave already; npm run db:reset starts afresh',
  );
}

async function findApprover(api: string, leave: LeaveReply): Promise<DemoClient> {
  for (const email of APPROVERS) {
    const approver = await DemoClient.signIn(api, email, DEMO_PASSWORD);
    const waiting = await approver.get<Page<LeaveReply>>(
      'attendance/leave-applications/?waiting_for_me=true&page_size=200',
    );
    if (waiting.results.some((row) => row.id === leave.id)) return approver;
  }
  throw new Error('the application waits for none of the demo approvers');
}
