/** Sends the scans of one student that wait, one after the other, as long as that student is signed in. */
import type { ApiClient } from '../api/client.ts';
import { NotSignedIn } from '../auth/sign-in-of.ts';
import { ApiProblem } from '../api/problem.ts';
import type { SavedScan, SavedScans } from './saved-scans.ts';
import { ifNobodySends } from './scan-locks.ts';
import { sendSavedScan, type SavedOutcome } from './send-saved-scan.ts';

/** What sending needs. */
export interface SendWaitingParts {
  /** Sends under the sign-in of the student alone. */
  readonly api: ApiClient;
  readonly scans: Pick<SavedScans, 'state' | 'find' | 'setTicket' | 'settle' | 'hold'>;
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
 * @throws what the API client throws, and `NotSignedIn`; the scan then stays as it is. Where the
 *   server takes nothing from this browser, all of them are held: it would say so each time, and
 *   write each attempt with the phone of another person into its audit log.
 */
export async function sendWaiting(parts: SendWaitingParts): Promise<void> {
  const { scans, student, isHere, signal, tell } = parts;
  const outcomes: SavedOutcome[] = [];
  const sendOne = async (id: string): Promise<void> => {
    const outcome = await sendAndSettle(parts, id);
    if (outcome !== null) outcomes.push(outcome);
  };
  try {
    for (const { op_id: id } of readyScans(scans.state().waiting, student)) {
      if (signal.aborted) return;
      // One after the other: the first that finds no network spares the others the wait.
      await ifNobodySends(id, () => sendOne(id));
    }
  } catch (error) {
    if (isOfDevice(error) && isHere()) scans.hold(student, error);
    throw error;
  } finally {
    if (outcomes.length > 0) tell(outcomes);
  }
}

/** Those of a student that are to be sent without being asked for. */
export const readyScans = (waiting: readonly SavedScan[], student: string): SavedScan[] =>
  waiting.filter((scan) => scan.student === student && !scan.held);

const isOfDevice = (error: unknown): error is ApiProblem =>
  error instanceof ApiProblem && error.code.startsWith('device_');

async function sendAndSettle(
  { api, scans, isHere }: SendWaitingParts,
  id: string,
): Promise<SavedOutcome | null> {
  const scan = scans.find(id);
  // Another page had it answered, or was refused as a whole, meanwhile.
  if (!scan || scan.held) return null;
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
