import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_SESSION_POLICY } from '../settings.ts';
import type { Mark, SessionPolicy } from '../types.ts';
import { markRefusal, stateRefusal } from './admission.ts';
import type { ResolvableOperation } from './operation.ts';
import { wasTaken } from './resolve-session.ts';
import { punctuality, resolve, type Resolution, type ResolutionContext } from './resolver.ts';

const START = Date.UTC(2026, 7, 14, 4, 30);
const minute = (value: number): number => START + value * 60_000;

function context(change: Partial<ResolutionContext> = {}): ResolutionContext {
  return {
    status: 'closed',
    taken: true,
    policy: DEFAULT_SESSION_POLICY,
    lateReferenceMs: START,
    scheduledStartMs: START,
    autoOpId: 'auto',
    ...change,
  };
}

function op(change: Partial<ResolvableOperation> & { opId: string }): ResolvableOperation {
  return {
    studentId: 'student',
    kind: 'mark',
    mark: 'present',
    rank: 80,
    source: 'manual',
    effAtMs: minute(10),
    baseOpId: null,
    acks: [],
    targetOpId: null,
    excuseCategory: null,
    phase: 'entry',
    flags: [],
    outcome: 'admitted',
    deviceKeyId: null,
    ...change,
  };
}

const machine = (opId: string, rank: number, at: number) =>
  op({ opId, rank, effAtMs: minute(at), source: rank >= 55 ? 'biometric' : 'qr' });
const leave = (opId: string) =>
  op({ opId, rank: 70, mark: 'excused', source: 'leave', excuseCategory: 'medical' });
const faculty = (opId: string, mark: Mark, at: number, change: Partial<ResolvableOperation> = {}) =>
  op({ opId, mark, effAtMs: minute(at), ...change });

describe('resolve', () => {
  it.each<[string, ResolvableOperation[], Partial<Resolution> | null]>([
    [
      '1 a teacher overrules a scan',
      [machine('q', 50, 2), faculty('f', 'absent', 20, { baseOpId: 'q' })],
      { mark: 'absent', winnerOpId: 'f' },
    ],
    [
      '3 a late biometric upload beats the automatic absence',
      [machine('b', 60, 3)],
      { mark: 'present', rank: 60, arrivalMs: minute(3) },
    ],
    [
      '7 leave beats a terminal',
      [leave('l'), machine('b', 60, 1)],
      { mark: 'excused', excuseCategory: 'medical' },
    ],
    [
      '8 leave beats an empty seat',
      [faculty('f', 'absent', 10), leave('l')],
      { mark: 'excused', winnerOpId: 'l' },
    ],
    [
      '9 of two blind teachers the later counts',
      [faculty('o', 'present', 10), faculty('s', 'absent', 12)],
      { mark: 'absent', winnerOpId: 's' },
    ],
    [
      '10 a teacher who saw the other wins whatever the clocks say',
      [faculty('p', 'present', 10), faculty('l', 'late', 8, { baseOpId: 'p' })],
      { mark: 'late', winnerOpId: 'l' },
    ],
    [
      '11 the earliest strong machine claim fixes the arrival',
      [machine('q', 50, 2), machine('b', 60, 15)],
      { mark: 'present', winnerOpId: 'b', arrivalMs: minute(2) },
    ],
    [
      '12 a flagged scan does not fix it',
      [machine('q', 40, 2), machine('b', 60, 15)],
      { mark: 'late', arrivalMs: minute(15) },
    ],
    [
      '16 an unconfirmed offline scan stays pending',
      [machine('q', 30, 4)],
      { mark: 'absent', winnerOpId: 'auto' },
    ],
    [
      '20 a teacher who sees the student beats leave',
      [leave('l'), faculty('f', 'present', 30)],
      { mark: 'present', winnerOpId: 'f' },
    ],
    [
      'a withdrawn leave falls back to the automatic absence',
      [leave('l'), op({ opId: 'w', kind: 'withdraw', mark: null, rank: 70, targetOpId: 'l' })],
      { mark: 'absent', winnerOpId: 'auto' },
    ],
    [
      'a human word cannot be withdrawn',
      [
        faculty('f', 'present', 1),
        op({ opId: 'w', kind: 'withdraw', mark: null, rank: 90, targetOpId: 'f' }),
      ],
      { mark: 'present', winnerOpId: 'f' },
    ],
    [
      'nothing counts but the automatic absence',
      [],
      { mark: 'absent', rank: 10, source: 'system' },
    ],
  ])('example %s', (_name, operations, expected) => {
    expect(resolve(context(), operations)).toMatchObject(expected ?? {});
  });

  it.each([
    ['open', context({ status: 'open' })],
    ['closed but never taken', context({ taken: false })],
    [
      'closed where automatic absence is off',
      context({ policy: { ...DEFAULT_SESSION_POLICY, autoAbsent: false } }),
    ],
  ])('leaves an unmarked student unmarked while the session is %s', (_name, session) => {
    expect(resolve(session, [])).toBeNull();
  });

  it('sees through an operation of another rank when it tells who saw whom', () => {
    const operations = [
      faculty('x', 'present', 20),
      machine('m', 50, 1),
      faculty('y', 'absent', 5, { acks: ['m'] }),
    ];
    const linked = operations.map((o) => (o.opId === 'm' ? { ...o, baseOpId: 'x' } : o));
    expect(resolve(context(), operations)?.winnerOpId).toBe('x');
    expect(resolve(context(), linked)?.winnerOpId).toBe('y');
  });
});

