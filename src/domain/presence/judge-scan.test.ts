import { describe, expect, test } from '@jest/globals';
import { DEFAULT_SESSION_POLICY } from '../settings.ts';
import type { SessionPolicy } from '../types.ts';
import {
  geofenceModeFor,
  isRefused,
  judgeScan,
  textCodeStep,
  type ScanFacts,
  type TicketFacts,
} from './judge-scan.ts';

const NOW = Date.parse('2026-08-14T04:32:07Z');
const STEP = 178_668_192;

const ticket: TicketFacts = {
  fits: true,
  used: false,
  attempts: 0,
  issuedMs: NOW - 5_000,
  expiresMs: NOW + 85_000,
};
const display = {
  mode: 'rotating',
  staticStepMinutes: 5,
  staticExpiryMinutes: 60,
  textCode: false,
  exitStartedMs: null,
  recheck: null,
} as const;
const token = {
  kind: 'token',
  step: STEP,
  recheck: false,
  isStatic: false,
  exit: false,
} as const;
const session = {
  status: 'open',
  opensAt: '2026-08-14T04:25:00.000Z',
  closesAt: '2026-08-14T05:30:00.000Z',
  lockDueAt: null,
  policy: DEFAULT_SESSION_POLICY,
} as const;

const good: ScanFacts = {
  session,
  isOnRoster: true,
  hasTicket: true,
  key: { state: 'own', isPending: false },
  ticket,
  code: token,
  display,
  claimedBy: null,
  studentId: 'asha',
  nowMs: NOW,
  position: { verdict: 'inside', reason: null, distanceM: 12 },
  signals: {
    mockLocation: false,
    keyOfAnother: false,
    overlappingMark: false,
    attestationFailed: false,
    softwareKey: false,
    onCampus: true,
  },
};

const strict: SessionPolicy = { ...DEFAULT_SESSION_POLICY, presenceLevel: 'strict' };
const outside = { verdict: 'outside', reason: null, distanceM: 400 } as const;

/** Every check with facts that fail it alone, in the order of presence.md section 5. */
const failures: readonly [string, Partial<ScanFacts>][] = [
  ['session_not_found', { session: null }],
  ['not_on_roster', { isOnRoster: false }],
  ['ticket_missing', { hasTicket: false }],
  ['proof_invalid', { key: { state: 'unproven' } }],
  ['ticket_mismatch', { ticket: { ...ticket, fits: false } }],
  ['code_malformed', { code: { kind: 'malformed' } }],
  ['session_closed', { session: { ...session, status: 'closed' } }],
  ['code_expired', { nowMs: NOW + 13_000 }],
  ['device_already_used', { claimedBy: 'binu' }],
  ['geofence_outside', { session: { ...session, policy: strict }, position: outside }],
];

const codeOf = (facts: Partial<ScanFacts>): string => {
  const judged = judgeScan({ ...good, ...facts });
  return isRefused(judged) ? judged.code : judged.verdict;
};

describe('the order of checks', () => {
  test.each(failures)('%s', (code, facts) => {
    expect(codeOf(facts)).toBe(code);
  });

  test('of two failures the earlier check decides', () => {
    failures.forEach(([code, facts], index) => {
      for (const [, later] of failures.slice(index + 1)) {
        // Facts about the session are one value, so two failures of it cannot stand together.
        if ('session' in facts && 'session' in later) continue;
        expect(codeOf({ ...later, ...facts })).toBe(code);
      }
    });
  });

  test.each([
    ['device_unbound', { key: { state: 'unbound' } }],
    ['device_revoked', { key: { state: 'revoked' } }],
    ['device_bound_to_other', { key: { state: 'of_another' } }],
    ['ticket_mismatch', { ticket: null }],
    ['ticket_used', { ticket: { ...ticket, used: true } }],
    ['too_many_attempts', { ticket: { ...ticket, attempts: 5 } }],
    ['ticket_expired', { ticket: { ...ticket, expiresMs: NOW } }],
    ['code_invalid', { code: { kind: 'invalid' } }],
    ['code_invalid', { code: { ...token, isStatic: true } }],
    ['code_invalid', { code: { ...token, exit: true } }],
    ['code_future', { code: { ...token, step: STEP + 1 } }],
    ['qr_disabled', { display: null }],
    ['text_code_disabled', { code: { kind: 'text', step: STEP } }],
    ['session_not_open', { session: { ...session, status: 'scheduled' } }],
    ['session_locked', { session: { ...session, status: 'locked' } }],
    ['session_cancelled', { session: { ...session, status: 'cancelled' } }],
    [
      'risk_rejected',
      {
        session: { ...session, policy: strict },
        position: { verdict: 'unknown', reason: 'missing', distanceM: null },
        signals: { ...good.signals, mockLocation: true, overlappingMark: true },
      },
    ],
  ] as const)('%s', (code, facts) => {
    expect(codeOf(facts as Partial<ScanFacts>)).toBe(code);
  });

  test('only a wrong code counts against the ticket', () => {
    const counted = failures.filter(([, facts]) => {
      const judged = judgeScan({ ...good, ...facts });
      return isRefused(judged) && judged.countsAsAttempt;
    });
    expect(counted.map(([code]) => code)).toEqual(['code_malformed', 'code_expired']);
  });
});

