/** Takes the scans of a process: many phones at once share a transaction. */
import { inBatches } from '../in-batches.ts';
import { operationFor, type OperationParts } from '../operation-for.ts';
import { SYSTEM_ACTOR } from '../ports.ts';
import type { PresenceTools } from './presence-tools.ts';
import type { Scan, ScanOutcome } from './scan.ts';
import { scanCodes } from './scan-codes.ts';

const ITEMS_MAX = 200;
/** While one transaction waits for the disk, the next one is made ready. */
const WRITERS = 2;
/** Batches of fifty at a thousand scans a second. */
const PACE = { ms: 50, items: 100 };
const WAITING_MAX = 5_000;

/**
 * Takes scans in one transaction, in this thread or in another, and answers in their order.
 * @throws AppError `try_again`
 */
export type TakeScans = (scans: readonly Scan[]) => Promise<readonly ScanOutcome[]>;

/** Takes scans in the calling thread. */
export function scanTaker(parts: OperationParts, tools: Pick<PresenceTools, 'codes'>): TakeScans {
  return async (scans) => {
    // Each scan carries its own actor; the batch itself is nobody's.
    const operation = operationFor(parts, { ...SYSTEM_ACTOR, channel: 'api' });
    return scanCodes(operation, { codes: await tools.codes() }, scans);
  };
}

/**
 * Makes the desk. Scans that arrive while others are being written share the next transaction; two
 * of one student or under one id never share one, so that the second sees what the first did.
 * @throws AppError `busy`, `try_again`
 */
export function createScanDesk(take: TakeScans): (scan: Scan) => Promise<ScanOutcome> {
  return inBatches({
    run: take,
    keysOf: (scan) => [scan.studentId, scan.opId],
    itemsMax: ITEMS_MAX,
    writers: WRITERS,
    pace: PACE,
    waitingMax: WAITING_MAX,
  });
}
