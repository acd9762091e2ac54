/** Writes scans in a thread of its own, so that answering phones and writing marks share no core. */
import { Tinypool } from 'tinypool';
import { appError } from '../domain/errors.ts';
import type { TakeScans } from '../operations/presence/scan-desk.ts';
import type { TakenBatch } from './scan-thread.ts';

/** The desk has two batches at work; the thread waits for the database with both. */
const BATCHES_AT_ONCE = 2;
/** A stop waits this long for batches at work; their scans were not answered, and phones repeat them. */
const STOP_MS = 10_000;

/** The thread. */
export interface ScanPool {
  readonly take: TakeScans;
  /** Waits for the batches at work, then stops the thread. */
  close(): Promise<void>;
}

/** Starts the thread and waits until it can write. @throws when it cannot */
export async function startScanPool(): Promise<ScanPool> {
  const pool = new Tinypool({
    filename: new URL('scan-thread.ts', import.meta.url).href,
    runtime: 'worker_threads',
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: BATCHES_AT_ONCE,
    terminateTimeout: STOP_MS,
    // The thread has timers and sockets of its own, which a wait on shared memory would hold up.
    useAtomics: false,
  });
  const take: TakeScans = async (scans) => {
    const taken = (await pool.run(scans)) as TakenBatch;
    if ('outcomes' in taken) return taken.outcomes;
    throw appError(taken.refused.code, taken.refused.detail);
  };
  await take([]);
  return { take, close: () => pool.destroy() };
}