describe('an accepted scan', () => {
  test('is of rank 50, and of rank 40 when flagged', () => {
    expect(judgeScan(good)).toMatchObject({ verdict: 'accepted', rank: 50, purpose: 'entry' });
    expect(judgeScan({ ...good, key: { state: 'own', isPending: true } })).toMatchObject({
      verdict: 'accepted_flagged',
      rank: 40,
      risk: { score: 30, parts: [{ signal: 'key_pending', points: 30 }] },
    });
  });

  test('of a static code is never better than flagged', () => {
    const judged = judgeScan({
      ...good,
      code: { ...token, isStatic: true, step: Math.floor(NOW / 300_000) },
      display: { ...display, mode: 'static' },
    });
    expect(judged).toMatchObject({ verdict: 'accepted_flagged', rank: 40, via: 'static_qr' });
  });

  test('of a text code weighs 15 points', () => {
    const judged = judgeScan({
      ...good,
      code: { kind: 'text', step: 1 },
      display: { ...display, textCode: true },
    });
    expect(judged).toMatchObject({ via: 'text_code', risk: { score: 15 } });
    expect(
      codeOf({ code: { kind: 'text', step: null }, display: { ...display, textCode: true } }),
    ).toBe('code_expired');
  });

  test('knows what its code was good for', () => {
    expect(judgeScan({ ...good, code: { ...token, recheck: true } })).toMatchObject({
      purpose: 'recheck',
    });
    expect(
      judgeScan({
        ...good,
        code: { ...token, exit: true },
        display: { ...display, exitStartedMs: NOW - 60_000 },
      }),
    ).toMatchObject({ purpose: 'exit' });
  });

  describe('of digits was good for what the screen asked for when they were on it', () => {
    const SHOWN_STEP = 119_112_128;
    const beganMs = SHOWN_STEP * 15_000;
    const purpose = (facts: Partial<NonNullable<ScanFacts['display']>>) =>
      judgeScan({
        ...good,
        code: { kind: 'text', step: SHOWN_STEP },
        display: { ...display, textCode: true, ...facts },
      });

    test.each([
      ['entry', 'no exit scan runs', null],
      ['exit', 'it began with the exit scan', beganMs],
      ['exit', 'the exit scan ran before', beganMs - 60_000],
      ['entry', 'the exit scan began a moment after', beganMs + 1],
      ['entry', 'the exit scan began after it', beganMs + 20_000],
    ])('%s where %s', (expected, _, exitStartedMs) => {
      expect(purpose({ exitStartedMs })).toMatchObject({ purpose: expected });
    });

    test.each([
      ['recheck', 'runs', beganMs - 10_000, beganMs + 170_000],
      ['recheck', 'begins before they leave the screen', beganMs + 15_999, beganMs + 195_999],
      ['exit', 'begins when they left it', beganMs + 16_000, beganMs + 196_000],
      ['recheck', 'ends after they came up', beganMs - 178_999, beganMs + 1_001],
      ['exit', 'ended before they came up', beganMs - 179_000, beganMs + 1_000],
    ])('%s during an exit scan where a re-check %s', (expected, _, startedMs, endedMs) => {
      const shown = purpose({
        exitStartedMs: beganMs - 300_000,
        recheck: { startedMs, endedMs },
      });
      expect(shown).toMatchObject({ purpose: expected });
    });
  });

  test('does not weigh a position that is not asked for', () => {
    const policy: SessionPolicy = { ...DEFAULT_SESSION_POLICY, geofenceMode: 'off' };
    expect(
      judgeScan({ ...good, session: { ...session, policy }, position: outside }),
    ).toMatchObject({ verdict: 'accepted', position: { verdict: 'off' } });
    expect(geofenceModeFor(strict)).toBe('enforce');
  });

  test('by the same student on the same phone is no collision', () => {
    expect(codeOf({ claimedBy: 'asha' })).toBe('accepted');
  });
});

test('a text code is of the current step or the one before', () => {
  const digits = (step: number): string => `d${step}`;
  expect(textCodeStep(NOW, digits, 'd119112128')).toBe(119_112_128);
  expect(textCodeStep(NOW, digits, 'd119112127')).toBe(119_112_127);
  expect(textCodeStep(NOW, digits, 'd119112126')).toBeNull();
});
