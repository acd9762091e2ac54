/** The thread that writes scans, as `scan-pool.ts` starts it, with a database pool of its own. */
import { Tinypool } from 'tinypool';
import type { Environment } from '../config/env.ts';
import { createCore } from '../deps.ts';
import type { Scan, ScanOutcome } from '../operations/presence/scan.ts';
import { scanTaker } from '../operations/presence/scan-desk.ts';
import { tellError, type ToldError } from './told-error.ts';

/** What became of a batch. */
export type TakenBatch =
  | { readonly outcomes: readonly ScanOutcome[] }
  | { readonly failed: ToldError };

/** Two batches at work, the refusals they leave, and a test's clock. */
const CONNECTIONS = 4;

const core = await createCore(Tinypool.workerData as Environment, CONNECTIONS);
const take = scanTaker(core, core.presence);

/** Takes a batch of scans. */
export async function takeBatch(scans: readonly Scan[]): Promise<TakenBatch> {
  try {
    return { outcomes: await take(scans) };
  } catch (error) {
    return { failed: tellError(error) };
  }
}

/** Closes the connections, before the thread ends; a failure of that must not keep it. */
export const close = (): Promise<void> =>
  core.close().catch((error: unknown) => process.emitWarning(String(error)));
