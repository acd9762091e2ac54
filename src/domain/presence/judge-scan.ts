/** The checks of a scan in their order; the first that fails decides the code (presence.md section 5). */
import { stateRefusal, type ClassWindow } from '../attendance/admission.ts';
import { RANK } from '../attendance/ranks.ts';
import type { Refusal } from '../attendance/results.ts';
import type { ErrorCode } from '../errors.ts';
import type { Id, SessionPolicy, SessionStatus } from '../types.ts';
import type { GeofenceResult } from './geofence.ts';
import {
  geofenceModeOf,
  riskParts,
  riskScore,
  verdictAt,
  type GeofenceMode,
  type RiskPart,
  type RiskSignals,
} from './risk.ts';
import {
  staticStepState,
  stepState,
  TEXT_CODE_RULE,
  textCodeShown,
  type StepState,
} from './steps.ts';

/** How a session shows its codes. */
export interface DisplayFacts {
  readonly mode: 'rotating' | 'static';
  readonly staticStepMinutes: number;
  readonly staticExpiryMinutes: number;
  readonly textCode: boolean;
  /** Since when the screen asks for the exit scan; null before it starts. */
  readonly exitStartedMs: number | null;
  /** The re-check of the class, once it has begun: while it lasts the screen asks for nothing else. */
  readonly recheck: { readonly startedMs: number; readonly endedMs: number } | null;
}

/** A ticket as it is stored, against this scan. */
export interface TicketFacts {
  /** It was given to this student, for this key and session. */
  readonly fits: boolean;
  readonly used: boolean;
  readonly attempts: number;
  readonly issuedMs: number;
  readonly expiresMs: number;
}

/** The code of a scan after decoding. */
export type CodeFacts =
  | { readonly kind: 'malformed' }
  | { readonly kind: 'invalid' }
  | {
      readonly kind: 'token';
      readonly step: number;
      readonly recheck: boolean;
      readonly isStatic: boolean;
      readonly exit: boolean;
    }
  /** `step` is the live step whose digits these are; null where they are of none. */
  | { readonly kind: 'text'; readonly step: number | null };

/** Whose the key of the proof is. */
export type KeyFacts =
  | { readonly state: 'own'; readonly isPending: boolean }
  | { readonly state: 'unproven' | 'unbound' | 'revoked' | 'of_another' };

/** Everything a scan is judged by; what could not be found out is null. */
export interface ScanFacts {
  readonly session:
    | (ClassWindow & { readonly status: SessionStatus; readonly policy: SessionPolicy })
    | null;
  readonly isOnRoster: boolean;
  readonly hasTicket: boolean;
  readonly key: KeyFacts;
  readonly ticket: TicketFacts | null;
  readonly code: CodeFacts;
  readonly display: DisplayFacts | null;
  /** The student the key marked in this session already, or null. */
  readonly claimedBy: Id | null;
  readonly studentId: Id;
  readonly nowMs: number;
  readonly position: GeofenceResult;
  readonly signals: Omit<RiskSignals, 'geofence' | 'textCode' | 'keyPending' | 'ticketAgeMs'>;
}

/** A refused scan. */
export interface ScanRefusal extends Refusal<ErrorCode> {
  /** The code itself was wrong: it counts against the ticket. */
  readonly countsAsAttempt: boolean;
}

/** An accepted scan. */
export interface AcceptedScan {
  readonly verdict: 'accepted' | 'accepted_flagged';
  readonly rank: number;
  readonly step: number;
  readonly via: 'qr' | 'static_qr' | 'text_code';
  readonly purpose: 'entry' | 'recheck' | 'exit';
  readonly position: GeofenceResult;
  readonly geofenceMode: GeofenceMode;
  readonly risk: { readonly score: number; readonly parts: readonly RiskPart[] };
}

/** Tries a ticket survives. */
export const ATTEMPTS_MAX = 5;

