/** Writes scans in a thread of its own, so that phones are answered while marks are written. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Tinypool } from 'tinypool';
import type { Environment } from '../config/env.ts';
import { appError } from '../domain/errors.ts';
import { SCAN_WRITERS, type TakeScans } from '../operations/presence/scan-desk.ts';
import type { TakenBatch } from './scan-thread.ts';
import { heardError } from './told-error.ts';

/** A database that does not answer must not keep the process. */
const STOP_MS = 5_000;

/** A started thread. */
export interface ScanPool {
  /**
   * Takes a batch there. A thread that breaks over a batch fails it and is replaced.
   * @throws AppError what `scanCodes` throws; `busy` once closing. Errors of the database keep their
   *   SQLSTATE
   */
  readonly take: TakeScans;
  /** Waits for the batches at work, for seconds at most, and ends the thread. */
  close(): Promise<void>;
}

/**
 * Starts the thread, which connects at once: a scan that comes first does not wait for that.
 * @param onBroken  the thread could not start, or broke with nothing to do: end the process
 */
export function startScanPool(
  environment: Environment,
  onBroken: (error: unknown) => void,
): ScanPool {
  const pool = new Tinypool({
    filename: new URL('scan-thread.ts', import.meta.url).href,
    name: 'takeBatch',
    teardown: 'close',
    runtime: 'worker_threads',
    minThreads: 1,
    maxThreads: 1,
    // The thread waits for the database with both.
    concurrentTasksPerWorker: SCAN_WRITERS,
    workerData: environment,
    // The thread has timers and sockets of its own, which a wait on shared memory would hold up.
    useAtomics: false,
  });
  pool.on('error', onBroken);
  let isClosing = false;
  return {
    async take(scans) {
      if (isClosing) throw appError('busy', 'The server is restarting; send the scan again.');
      const answer = (await pool.run(scans)) as TakenBatch;
      if ('taken' in answer) return answer.taken;
      throw heardError(answer.failed);
    },
    async close() {
      isClosing = true;
      await Promise.race([pool.destroy(), sleep(STOP_MS, undefined, { ref: false })]);
    },
  };
}