const policies: SessionPolicy[] = [
  DEFAULT_SESSION_POLICY,
  { ...DEFAULT_SESSION_POLICY, absentAfterMinutes: 20, stayMode: 'first_last' },
  { ...DEFAULT_SESSION_POLICY, offlineQr: 'provisional', autoAbsent: false },
];

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const operations = fc.uniqueArray(
  fc
    .record({
      opId: fc.constantFrom(...ids),
      rank: fc.constantFrom(20, 30, 40, 45, 50, 55, 60, 70, 80, 90, 100),
      mark: fc.constantFrom<Mark>('present', 'late', 'absent'),
      effAtMs: fc.integer({ min: 0, max: 7 }).map((step) => minute(step * 5)),
      baseOpId: fc.option(fc.constantFrom(...ids, 'elsewhere'), { nil: null }),
      acks: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 3 }),
      withdraws: fc.option(fc.constantFrom(...ids), { nil: null, freq: 5 }),
      phase: fc.constantFrom<'entry' | 'exit'>('entry', 'entry', 'exit'),
    })
    .map(({ withdraws, ...made }): ResolvableOperation => {
      if (withdraws !== null) {
        return op({ ...made, kind: 'withdraw', mark: null, targetOpId: withdraws });
      }
      if (made.rank === 70) return op({ ...made, mark: 'excused', source: 'leave' });
      return made.rank < 70 ? op({ ...made, mark: 'present', source: 'qr' }) : op(made);
    }),
  { selector: (made) => made.opId, maxLength: 8 },
);

