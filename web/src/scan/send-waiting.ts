/** Sends the scans of one student that wait, one after the other, as long as that student is signed in. */
import type { ApiClient } from '../api/client.ts';
import { NotSignedIn } from '../auth/sign-in-of.ts';
import type { SavedScans } from './saved-scans.ts';
import { ifNobodySends } from './scan-locks.ts';
import { sendSavedScan, type SavedOutcome } from './send-saved-scan.ts';

/** What sending needs. */
export interface SendWaitingParts {
  /** Sends under the sign-in of the student alone. */
  readonly api: ApiClient;
  readonly scans: Pick<SavedScans, 'state' | 'find' | 'setTicket' | 'settle'>;
  readonly student: string;
  /** Whether the student is signed in at this moment. */
  readonly isHere: () => boolean;
  /** Aborted where nothing further is to be sent; what is under way comes to its end. */
  readonly signal: AbortSignal;
  /** Hears what became of those that were answered, also where a later one failed. */
  readonly tell: (outcomes: readonly SavedOutcome[]) => void;
}

/**
 * Sends each scan that waits and that no other page is sending.
 * @throws what the API client throws, and `NotSignedIn`; the scan then stays as it is
 */
export async function sendWaiting(parts: SendWaitingParts): Promise<void> {
  const { scans, student, signal, tell } = parts;
  const outcomes: SavedOutcome[] = [];
  const sendOne = async (id: string): Promise<void> => {
    const outcome = await sendAndSettle(parts, id);
    if (outcome !== null) outcomes.push(outcome);
  };
  try {
    for (const { op_id: id, student: whose } of scans.state().waiting) {
      if (signal.aborted) return;
      // One after the other: the first that finds no network spares the others the wait.
      if (whose === student) await ifNobodySends(id, () => sendOne(id));
    }
  } finally {
    if (outcomes.length > 0) tell(outcomes);
  }
}

async function sendAndSettle(
  { api, scans, isHere }: SendWaitingParts,
  id: string,
): Promise<SavedOutcome | null> {
  const scan = scans.find(id);
  // Another page had it answered meanwhile.
  if (!scan) return null;
  /** An answer that comes after the student left changes nothing: a repeat brings it again. */
  const staysHere = (): void => {
    if (!isHere()) throw new NotSignedIn();
  };
  const forgetTicket = (): void => {
    staysHere();
    scans.setTicket(id, null);
  };
  staysHere();
  const outcome = await sendSavedScan({ api, forgetTicket }, scan);
  staysHere();
  if (outcome.kind === 'again') return null;
  scans.settle(id, outcome.kind === 'refused' ? outcome.refusal : undefined);
  return outcome;
}