/** Judges a scan: refused with the code of the first failed check, or accepted with its grade. */
export function judgeScan(facts: ScanFacts): ScanRefusal | AcceptedScan {
  const { session } = facts;
  if (!session) return refuse('session_not_found', 'This class was not found.');
  const refusal = refusePerson(facts) ?? refuseTicket(facts) ?? refuseUnreadable(facts.code);
  if (refusal) return refusal;
  const closed = stateRefusal(session.status, RANK.qr, session);
  if (closed) return { ...closed, countsAsAttempt: false };
  const wrongCode = refuseCode(facts, session.policy);
  if (wrongCode) return wrongCode;
  if (facts.claimedBy !== null && facts.claimedBy !== facts.studentId) return deviceAlreadyUsed();
  return gradeScan(facts, session.policy);
}

/** The refusal of a phone that marked somebody else in this class. */
export function deviceAlreadyUsed(): ScanRefusal {
  return refuse(
    'device_already_used',
    'This phone has already marked someone in this class. Ask your teacher.',
  );
}

function refuse(code: ErrorCode, detail: string, countsAsAttempt = false): ScanRefusal {
  return { code, detail, countsAsAttempt };
}

function refusePerson({ isOnRoster, hasTicket, key }: ScanFacts): ScanRefusal | null {
  if (!isOnRoster) {
    return refuse(
      'not_on_roster',
      'You are not on the list of this class. Ask your teacher or the office.',
    );
  }
  // Without a ticket there is nothing a proof could be about.
  if (!hasTicket) return refuse('ticket_missing', 'Open the scanner again.');
  switch (key.state) {
    case 'own':
      return null;
    case 'unproven':
      return refuse('proof_invalid', 'The app could not prove this phone. Restart the app.');
    case 'unbound':
      return refuse('device_unbound', UNREGISTERED);
    case 'revoked':
      return refuse('device_revoked', UNREGISTERED);
    case 'of_another':
      return refuse('device_bound_to_other', UNREGISTERED);
    default:
      return key satisfies never;
  }
}

const UNREGISTERED =
  'This phone is not registered for you. Register it or ask your teacher to mark you.';

function refuseTicket({ ticket, nowMs }: ScanFacts): ScanRefusal | null {
  if (!ticket?.fits) return refuse('ticket_mismatch', 'Open the scanner again.');
  if (ticket.used) return refuse('ticket_used', 'This scan was already sent. Check your record.');
  if (ticket.attempts >= ATTEMPTS_MAX) {
    return refuse('too_many_attempts', 'Too many tries. Wait a moment, then scan again.');
  }
  if (nowMs >= ticket.expiresMs) {
    return refuse('ticket_expired', 'The scanner was open too long. Scan again.');
  }
  return null;
}

function refuseUnreadable({ kind }: CodeFacts): ScanRefusal | null {
  if (kind === 'malformed') return refuse('code_malformed', 'This is not a class code.', true);
  return kind === 'invalid' ? codeInvalid() : null;
}

const codeInvalid = (): ScanRefusal =>
  refuse('code_invalid', 'This code belongs to another class or is damaged.', true);

function refuseCode(
  { code, display, nowMs }: ScanFacts,
  policy: SessionPolicy,
): ScanRefusal | null {
  if (code.kind === 'text') {
    if (!display?.textCode) {
      return refuse('text_code_disabled', 'This class takes no text codes; scan the picture.');
    }
    return code.step === null ? codeExpired() : null;
  }
  if (code.kind !== 'token') return null;
  if (!display) return refuse('qr_disabled', 'This class does not use this kind of code.');
  const isFitting =
    code.isStatic === (display.mode === 'static') && (!code.exit || display.exitStartedMs !== null);
  if (!isFitting) return codeInvalid();
  const state = tokenState(code.step, display, policy, nowMs);
  if (state === 'live') return null;
  return state === 'expired'
    ? codeExpired()
    : refuse('code_future', 'The code is not valid yet. Scan again.', true);
}

const codeExpired = (): ScanRefusal =>
  refuse('code_expired', 'The code has changed. Scan the one on screen now.', true);

function tokenState(
  step: number,
  display: DisplayFacts,
  policy: SessionPolicy,
  nowMs: number,
): StepState {
  if (display.mode === 'rotating') return stepState(stepRuleOf(policy), step, nowMs);
  const { staticStepMinutes: intervalMinutes, staticExpiryMinutes: expiryMinutes } = display;
  return staticStepState({ intervalMinutes, expiryMinutes }, step, nowMs);
}

