/** Takes the scans of a process: many phones at once share a transaction. */
import { setTimeout as sleep } from 'node:timers/promises';
import { appError } from '../../domain/errors.ts';
import { inBatches } from '../in-batches.ts';
import { operationFor, type OperationParts } from '../operation-for.ts';
import { SYSTEM_ACTOR } from '../ports.ts';
import type { PresenceTools } from './presence-tools.ts';
import type { Scan, ScanOutcome, TakenScan } from './scan.ts';
import { scanCodes } from './scan-codes.ts';

const ITEMS_MAX = 200;
/** While one transaction waits for the disk, the next one is made ready. */
export const SCAN_WRITERS = 2;
/** Batches of fifty at a thousand scans a second. */
const PACE = { ms: 50, items: 100 };
const WAITING_MAX = 5_000;

/** Pauses before scans of a class that something else holds are tried again; three seconds in all. */
const HELD_PAUSES_MS = [50, 150, 400, 800, 1_600];

/**
 * Takes scans in one transaction, in this thread or in another, and answers in their order.
 * @throws AppError `try_again`
 */
export type TakeScans = (scans: readonly Scan[]) => Promise<readonly TakenScan[]>;

/** Takes scans in the calling thread. */
export function scanTaker(parts: OperationParts, tools: Pick<PresenceTools, 'codes'>): TakeScans {
  return async (scans) => {
    // Each scan carries its own actor; the batch itself is nobody's.
    const operation = operationFor(parts, { ...SYSTEM_ACTOR, channel: 'api' });
    const codes = await tools.codes();
    return scanCodes(operation, { codes, onUnkept: warnOfUnkept }, scans);
  };
}

const warnOfUnkept = (error: unknown): void =>
  process.emitWarning(`refused scans could not be kept: ${String(error)}`);

/**
 * Makes the desk. Scans that arrive while others are being written share the next transaction; two
 * of one student or under one id never share one, so that the second sees what the first did.
 * @param heldPausesMs  pauses before scans of a held class are sent again
 * @throws AppError `busy`, `try_again`
 */
export function createScanDesk(
  take: TakeScans,
  heldPausesMs: readonly number[] = HELD_PAUSES_MS,
): (scan: Scan) => Promise<ScanOutcome> {
  const send = inBatches({
    run: take,
    keysOf: (scan) => [scan.studentId, scan.opId],
    itemsMax: ITEMS_MAX,
    writers: SCAN_WRITERS,
    pace: PACE,
    waitingMax: WAITING_MAX,
  });
  return async (scan) => {
    for (const pauseMs of heldPausesMs) {
      const taken = await send(scan);
      if (taken !== 'held') return taken;
      await sleep(pauseMs);
    }
    const taken = await send(scan);
    if (taken !== 'held') return taken;
    throw appError('try_again', 'The class is busy just now; send the scan again.');
  };
}
