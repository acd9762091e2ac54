/** The thread that writes scans, as `scan-pool.ts` starts it, with a database pool of its own. */
import { Tinypool } from 'tinypool';
import type { Environment } from '../config/env.ts';
import { createCore } from '../deps.ts';
import { AppError, type ErrorCode } from '../domain/errors.ts';
import type { Scan, ScanOutcome } from '../operations/presence/scan.ts';
import { scanTaker } from '../operations/presence/scan-desk.ts';

/** What became of a batch; an error of the table loses its type between threads, so it is told. */
export type TakenBatch =
  | { readonly outcomes: readonly ScanOutcome[] }
  | { readonly refused: { readonly code: ErrorCode; readonly detail: string } };

/** Two batches at work, the refusals they leave, and a test's clock. */
const CONNECTIONS = 4;

const core = await createCore(Tinypool.workerData as Environment, CONNECTIONS);
const take = scanTaker(core, core.presence);

/** Takes a batch of scans. */
export async function takeBatch(scans: readonly Scan[]): Promise<TakenBatch> {
  try {
    return { outcomes: await take(scans) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { refused: { code: error.code, detail: error.detail } };
  }
}

/** Closes the connections, before the thread ends. */
export const close = (): Promise<void> => core.close();