/** How the rotating codes of a session turn. */
export function stepRuleOf({
  qrStepSeconds,
  qrPreviousSteps,
}: Pick<SessionPolicy, 'qrStepSeconds' | 'qrPreviousSteps'>) {
  return { seconds: qrStepSeconds, previous: qrPreviousSteps };
}

/** The live step of the short text code whose digits were given, or null. */
export function textCodeStep(
  nowMs: number,
  digitsOf: (step: number) => string,
  given: string,
): number | null {
  const current = Math.floor(nowMs / (TEXT_CODE_RULE.seconds * 1_000));
  const steps = Array.from({ length: TEXT_CODE_RULE.previous + 1 }, (_, back) => current - back);
  return steps.find((step) => digitsOf(step) === given) ?? null;
}

/** The mode a session's positions are weighed by. */
export function geofenceModeFor({
  geofenceMode,
  presenceLevel,
}: Pick<SessionPolicy, 'geofenceMode' | 'presenceLevel'>): GeofenceMode {
  return geofenceMode === 'level' ? geofenceModeOf(presenceLevel) : geofenceMode;
}

function gradeScan(facts: ScanFacts, policy: SessionPolicy): ScanRefusal | AcceptedScan {
  const { code, key, ticket, signals, nowMs } = facts;
  if (code.kind === 'malformed' || code.kind === 'invalid' || code.step === null) {
    return codeInvalid();
  }
  const mode = geofenceModeFor(policy);
  const position: GeofenceResult =
    mode === 'off' ? { verdict: 'off', reason: null, distanceM: null } : facts.position;
  const parts = riskParts({
    ...signals,
    geofence: position.verdict,
    textCode: code.kind === 'text',
    keyPending: key.state === 'own' && key.isPending,
    ticketAgeMs: ticket ? nowMs - ticket.issuedMs : 0,
  });
  const score = riskScore(parts);
  const verdict = verdictAt(policy.presenceLevel, mode, score, position.verdict);
  if (verdict === 'geofence_outside') {
    return refuse(verdict, 'You appear to be outside the room. Ask your teacher to mark you.');
  }
  if (verdict === 'risk_rejected') {
    return refuse(verdict, 'This scan could not be accepted. Ask your teacher to mark you.');
  }
  const isStatic = code.kind === 'token' && code.isStatic;
  const isWeak = isStatic || verdict === 'accepted_flagged';
  return {
    verdict: isWeak ? 'accepted_flagged' : 'accepted',
    rank: isWeak ? RANK.weak : RANK.qr,
    step: code.step,
    via: code.kind === 'text' ? 'text_code' : isStatic ? 'static_qr' : 'qr',
    purpose: purposeOf(code, facts.display),
    position,
    geofenceMode: mode,
    risk: { score, parts },
  };
}

/**
 * Digits carry no flag: what the screen asked for when they were on it decides, not what it asks for
 * when they arrive. They prove leaving only where they came up with the exit scan or after it, so
 * that whoever was too slow for it, or taps twice, has said no more than that they are here.
 */
function purposeOf(
  code: Extract<CodeFacts, { kind: 'token' | 'text' }>,
  display: DisplayFacts | null,
): AcceptedScan['purpose'] {
  if (code.kind === 'text') return code.step === null ? 'entry' : purposeShown(code.step, display);
  if (code.exit) return 'exit';
  return code.recheck ? 'recheck' : 'entry';
}

function purposeShown(step: number, display: DisplayFacts | null): AcceptedScan['purpose'] {
  const { recheck = null, exitStartedMs = null } = display ?? {};
  const { fromMs, untilMs } = textCodeShown(step);
  if (recheck && fromMs < recheck.endedMs && untilMs > recheck.startedMs) return 'recheck';
  const beganMs = step * TEXT_CODE_RULE.seconds * 1_000;
  return exitStartedMs !== null && beganMs >= exitStartedMs ? 'exit' : 'entry';
}

/** Whether a judgement is a refusal. */
export function isRefused(judged: ScanRefusal | AcceptedScan): judged is ScanRefusal {
  return 'countsAsAttempt' in judged;
}
