/**
 * Scans of displayed codes: judged in the order of presence.md section 5 and marked, many at once in
 * one transaction. A refused scan never blocks the others.
 */
import { readScanFacts, type ScanAnswers } from '../../db/queries/scan-facts.ts';
import type { Em } from '../../db/orm.ts';
import { judgePosition, roundedDistance } from '../../domain/presence/geofence.ts';
import {
  isRefused,
  judgeScan,
  textCodeStep,
  type AcceptedScan,
  type CodeFacts,
  type KeyFacts,
  type ScanFacts,
} from '../../domain/presence/judge-scan.ts';
import type { Id } from '../../domain/types.ts';
import type { QrCodes } from '../../security/qr-codes.ts';
import type { Operation } from '../ports.ts';
import { applyToSessions } from '../records/apply-operations.ts';
import { withRetries } from '../records/mark-records.ts';
import type { OperationDraft, OperationResult } from '../records/operation-draft.ts';
import {
  beginMarks,
  type LockedSession,
  lockSessionsForMarks,
  lookAtSessions,
  readClock,
} from '../sessions/session-row.ts';
import { claimDevices } from './claim-devices.ts';
import { keepEvidence, passRechecks } from './keep-evidence.ts';
import { keepRefusals } from './keep-refusals.ts';
import type { Candidate, Scan, ScanOutcome, TakenScan } from './scan.ts';
import {
  countAttempts,
  lockTickets,
  spendTickets,
  ticketFacts,
  type StoredTicket,
} from './spend-tickets.ts';

/** What scans are judged with beside the database. */
export interface ScanTools {
  readonly codes: QrCodes;
  /** The marks are committed, but what was tried beside them could not be kept. */
  readonly onUnkept: (error: unknown) => void;
}

/**
 * Takes the scans in one transaction, committed before this returns.
 * @returns the outcomes in the order of the scans; `held` for those of a class that something else
 *   holds just now, to which nothing happened
 * @throws AppError `try_again`
 */
export async function scanCodes(
  operation: Operation,
  tools: ScanTools,
  scans: readonly Scan[],
): Promise<TakenScan[]> {
  const { candidates, results } = await withRetries(() =>
    operation.em.fork().transactional(async (em) => {
      await beginMarks(em);
      return takeScans({ ...operation, em }, em, tools, scans);
    }),
  );
  // From here on nothing may fail the scans: they would be taken again, and a wrong code count twice.
  await keepRefusals(operation, candidates).catch(tools.onUnkept);
  const outcomes = new Map(
    candidates.map(({ scan, judged }) => [scan, outcomeOf(judged, results.get(scan))]),
  );
  return scans.map((scan) => outcomes.get(scan) ?? 'held');
}

/** The scans after every check, without those left, and the results of those that were marked. */
interface TakenScans {
  readonly candidates: readonly Candidate[];
  readonly results: ReadonlyMap<Scan, OperationResult>;
}

async function takeScans(
  operation: Operation,
  em: Em,
  tools: ScanTools,
  scans: readonly Scan[],
): Promise<TakenScans> {
  const { locked, over } = await lockOpen(em, scans);
  const tickets = await lockTickets(em, scans);
  // Only under the ticket's lock: a repeat that another process is storing must be seen as one.
  const answers = await readScanFacts(em, scans);
  await lockRepeated(em, scans, answers, locked);
  const nowMs = await readClock(em);
  const positions = batchPositions();
  const candidates = scans.flatMap((scan, index): Candidate[] => {
    const known = answers[index] ?? null;
    const isLocked = locked.has(scan.sessionId);
    const session = locked.get(scan.sessionId) ?? over.get(scan.sessionId);
    // The class is there but something else holds it.
    if (known && !session) return [];
    const ticket = tickets.get(scan.ticketHash ?? '') ?? null;
    if (known?.isKnownOp) {
      return isLocked ? [{ scan, answers: known, ticket, judged: 'repeated' }] : [];
    }
    const isRepeatedPosition = known?.isRepeatedPosition === true || positions.hasOther(scan);
    const answer = known && { ...known, isRepeatedPosition };
    const judged = judgeScan(factsOf(tools, scan, answer, session, ticket, nowMs));
    if (!isRefused(judged)) {
      // Only under the lock is anything admitted.
      if (!isLocked) return [];
      positions.add(scan);
    }
    return [{ scan, answers: answer, ticket, judged }];
  });
  await spendTickets(em, candidates);
  await claimDevices(em, candidates);
  await countAttempts(em, candidates);
  await keepEvidence(operation, em, candidates);
  await passRechecks(em, candidates);
  return { candidates, results: await mark(operation, em, locked, candidates) };
}

