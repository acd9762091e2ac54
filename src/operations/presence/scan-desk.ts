/** Takes the scans of a process: many phones at once share a transaction. */
import { inBatches } from '../in-batches.ts';
import { operationFor, type OperationParts } from '../operation-for.ts';
import { SYSTEM_ACTOR } from '../ports.ts';
import type { PresenceTools } from './presence-tools.ts';
import type { Scan, ScanOutcome, TakenScan } from './scan.ts';
import { scanCodes, type HeldClasses } from './scan-codes.ts';

const ITEMS_MAX = 200;
/** While one transaction waits for the disk, the next one is made ready. */
const WRITERS = 2;
/** Batches of fifty at a thousand scans a second. */
const PACE = { ms: 50, items: 100 };
const WAITING_MAX = 5_000;

/** While a class is held, its scans wait here and keep no others from being written. */
const HELD_WRITERS = 1;

/** Batches of one desk that are at work at the same time. */
export const SCAN_BATCHES_AT_ONCE = WRITERS + HELD_WRITERS;

/**
 * Takes scans in one transaction, in this thread or in another, and answers in their order.
 * @throws AppError `try_again`
 */
export type TakeScans = (
  scans: readonly Scan[],
  held: HeldClasses,
) => Promise<readonly TakenScan[]>;

/** Takes scans in the calling thread. */
export function scanTaker(parts: OperationParts, tools: Pick<PresenceTools, 'codes'>): TakeScans {
  return async (scans, held) => {
    // Each scan carries its own actor; the batch itself is nobody's.
    const operation = operationFor(parts, { ...SYSTEM_ACTOR, channel: 'api' });
    const codes = await tools.codes();
    return scanCodes(operation, { codes, onUnkept: warnOfUnkept }, scans, held);
  };
}

const warnOfUnkept = (error: unknown): void =>
  process.emitWarning(`refused scans could not be kept: ${String(error)}`);

/**
 * Makes the desk. Scans that arrive while others are being written share the next transaction; two
 * of one student or under one id never share one, so that the second sees what the first did.
 * @throws AppError `busy`, `try_again`
 */
export function createScanDesk(take: TakeScans): (scan: Scan) => Promise<ScanOutcome> {
  const atDesk = <R>(writers: number, run: (scans: readonly Scan[]) => Promise<readonly R[]>) =>
    inBatches({
      run,
      keysOf: (scan) => [scan.studentId, scan.opId],
      itemsMax: ITEMS_MAX,
      writers,
      pace: PACE,
      waitingMax: WAITING_MAX,
    });
  const first = atDesk(WRITERS, (scans) => take(scans, 'leave'));
  const held = atDesk(HELD_WRITERS, (scans) => take(scans, 'wait'));
  return async (scan) => {
    const taken = await first(scan);
    return taken === 'held' ? requireTaken(await held(scan)) : taken;
  };
}

function requireTaken(taken: TakenScan): ScanOutcome {
  if (taken === 'held') throw new Error('a scan that waits for its class was left');
  return taken;
}
