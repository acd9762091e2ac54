import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  geofenceModeOf,
  riskParts,
  riskScore,
  SECURITY_LEVELS,
  verdictAt,
  type RiskSignals,
  type SecurityLevel,
} from './risk.ts';

const calm: RiskSignals = {
  geofence: 'inside',
  mockLocation: false,
  keyPending: false,
  keyOfAnother: false,
  overlappingMark: false,
  attestationFailed: false,
  textCode: false,
  softwareKey: false,
  ticketAgeMs: 0,
  onCampus: true,
};

const judged = (level: SecurityLevel, signals: RiskSignals) =>
  verdictAt(level, geofenceModeOf(level), riskScore(riskParts(signals)), signals.geofence);

test.each([
  ['inside, campus network, hardware key', {}, 0, 'accepted', 'accepted'],
  [
    'location unknown, mobile data, software key',
    { geofence: 'unknown', onCampus: false, softwareKey: true },
    25,
    'accepted',
    'accepted_flagged',
  ],
  [
    'text code, location unknown',
    { textCode: true, geofence: 'unknown' },
    25,
    'accepted',
    'accepted_flagged',
  ],
  ['re-bound key, inside', { keyPending: true }, 30, 'accepted_flagged', 'accepted_flagged'],
  ['outside', { geofence: 'outside' }, 40, 'accepted_flagged', 'geofence_outside'],
  [
    'location unknown, mock flag, overlapping mark',
    { geofence: 'unknown', mockLocation: true, overlappingMark: true },
    80,
    'accepted_flagged',
    'risk_rejected',
  ],
] as const)('presence.md section 7: %s', (_name, signals, score, standard, strict) => {
  const given: RiskSignals = { ...calm, ...signals };
  expect(riskScore(riskParts(given))).toBe(score);
  expect(judged('standard', given)).toBe(standard);
  expect(judged('strict', given)).toBe(strict);
  expect(judged('open', { ...given, geofence: 'off' })).toBe('accepted');
});

test.each([
  ['geofence_outside', { geofence: 'outside' }, 40],
  ['geofence_unknown', { geofence: 'unknown' }, 10],
  ['mock_location', { mockLocation: true }, 30],
  ['key_pending', { keyPending: true }, 30],
  ['key_of_another', { keyOfAnother: true }, 30],
  ['overlapping_mark', { overlappingMark: true }, 40],
  ['attestation_failed', { attestationFailed: true }, 20],
  ['text_code', { textCode: true }, 15],
  ['software_key', { softwareKey: true }, 10],
  ['old_ticket', { ticketAgeMs: 60_001 }, 5],
  ['other_network', { onCampus: false }, 5],
] as const)('%s alone has its points', (signal, signals, points) => {
  expect(riskParts({ ...calm, ...signals })).toEqual([{ signal, points }]);
});

test('a ticket of exactly 60 s is not old, and a position that is off adds nothing', () => {
  expect(riskParts({ ...calm, ticketAgeMs: 60_000, geofence: 'off' })).toEqual([]);
});

test('enforcing positions flags an unknown one at any level, even where the score is low', () => {
  expect(verdictAt('open', 'enforce', 10, 'unknown')).toBe('accepted_flagged');
  expect(verdictAt('standard', 'enforce', 40, 'outside')).toBe('geofence_outside');
});

const anySignals = fc.record({
  geofence: fc.constantFrom(
    'inside' as const,
    'outside' as const,
    'unknown' as const,
    'off' as const,
  ),
  mockLocation: fc.boolean(),
  keyPending: fc.boolean(),
  keyOfAnother: fc.boolean(),
  overlappingMark: fc.boolean(),
  attestationFailed: fc.boolean(),
  textCode: fc.boolean(),
  softwareKey: fc.boolean(),
  ticketAgeMs: fc.integer({ min: 0, max: 90_000 }),
  onCampus: fc.boolean(),
});

test('the score stays within 100, and below the strict level nothing is refused but by its fence', () => {
  fc.assert(
    fc.property(anySignals, fc.constantFrom(...SECURITY_LEVELS), (signals, level) => {
      const score = riskScore(riskParts(signals));
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(100);
      const verdict = verdictAt(level, geofenceModeOf(level), score, signals.geofence);
      if (level !== 'strict') expect(verdict).toMatch(/^accepted/);
      if (level === 'open') expect(verdict).toBe('accepted');
    }),
  );
});