/**
 * Locks the classes of a batch that are open, and waits for none: one that something else holds must
 * not keep the others (ADR 0023). Those that are not open are only looked at: a scan is refused there
 * without a lock, so that late ones cannot hold back a close (marks.md section 7).
 */
async function lockOpen(em: Em, scans: readonly Scan[]) {
  const ids = [...new Set(scans.map((scan) => scan.sessionId))].sort();
  const seen = await lookAtSessions(em, ids);
  const isOpen = (id: Id): boolean => seen.get(id)?.effectiveStatus === 'open';
  return {
    locked: await lockSessionsForMarks(em, ids.filter(isOpen), { skipsHeld: true }),
    over: new Map([...seen].filter(([id]) => !isOpen(id))),
  };
}

/** What was marked before is answered again when the class is over, under its lock like any mark. */
async function lockRepeated(
  em: Em,
  scans: readonly Scan[],
  answers: readonly (ScanAnswers | null)[],
  locked: Map<Id, LockedSession>,
): Promise<void> {
  const ids = scans.flatMap(({ sessionId }, index) =>
    answers[index]?.isKnownOp && !locked.has(sessionId) ? [sessionId] : [],
  );
  if (ids.length === 0) return;
  const more = await lockSessionsForMarks(em, ids, { skipsHeld: true });
  for (const [id, session] of more) locked.set(id, session);
}

/**
 * The positions of the accepted scans of this batch, which no row tells of yet: two phones of one
 * class never have the same six decimals by themselves (presence.md section 6).
 */
function batchPositions() {
  const studentOf = new Map<string, Id>();
  const placeOf = ({ sessionId, positionHash }: Scan): string => `${sessionId}|${positionHash}`;
  return {
    hasOther(scan: Scan): boolean {
      const student = studentOf.get(placeOf(scan));
      return student !== undefined && student !== scan.studentId;
    },
    add(scan: Scan): void {
      if (scan.positionHash !== null) studentOf.set(placeOf(scan), scan.studentId);
    },
  };
}

function outcomeOf(judged: Candidate['judged'], result: OperationResult | undefined): ScanOutcome {
  if (judged !== 'repeated' && isRefused(judged)) return { refusal: judged, result: null };
  if (!result) throw new Error('an accepted scan gave no result');
  return { refusal: null, result };
}

function factsOf(
  { codes }: ScanTools,
  scan: Scan,
  answers: ScanAnswers | null,
  locked: LockedSession | undefined,
  ticket: StoredTicket | null,
  nowMs: number,
): ScanFacts {
  const { key, network } = answers ?? { key: null, network: 'unknown' };
  return {
    session: locked
      ? {
          status: locked.effectiveStatus,
          opensAt: locked.session.opensAt,
          closesAt: locked.session.closesAt,
          lockDueAt: locked.session.lockDueAt,
          policy: locked.session.policy,
        }
      : null,
    isOnRoster: answers?.isOnRoster ?? false,
    hasTicket: scan.ticketHash !== null,
    key: keyFacts(scan, key, nowMs),
    ticket: ticket && ticketFacts(ticket, scan, key?.id ?? null),
    code: codeFacts(codes, scan, nowMs),
    display: answers?.display ?? null,
    claimedBy: answers?.claimedBy ?? null,
    studentId: scan.studentId,
    nowMs,
    position: judgePosition(answers?.fence ?? null, scan.location, answers?.isRepeatedPosition),
    signals: {
      mockLocation: scan.location?.isMock ?? false,
      keyOfAnother: key?.wasOfAnother ?? false,
      overlappingMark: answers?.hasOverlappingMark ?? false,
      attestationFailed: false,
      softwareKey: key?.isSoftware ?? false,
      onCampus: network !== 'other',
    },
  };
}

