/** A scan on its way: what the phone sent, what is known about it, and what became of it. */
import type { ScanAnswers } from '../../db/queries/scan-facts.ts';
import type { Fix } from '../../domain/presence/geofence.ts';
import {
  isRefused,
  type AcceptedScan,
  type ScanRefusal,
} from '../../domain/presence/judge-scan.ts';
import type { Id } from '../../domain/types.ts';
import type { Actor } from '../ports.ts';
import type { OperationResult } from '../records/operation-draft.ts';
import type { StoredTicket } from './spend-tickets.ts';

/** One scan as a phone sends it. */
export interface Scan {
  readonly opId: Id;
  readonly userId: Id;
  readonly actor: Actor;
  readonly studentId: Id;
  readonly sessionId: Id;
  /** SHA-256 of the ticket's secret; null when none was sent. */
  readonly ticketHash: string | null;
  /** Thumbprint of the key whose proof held, null when none did. */
  readonly jkt: string | null;
  readonly code:
    | { readonly kind: 'qr'; readonly token: string }
    | { readonly kind: 'text'; readonly digits: string };
  readonly location: (Fix & { readonly isMock: boolean }) | null;
  /** Keyed hash of the position's six decimals, null without a position. */
  readonly positionHash: string | null;
  /** The client's address, used once and not stored. */
  readonly address: string | null;
}

/** What became of a scan. */
export type ScanOutcome =
  | { readonly refusal: ScanRefusal; readonly result: null }
  | { readonly refusal: null; readonly result: OperationResult };

/** The same, or `held`: the class was held by something else, and nothing happened to the scan. */
export type TakenScan = ScanOutcome | 'held';

/** A scan on its way through the checks. */
export interface Candidate {
  readonly scan: Scan;
  readonly answers: ScanAnswers | null;
  readonly ticket: StoredTicket | null;
  judged: ScanRefusal | AcceptedScan | 'repeated';
}

/** A candidate that passed every check so far. */
export interface AcceptedCandidate {
  readonly candidate: Candidate;
  readonly scan: Scan;
  readonly judged: AcceptedScan;
  readonly ticket: StoredTicket;
  readonly deviceKeyId: Id;
}

/** The candidates that are accepted so far. */
export function acceptedOf(candidates: readonly Candidate[]): AcceptedCandidate[] {
  return candidates.flatMap((candidate) => {
    const { judged, ticket, answers } = candidate;
    if (judged === 'repeated' || isRefused(judged) || !ticket || !answers?.key) return [];
    return [{ candidate, scan: candidate.scan, judged, ticket, deviceKeyId: answers.key.id }];
  });
}
