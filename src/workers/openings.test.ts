import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, whileWorking } from '../../test/temporal.ts';
import { activitiesOf, openTemporalBench, type TemporalBench } from '../../test/temporal-bench.ts';
import { firstRow, rows } from '../db/orm.ts';
import type { Id } from '../domain/types.ts';
import { sessionWorkflowId, WORKFLOWS, type DayPlanProgress } from '../workflows/contract.ts';

const COUNT = 60;

let bench: TemporalBench;
beforeAll(async () => {
  bench = await openTemporalBench();
});
afterAll(() => bench.close());

const opened = (ids: readonly Id[]) =>
  rows<{ late_ms: number }>(
    bench.em(),
    `select (extract(epoch from opened_at - opens_at) * 1000)::int as late_ms
     from attendance_session where id = any(?::uuid[]) and status = 'open' order by late_ms`,
    [ids],
  );

// How late they are is for `npm run bench:openings` to say: a test beside others has no figures.
describe('sessions that open at the same instant', () => {
  it('open, none too early, each once', async () => {
    const opensAt = Date.now() + 4_000;
    const ids: Id[] = [];
    for (let made = 0; made < COUNT; made += 1) {
      // oxlint-disable-next-line no-await-in-loop -- a pool of ten is shared with the worker
      ids.push(await bench.addSession((opensAt - Date.now()) / 1_000));
    }
    for (const id of ids) bench.workflows.track(sessionWorkflowId(id));

    await whileWorking(await bench.workflows.createWorker(activitiesOf(bench)), async () => {
      await bench.workflows.client.workflow.execute<() => Promise<DayPlanProgress>>(
        WORKFLOWS.dayPlan,
        { workflowId: 'dayPlan/openings', taskQueue: bench.workflows.coreQueue },
      );
      await eventually('all to be open', async () => (await opened(ids)).length === COUNT, 40_000);
    });

    const late = (await opened(ids)).map((row) => row.late_ms);
    expect(late[0]).toBeGreaterThanOrEqual(0);
    const events = await firstRow<{ openings: number }>(
      bench.em(),
      `select count(*)::int as openings from audit_event
       where session_id = any(?::uuid[]) and (body::json)->>'action' = 'session.opened'`,
      [ids],
    );
    expect(events?.openings).toBe(COUNT);
  });
});