function keyFacts({ jkt }: Scan, key: ScanAnswers['key'], nowMs: number): KeyFacts {
  if (jkt === null) return { state: 'unproven' };
  if (!key) return { state: 'unbound' };
  if (key.isOwn) {
    return { state: 'own', isPending: key.pendingUntilMs !== null && nowMs < key.pendingUntilMs };
  }
  if (key.isForeign) return { state: 'of_another' };
  return { state: key.wasOwn ? 'revoked' : 'unbound' };
}

function codeFacts(codes: QrCodes, { code, sessionId }: Scan, nowMs: number): CodeFacts {
  if (code.kind === 'text') {
    const digitsOf = (step: number): string => codes.textCode(sessionId, step);
    return { kind: 'text', step: textCodeStep(nowMs, digitsOf, code.digits) };
  }
  const opened = codes.open(sessionId, code.token);
  return opened.kind === 'opened' ? { kind: 'token', ...opened.content } : opened;
}

/** Marks all classes at once, ascending, as every other writer locks. */
async function mark(
  operation: Operation,
  em: Em,
  sessions: ReadonlyMap<Id, LockedSession>,
  candidates: readonly Candidate[],
): Promise<Map<Scan, OperationResult>> {
  const taken = candidates.filter(({ judged }) => judged === 'repeated' || !isRefused(judged));
  const ofSession = Map.groupBy(taken, ({ scan }) => scan.sessionId);
  const ascending = [...sessions].sort(([a], [b]) => (a < b ? -1 : 1));
  const claims = ascending.flatMap(([sessionId, locked]) => {
    const own = ofSession.get(sessionId);
    return own ? [{ locked, drafts: own.map(toDraft), scans: own.map(({ scan }) => scan) }] : [];
  });
  const stored = await applyToSessions(operation, em, claims);
  const results = claims.flatMap(({ scans }, index) =>
    scans.flatMap((scan, place): [Scan, OperationResult][] => {
      const result = stored[index]?.[place];
      return result ? [[scan, result]] : [];
    }),
  );
  return new Map(results);
}

function toDraft({ scan, judged, answers }: Candidate): OperationDraft {
  const claim = {
    opId: scan.opId,
    actor: scan.actor,
    studentId: scan.studentId,
    mark: 'present',
    source: 'qr',
    claimed: claimedOf(scan),
  } as const;
  // A repeated one is answered from what is stored; its rank is not looked at.
  if (judged === 'repeated' || isRefused(judged)) return { ...claim, rank: 0 };
  const { verdict, distanceM } = judged.position;
  return {
    ...claim,
    rank: judged.rank,
    phase: judged.purpose === 'exit' ? 'exit' : 'entry',
    deviceKeyId: answers?.key?.id ?? null,
    flags: judged.verdict === 'accepted_flagged' ? [flagOf(judged)] : [],
    evidence: {
      via: judged.via,
      step: judged.step,
      risk: judged.risk.score,
      ...(verdict === 'off'
        ? {}
        : { location: { verdict, distance_m: roundedDistance(distanceM) } }),
    },
  };
}

const flagOf = ({ via }: AcceptedScan): string =>
  via === 'static_qr' ? 'static_code' : 'presence_flagged';

/** What the phone claimed, for telling a repeat from a misuse of its id; a fresh ticket is no other claim. */
function claimedOf({ code }: Scan): Record<string, string> {
  return code.kind === 'qr' ? { qr_token: code.token } : { text_code: code.digits };
}
