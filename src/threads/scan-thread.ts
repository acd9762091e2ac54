/** The thread that writes scans, as `scan-pool.ts` starts it, with a database pool of its own. */
import { Tinypool } from 'tinypool';
import type { Environment } from '../config/env.ts';
import { createCore } from '../deps.ts';
import type { Scan, TakenScan } from '../operations/presence/scan.ts';
import { SCAN_WRITERS, scanTaker } from '../operations/presence/scan-desk.ts';
import { tellError, type ToldError } from './told-error.ts';

/** What became of a batch. */
export type TakenBatch = { readonly taken: readonly TakenScan[] } | { readonly failed: ToldError };

/** The batches at work, what they leave, and a test's clock. */
const CONNECTIONS = SCAN_WRITERS + 2;

const core = await createCore(Tinypool.workerData as Environment, CONNECTIONS);
const take = scanTaker(core, core.presence);

/** Takes a batch of scans. */
export async function takeBatch(scans: readonly Scan[]): Promise<TakenBatch> {
  try {
    return { taken: await take(scans) };
  } catch (error) {
    return { failed: tellError(error) };
  }
}

/** Closes the connections, before the thread ends; a failure of that must not keep it. */
export const close = (): Promise<void> =>
  core.close().catch((error: unknown) => process.emitWarning(String(error)));
