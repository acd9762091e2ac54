/** The thread that writes scans, as `scan-pool.ts` starts it, with a database pool of its own. */
import { loadEnvironment } from '../config/env.ts';
import { createCore } from '../deps.ts';
import { AppError, type ErrorCode } from '../domain/errors.ts';
import type { Scan, ScanOutcome } from '../operations/presence/scan.ts';
import { scanTaker } from '../operations/presence/scan-desk.ts';

/** What became of a batch; an error of the table loses its type between threads, so it is told. */
export type TakenBatch =
  | { readonly outcomes: readonly ScanOutcome[] }
  | { readonly refused: { readonly code: ErrorCode; readonly detail: string } };

/** Two batches at work, their refusals, and the clock. */
const CONNECTIONS = 4;

const core = await createCore(loadEnvironment(['database', 'utc', 'secrets']), CONNECTIONS);
const take = scanTaker(core, core.presence);

/** Takes a batch of scans. */
export default async function takeBatch(scans: readonly Scan[]): Promise<TakenBatch> {
  try {
    return { outcomes: scans.length === 0 ? [] : await take(scans) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { refused: { code: error.code, detail: error.detail } };
  }
}
