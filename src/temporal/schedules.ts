/** The Schedules of temporal.md section 5, created or brought up to date at worker start. */
import {
  ScheduleAlreadyRunning,
  type Client,
  type ScheduleOptions,
  type ScheduleOverlapPolicy,
  type ScheduleSpec,
} from '@temporalio/client';
import { firstRow, type Orm } from '../db/orm.ts';
import {
  DAILY_NOTICES_WORKFLOW_ID,
  DAY_PLAN_WORKFLOW_ID,
  PRESENCE_WORKFLOW_ID,
  queueName,
  RECONCILE_WORKFLOW_ID,
  SCHEDULES,
  WORKFLOWS,
} from '../workflows/contract.ts';
import type { TemporalSettings } from './connection.ts';

/** One Schedule: what it starts, when, and what happens when starts overlap or were missed. */
interface Plan {
  readonly id: string;
  readonly workflowType: string;
  readonly workflowId: string;
  readonly spec: ScheduleSpec;
  readonly overlap: ScheduleOverlapPolicy;
  readonly catchupWindow: '24h' | '1m';
}

/** Settings that name queues, and so keep the Schedules of test databases apart. */
type QueueSettings = Pick<TemporalSettings, 'taskQueuePrefix'>;

function plansFor({ taskQueuePrefix }: QueueSettings, zone: string): Plan[] {
  return [
    {
      id: scheduleId(taskQueuePrefix, 'dayPlanner'),
      workflowType: WORKFLOWS.dayPlan,
      workflowId: `${taskQueuePrefix}${DAY_PLAN_WORKFLOW_ID}`,
      spec: {
        calendars: [
          { hour: 0, minute: 15 },
          { hour: '*', minute: 5 },
        ],
        timezone: zone,
      },
      overlap: 'BUFFER_ONE',
      catchupWindow: '24h',
    },
    {
      id: scheduleId(taskQueuePrefix, 'reconciler'),
      workflowType: WORKFLOWS.reconcile,
      workflowId: `${taskQueuePrefix}${RECONCILE_WORKFLOW_ID}`,
      spec: { intervals: [{ every: '1m' }] },
      overlap: 'SKIP',
      catchupWindow: '1m',
    },
    {
      id: scheduleId(taskQueuePrefix, 'dailyNotices'),
      workflowType: WORKFLOWS.dailyNotices,
      workflowId: `${taskQueuePrefix}${DAILY_NOTICES_WORKFLOW_ID}`,
      spec: { calendars: [{ hour: 18, minute: 0 }], timezone: zone },
      overlap: 'SKIP',
      catchupWindow: '24h',
    },
    {
      id: scheduleId(taskQueuePrefix, 'presence'),
      workflowType: WORKFLOWS.presencePass,
      workflowId: `${taskQueuePrefix}${PRESENCE_WORKFLOW_ID}`,
      spec: { intervals: [{ every: '1m' }] },
      overlap: 'SKIP',
      catchupWindow: '1m',
    },
  ];
}

/** The id of a Schedule; the prefix keeps deployments on one namespace apart. */
export function scheduleId(prefix: string, name: keyof typeof SCHEDULES): string {
  return `${prefix}${SCHEDULES[name]}`;
}

/**
 * Creates the Schedules or updates them to what this code says, then runs the planner once, so that
 * today's sessions start without waiting for the hour. Safe to repeat from several workers.
 */
export async function ensureSchedules(
  client: Client,
  settings: QueueSettings,
  orm: Orm,
): Promise<void> {
  const plans = plansFor(settings, await institutionZone(orm));
  await Promise.all(plans.map((plan) => ensureSchedule(client, settings, plan)));
  await client.schedule.getHandle(scheduleId(settings.taskQueuePrefix, 'dayPlanner')).trigger();
}

async function institutionZone(orm: Orm): Promise<string> {
  const row = await firstRow<{ zone: string }>(
    orm.em.fork(),
    'select zone from institution limit 1',
  );
  return row?.zone ?? 'UTC';
}

async function ensureSchedule(client: Client, settings: QueueSettings, plan: Plan): Promise<void> {
  const options = {
    spec: plan.spec,
    action: {
      type: 'startWorkflow',
      workflowType: plan.workflowType,
      workflowId: plan.workflowId,
      taskQueue: queueName(settings.taskQueuePrefix, 'core'),
      args: [],
    },
    // Always explicit: the default catch-up window is a year.
    policies: { overlap: plan.overlap, catchupWindow: plan.catchupWindow },
  } as const satisfies Omit<ScheduleOptions, 'scheduleId'>;
  try {
    await client.schedule.create({ scheduleId: plan.id, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(plan.id)
      .update((existing) => ({ ...existing, ...options, state: existing.state }));
  }
}
