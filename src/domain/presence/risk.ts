/** The risk score of a scan and what each security level makes of it (presence.md section 7). */
import type { GeofenceVerdict } from './geofence.ts';

export const SECURITY_LEVELS = ['open', 'standard', 'strict'] as const;
export type SecurityLevel = (typeof SECURITY_LEVELS)[number];

/** How much a position weighs: not asked, adds risk, or refuses what lies outside. */
export const GEOFENCE_MODES = ['off', 'warn', 'enforce'] as const;
export type GeofenceMode = (typeof GEOFENCE_MODES)[number];

/** What is known of a scan that passed every hard check. */
export interface RiskSignals {
  readonly geofence: GeofenceVerdict;
  /** The phone says that its position is made by a mock provider or an emulator. */
  readonly mockLocation: boolean;
  /** The key was bound again less than 24 hours ago. */
  readonly keyPending: boolean;
  /** The key was bound to another student within 7 days. */
  readonly keyOfAnother: boolean;
  /** The student has an accepted live mark in another session that overlaps this one. */
  readonly overlappingMark: boolean;
  readonly attestationFailed: boolean;
  readonly textCode: boolean;
  readonly softwareKey: boolean;
  /** Age of the ticket at the scan, milliseconds. */
  readonly ticketAgeMs: number;
  readonly onCampus: boolean;
}

/** A part of a score: which signal, and its points. */
export interface RiskPart {
  readonly signal: RiskSignal;
  readonly points: number;
}

const POINTS = {
  geofence_outside: 40,
  geofence_unknown: 10,
  mock_location: 30,
  key_pending: 30,
  key_of_another: 30,
  overlapping_mark: 40,
  attestation_failed: 20,
  text_code: 15,
  software_key: 10,
  old_ticket: 5,
  other_network: 5,
} as const;
export type RiskSignal = keyof typeof POINTS;

/** Every signal, as reports name them. */
export const RISK_SIGNALS = Object.keys(POINTS) as [RiskSignal, ...RiskSignal[]];

const OLD_TICKET_MS = 60_000;
const SCORE_MAX = 100;

/** The parts of a score, in the order of the table; empty where nothing speaks against the scan. */
export function riskParts(signals: RiskSignals): RiskPart[] {
  const given: [RiskSignal, boolean][] = [
    ['geofence_outside', signals.geofence === 'outside'],
    ['geofence_unknown', signals.geofence === 'unknown'],
    ['mock_location', signals.mockLocation],
    ['key_pending', signals.keyPending],
    ['key_of_another', signals.keyOfAnother],
    ['overlapping_mark', signals.overlappingMark],
    ['attestation_failed', signals.attestationFailed],
    ['text_code', signals.textCode],
    ['software_key', signals.softwareKey],
    ['old_ticket', signals.ticketAgeMs > OLD_TICKET_MS],
    ['other_network', !signals.onCampus],
  ];
  return given.filter(([, holds]) => holds).map(([signal]) => ({ signal, points: POINTS[signal] }));
}

/** The score: the sum of its parts, at most 100. */
export function riskScore(parts: readonly RiskPart[]): number {
  return Math.min(
    SCORE_MAX,
    parts.reduce((sum, { points }) => sum + points, 0),
  );
}

/** What becomes of a scan at a level. */
export type ScanVerdict = 'accepted' | 'accepted_flagged' | 'geofence_outside' | 'risk_rejected';

interface Level {
  /** Scores from here on are flagged; null never. */
  readonly flaggedFrom: number | null;
  /** Scores from here on are refused; null never. */
  readonly refusedFrom: number | null;
  readonly geofence: GeofenceMode;
}

const LEVELS: Readonly<Record<SecurityLevel, Level>> = {
  open: { flaggedFrom: null, refusedFrom: null, geofence: 'off' },
  standard: { flaggedFrom: 30, refusedFrom: null, geofence: 'warn' },
  strict: { flaggedFrom: 20, refusedFrom: 70, geofence: 'enforce' },
};

/** The geofence mode a level brings where a room or course does not set one. */
export function geofenceModeOf(level: SecurityLevel): GeofenceMode {
  return LEVELS[level].geofence;
}

/**
 * The verdict at a level. Where positions are enforced, `outside` is refused whatever the score and
 * `unknown` is flagged, never refused.
 */
export function verdictAt(
  level: SecurityLevel,
  mode: GeofenceMode,
  score: number,
  geofence: GeofenceVerdict,
): ScanVerdict {
  const { flaggedFrom, refusedFrom } = LEVELS[level];
  if (mode === 'enforce' && geofence === 'outside') return 'geofence_outside';
  if (refusedFrom !== null && score >= refusedFrom) return 'risk_rejected';
  const isDoubtful = mode === 'enforce' && geofence === 'unknown';
  const isFlagged = isDoubtful || (flaggedFrom !== null && score >= flaggedFrom);
  return isFlagged ? 'accepted_flagged' : 'accepted';
}