describe('resolve, as laws', () => {
  it('gives the same record whatever the order of arrival', () => {
    fc.assert(
      fc.property(
        operations.chain((ops) =>
          fc.tuple(fc.constant(ops), fc.shuffledSubarray(ops, { minLength: ops.length })),
        ),
        fc.constantFrom(...policies),
        ([ops, shuffled], policy) => {
          expect(resolve(context({ policy }), shuffled)).toEqual(resolve(context({ policy }), ops));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('control: last arrival wins depends on the order and is found out', () => {
    const lastWins = (ops: readonly ResolvableOperation[]) => ops.at(-1)?.mark ?? null;
    const law = fc.property(
      operations.chain((ops) =>
        fc.tuple(fc.constant(ops), fc.shuffledSubarray(ops, { minLength: ops.length })),
      ),
      ([ops, shuffled]) => lastWins(ops) === lastWins(shuffled),
    );
    expect(fc.check(law, { numRuns: 1_000 }).failed).toBe(true);
  });

  it('keeps weak evidence weak: a claim below the winner never changes who wins', () => {
    fc.assert(
      fc.property(operations, (ops) => {
        const before = resolve(context(), ops);
        if (!before || before.rank <= 40 || before.rank === 70) return;
        const weak = op({ opId: 'z', rank: 40, mark: 'present', source: 'qr' });
        expect(resolve(context(), [...ops, weak])?.winnerOpId).toBe(before.winnerOpId);
      }),
    );
  });
});

describe('punctuality', () => {
  it.each([
    ['the last millisecond of grace', 5 * 60_000, 'present'],
    ['one millisecond later', 5 * 60_000 + 1, 'late'],
  ])('%s', (_name, afterStart, expected) => {
    expect(punctuality(context(), START + afterStart)).toBe(expected);
  });

  it('counts from the first display of a code where that came later', () => {
    expect(punctuality(context({ lateReferenceMs: minute(10) }), minute(15))).toBe('present');
  });

  it('turns absent only past its own limit', () => {
    const strict = context({ policy: { ...DEFAULT_SESSION_POLICY, absentAfterMinutes: 20 } });
    expect(punctuality(strict, minute(20))).toBe('late');
    expect(punctuality(strict, minute(20) + 1)).toBe('absent');
  });
});

describe('wasTaken', () => {
  const nobody = {
    humanOperations: 0,
    wasObserved: false,
    machineStudents: 0,
    rosterSize: 60,
  };

  it.each([
    ['nobody did anything', nobody, false],
    ['one roll-call mark', { ...nobody, humanOperations: 1 }, true],
    ['a head count or a displayed code', { ...nobody, wasObserved: true }, true],
    ['a tenth of the class at a terminal', { ...nobody, machineStudents: 6 }, true],
    ['less than a tenth', { ...nobody, machineStudents: 5 }, false],
    ['an empty class', { ...nobody, rosterSize: 0 }, false],
  ])('%s', (_name, facts, expected) => {
    expect(wasTaken(facts, DEFAULT_SESSION_POLICY)).toBe(expected);
  });
});

describe('stateRefusal', () => {
  const WINDOW = {
    opensAt: '2026-08-14T04:25:00.000Z',
    closesAt: '2026-08-14T05:30:00.000Z',
    lockDueAt: null,
  };
  const RANKS = [20, 30, 40, 45, 50, 55, 60, 70, 80, 90, 100];
  it.each([
    ['scheduled', [70]],
    ['open', RANKS],
    ['closed', [30, 45, 55, 60, 70, 80, 90, 100]],
    ['locked', [100]],
    ['cancelled', []],
  ] as const)('a %s session admits just its ranks', (status, admitted) => {
    const passing = RANKS.filter((rank) => stateRefusal(status, rank, WINDOW) === null);
    expect(passing).toEqual(admitted);
  });

  it('admits rank 40 after close from a terminal only', () => {
    expect(stateRefusal('closed', 40, WINDOW, true)).toBeNull();
    expect(stateRefusal('closed', 40, WINDOW)?.code).toBe('session_closed');
  });

  it('tells the times of the class, and names the zone of those in its sentence', () => {
    expect(stateRefusal('scheduled', 50, WINDOW)).toEqual({
      code: 'session_not_open',
      detail: 'Marking opens at 2026-08-14 04:25 UTC.',
      times: {
        opens_at: '2026-08-14T04:25:00.000Z',
        closes_at: '2026-08-14T05:30:00.000Z',
        lock_due_at: null,
      },
    });
  });
});

describe('markRefusal', () => {
  it('lets machines prove presence only, and excuses come from leave, override and correction', () => {
    expect(markRefusal(60, 'absent')?.code).toBe('mark_not_allowed');
    expect(markRefusal(60, 'present')).toBeNull();
    expect(markRefusal(80, 'excused')?.code).toBe('mark_not_allowed');
    expect([70, 90, 100].map((rank) => markRefusal(rank, 'excused'))).toEqual([null, null, null]);
  });
});
