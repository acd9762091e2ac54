/**
 * Sends a scan that was kept, so that it counts once however its first sending ended.
 *
 * The scanner keeps a scan before it sends it, under the id of that claim, and forgets it after the
 * answer. A page may end, or an answer get lost, between the server's commit and the forgetting. The
 * kept scan must not then be sent as one made offline: that is a second claim, of low rank, waits for
 * the teacher and counts in the share of offline scans that the integrity report watches. Under the
 * same id it would even be a security event (`op_id_reused`), since its payload is another.
 * So a scan that may have arrived is first sent again as it was, under its id: the server answers a
 * repeat from what it stored (R0), before it looks at ticket and code. Only when it refuses that does
 * it not have the scan, and, code and ticket being too old by now, will never take it in that form;
 * only then is it sent as one made offline.
 */
import type { ApiClient } from '../api/client.ts';
import { sendScan } from '../api/presence.ts';
import { ApiProblem } from '../api/problem.ts';
import type { MarkResult } from '../api/types.ts';
import { refusedOf } from '../shared/refusal-words.ts';
import { readClocks, steadyTime } from './capture-clock.ts';
import type { SavedScan } from './saved-scans.ts';
import { refusalOf, type ScanRefusal } from './scan-refusal.ts';

/** What became of a saved scan: taken, waiting for a person, refused for good, or to be sent again. */
export type SavedOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'review'; readonly detail: string | null }
  | { readonly kind: 'refused'; readonly refusal: ScanRefusal }
  | { readonly kind: 'again' };

/** What the server answers to a request it cannot read, whoever sends it. */
const UNREADABLE: readonly number[] = [400, 413, 422];

/** Whoever is signed in, it is not the student of the scan: that says nothing of the scan. */
const NOT_THEIRS = 'student_not_accepted';

/** What a scan needs on its way. */
export interface SendSavedParts {
  readonly api: ApiClient;
  /** The first sending is answered: the scan is not stored, and its ticket of no more use. */
  readonly forgetTicket: () => void;
}

/**
 * Sends it.
 * @throws what the API client throws, when nothing is known of the scan and it stays kept; so it does
 *   when the server finds that it is not of the person signed in (`student_not_accepted`)
 */
export async function sendSavedScan(
  { api, forgetTicket }: SendSavedParts,
  scan: SavedScan,
): Promise<SavedOutcome> {
  const repeated = scan.ticket === undefined ? null : await repeatScan(api, scan, scan.ticket);
  if (repeated) return outcomeOf(repeated);
  if (scan.ticket !== undefined) forgetTicket();
  try {
    return outcomeOf(await sendAsOffline(api, scan));
  } catch (error) {
    // It travels alone: what is wrong with the request is wrong with it, and would be for ever.
    if (!(error instanceof ApiProblem) || !UNREADABLE.includes(error.status)) throw error;
    return { kind: 'refused', refusal: refusalOf(error) };
  }
}

/** Whether an answer leaves open what became of a scan: none came, or one that says "not now". */
export function isUndecided(error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return true;
  return error.status >= 500 || error.code === 'unauthenticated';
}

/** The first sending again; null where the server has not stored it and refuses it now. */
async function repeatScan(
  api: ApiClient,
  { op_id: id, session, qr_code: token }: SavedScan,
  ticket: string,
): Promise<MarkResult | null> {
  try {
    // Where the phone is now says nothing of where it scanned, and where it was is not kept.
    return await sendScan(api, { session, ticket, qr_token: token }, id);
  } catch (error) {
    const isTooMany = error instanceof ApiProblem && error.code === 'rate_limited';
    if (isUndecided(error) || isTooMany || isOfAnother(error)) throw error;
    return null;
  }
}

/** Whether the server takes a scan for that of another person than who is signed in. */
export const isOfAnother = (error: unknown): boolean =>
  error instanceof ApiProblem && error.code === NOT_THEIRS;

async function sendAsOffline(api: ApiClient, scan: SavedScan): Promise<MarkResult | undefined> {
  const now = readClocks();
  const { op_id, session, student, captured_at, qr_code } = scan;
  const { results } = await api.request<{ readonly results: readonly MarkResult[] }>({
    method: 'POST',
    path: '/api/v1/attendance/sync/',
    body: {
      client_id: 'dashboard',
      sent_at: new Date(now.wallMs).toISOString(),
      sent_mono_ms: now.monoMs,
      boot_id: now.bootId,
      ops: [
        {
          op_id,
          session,
          student,
          captured_at,
          ...steadyTime(scan, now),
          kind: 'mark',
          mark: 'present',
          base_op_id: null,
          acks: [],
          evidence: { qr_code },
        },
      ],
    },
    deviceProof: {},
  });
  return results[0];
}

/** A repeat tells what the first time told. */
function outcomeOf(answered: MarkResult | undefined): SavedOutcome {
  if (!answered) return { kind: 'again' };
  const result = answered.original ?? answered;
  switch (result.status) {
    case 'retry':
      return { kind: 'again' };
    case 'rejected':
      if (result.code === NOT_THEIRS) throw new ApiProblem(403, result);
      return { kind: 'refused', refusal: refusalOf(refusedOf(result)) };
    case 'needs_review':
      return { kind: 'review', detail: result.detail };
    case 'applied':
    case 'superseded':
    case 'conflict_resolved':
    case 'duplicate':
      return { kind: 'taken' };
    default:
      return result.status satisfies never;
  }
}
