/** Whether the things this process depends on answer, asked at most once a second. */
import { firstRow } from '../../db/orm.ts';
import { readDeviceStatus } from '../../db/queries/system-metrics.ts';
import type { AppParts } from '../api-deps.ts';

/** `degraded`: marks and reads work, lifecycle changes wait. */
type CheckStatus = 'ok' | 'degraded' | 'unavailable';

/** One look at everything. */
export interface Health {
  readonly status: CheckStatus;
  readonly checks: {
    readonly database: { readonly status: CheckStatus };
    readonly temporal: { readonly status: CheckStatus };
    readonly workers: { readonly status: CheckStatus; readonly seen: number };
    readonly biometric_devices: {
      readonly status: CheckStatus;
      readonly by_status: Readonly<Record<string, number>>;
    };
  };
}

const PATIENCE_MS = 2_000;
const REMEMBERED_MS = 1_000;

/** Makes the check; callers within a second share one look. */
export function healthCheck(parts: Pick<AppParts, 'orm' | 'workflows'>): () => Promise<Health> {
  let last: { readonly at: number; readonly health: Promise<Health> } | undefined;
  return () => {
    const now = performance.now();
    if (!last || now - last.at > REMEMBERED_MS) last = { at: now, health: look(parts) };
    return last.health;
  };
}

async function look({ orm, workflows }: Pick<AppParts, 'orm' | 'workflows'>): Promise<Health> {
  const [answersDatabase, temporal, devices] = await Promise.all([
    within(
      firstRow(orm.em.fork(), 'select 1 as one').then(() => true),
      false,
    ),
    within(workflows.ping(), { reachable: false, workers: 0 }),
    within(readDeviceStatus(orm.em.fork()), undefined),
  ]);
  const database: CheckStatus = answersDatabase ? 'ok' : 'unavailable';
  const lifecycle: CheckStatus = temporal.reachable && temporal.workers > 0 ? 'ok' : 'degraded';
  return {
    status: database === 'ok' ? lifecycle : database,
    checks: {
      database: { status: database },
      temporal: { status: temporal.reachable ? 'ok' : 'degraded' },
      workers: { status: temporal.workers > 0 ? 'ok' : 'degraded', seen: temporal.workers },
      biometric_devices: { status: devices ? 'ok' : 'unavailable', by_status: devices ?? {} },
    },
  };
}

/** The answer, or the fallback when it fails or takes longer than two seconds: that is the finding. */
async function within<T>(answer: Promise<T>, fallback: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(fallback), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer.catch(() => fallback), late]);
  } finally {
    clearTimeout(timer);
  }
}
