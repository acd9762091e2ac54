/** Writes scans in a thread of its own, so that phones are answered while marks are written. */
import { Tinypool } from 'tinypool';
import type { Environment } from '../config/env.ts';
import { appError } from '../domain/errors.ts';
import type { TakeScans } from '../operations/presence/scan-desk.ts';
import type { TakenBatch } from './scan-thread.ts';

/** The desk has two batches at work; the thread waits for the database with both. */
const BATCHES_AT_ONCE = 2;
const STOP_MS = 10_000;

/** The thread. */
export interface ScanPool {
  /** A thread that breaks fails the batches it had, which nobody was told of, and is replaced. */
  readonly take: TakeScans;
  /** Ends the thread; call it when no scan is under way any more. */
  close(): Promise<void>;
}

/** Starts the thread, which connects at once: a scan that comes first does not wait for that. */
export function startScanPool(environment: Environment): ScanPool {
  const pool = new Tinypool({
    filename: new URL('scan-thread.ts', import.meta.url).href,
    name: 'takeBatch',
    teardown: 'close',
    runtime: 'worker_threads',
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: BATCHES_AT_ONCE,
    terminateTimeout: STOP_MS,
    workerData: environment,
    // The thread has timers and sockets of its own, which a wait on shared memory would hold up.
    useAtomics: false,
  });
  return {
    async take(scans) {
      const taken = (await pool.run(scans)) as TakenBatch;
      if ('outcomes' in taken) return taken.outcomes;
      throw appError(taken.refused.code, taken.refused.detail);
    },
    close: () => pool.destroy(),
  };
}
