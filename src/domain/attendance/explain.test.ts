import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_SESSION_POLICY } from '../settings.ts';
import { MARKS, type Mark, type SessionPolicy } from '../types.ts';
import {
  EXPLANATIONS,
  explainOperations,
  rankWord,
  type ExplainableOperation,
  type ExplanationCode,
} from './explain.ts';
import { RANK } from './ranks.ts';
import { resolveStudent } from './resolver.ts';

const START = Date.UTC(2026, 7, 14, 4, 30);
const minute = (value: number): number => START + value * 60_000;

type Change = Partial<ExplainableOperation>;

function op(opId: string, rank: number, at: number, change: Change = {}): ExplainableOperation {
  return {
    opId,
    studentId: 'student',
    kind: 'mark',
    mark: 'present',
    rank,
    source: rank >= 80 ? 'manual' : rank >= 55 ? 'biometric' : 'qr',
    effAtMs: minute(at),
    receivedAtMs: minute(at),
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

const says = (opId: string, mark: Mark, at: number, change: Change = {}) =>
  op(opId, RANK.faculty, at, { mark, ...change });
const leave = (opId: string, at = -100) =>
  op(opId, RANK.leave, at, { mark: 'excused', source: 'leave', excuseCategory: 'medical' });
const automatic = (opId: string) => op(opId, RANK.autoAbsent, 60, { mark: 'absent' });
const withdrawal = (opId: string, targetOpId: string) =>
  op(opId, 0, 70, { kind: 'withdraw', mark: null, targetOpId });

interface Given {
  readonly policy?: Partial<SessionPolicy>;
  readonly shared?: ReadonlySet<string>;
}

/** Resolves the operations and explains them beside the winner the resolver names. */
function explain(
  operations: readonly ExplainableOperation[],
  { policy = {}, shared = new Set() }: Given = {},
) {
  const whole = { ...DEFAULT_SESSION_POLICY, ...policy };
  const { resolution } = resolveStudent(
    {
      status: 'closed',
      taken: true,
      policy: whole,
      lateReferenceMs: START,
      scheduledStartMs: START,
      autoOpId: 'auto',
    },
    operations,
    shared,
  );
  const winnerOpId = resolution?.winnerOpId ?? null;
  return {
    winnerOpId,
    found: explainOperations({ winnerOpId, policy: whole, sharedKeys: shared }, operations),
  };
}

const codesOf = (operations: readonly ExplainableOperation[], given?: Given) =>
  Object.fromEntries(explain(operations, given).found.map(({ opId, code }) => [opId, code]));

type Case = [string, ExplainableOperation[], Record<string, ExplanationCode>, Given?];

describe('explaining a record', () => {
  it.each<Case>([
    ['one mark', [says('f', 'present', 10)], { f: 'won_alone' }],
    [
      'a teacher over a scan',
      [op('q', 50, 2), says('f', 'absent', 20, { baseOpId: 'q' })],
      { q: 'lost_lower_rank', f: 'won_highest_rank' },
    ],
    [
      'a terminal over the automatic absence',
      [automatic('auto'), op('b', 60, 3)],
      { auto: 'lost_lower_rank', b: 'won_alone' },
    ],
    ['nobody said anything', [automatic('auto')], { auto: 'won_automatic' }],
    [
      'a leave over a terminal',
      [leave('l'), op('b', 60, 1)],
      { l: 'won_highest_rank', b: 'lost_lower_rank' },
    ],
    [
      'a leave over an empty seat',
      [says('f', 'absent', 10), leave('l')],
      { f: 'lost_to_leave', l: 'won_leave_stands' },
    ],
    [
      'a leave over an empty seat, after a teacher who saw nobody of them',
      [says('e', 'present', 5), says('f', 'absent', 10, { baseOpId: 'e' }), leave('l')],
      { e: 'lost_dominated', f: 'lost_to_leave', l: 'won_leave_stands' },
    ],
    [
      'an earlier presence and a later absence under a leave',
      [says('e', 'present', 5), says('f', 'absent', 10), leave('l')],
      { e: 'lost_earlier', f: 'lost_to_leave', l: 'won_leave_stands' },
    ],
    [
      'a student on leave who came',
      [leave('l'), says('f', 'present', 30)],
      { l: 'lost_lower_rank', f: 'won_over_leave' },
    ],
    ['two leaves', [leave('a', -100), leave('b', -50)], { a: 'lost_earlier', b: 'won_latest' }],
    [
      'two teachers who did not know of each other',
      [says('o', 'present', 10), says('s', 'absent', 12)],
      { o: 'lost_earlier', s: 'won_latest' },
    ],
    [
      'two teachers at the same moment',
      [says('o', 'present', 10), says('s', 'absent', 10)],
      { o: 'lost_tie', s: 'won_latest' },
    ],
    [
      'a teacher who saw the other, by a slow clock',
      [says('p', 'present', 10), says('s', 'late', 8, { baseOpId: 'p' })],
      { p: 'lost_dominated', s: 'won_after_seeing' },
    ],
    ['two terminals', [op('a', 60, 2), op('b', 60, 5)], { a: 'won_earliest', b: 'lost_later' }],
    [
      'two terminals at the same moment',
      [op('a', 60, 2), op('b', 60, 2)],
      { a: 'won_earliest', b: 'lost_tie' },
    ],
    [
      'a correction over everything',
      [says('f', 'absent', 10), op('c', 100, 90, { mark: 'present', baseOpId: 'f' })],
      { f: 'lost_lower_rank', c: 'won_highest_rank' },
    ],
    [
      'evidence taken back',
      [op('b', 60, 2), op('q', 50, 3), withdrawal('w', 'b')],
      { b: 'lost_withdrawn', q: 'won_alone', w: 'withdrawal' },
    ],
    [
      "a student's own entry before anybody looked",
      [op('e', 20, 5, { source: 'self' })],
      { e: 'pending_approval' },
    ],
    [
      "a student's own entry, approved",
      [op('e', 20, 5, { source: 'self' }), says('f', 'present', 30, { acks: ['e'] })],
      { e: 'lost_settled', f: 'won_alone' },
    ],
    [
      "a student's own entry, refused",
      [op('e', 20, 5, { source: 'self' }), withdrawal('w', 'e')],
      { e: 'lost_withdrawn', w: 'withdrawal' },
    ],
    ['a scan without a connection', [op('q', 30, 4)], { q: 'pending_approval' }],
    [
      'a scan without a connection where that counts',
      [op('q', 30, 4)],
      { q: 'won_alone' },
      { policy: { offlineQr: 'provisional' } },
    ],
    [
      'a claim kept for review',
      [op('q', 60, 4, { outcome: 'review' }), says('f', 'absent', 5)],
      { q: 'pending_review', f: 'won_alone' },
    ],
    [
      'a claim kept for review, then corrected',
      [op('q', 60, 4, { outcome: 'review' }), op('c', 100, 90)],
      { q: 'lost_settled', c: 'won_alone' },
    ],
    [
      'a claim that came after the correction',
      [op('q', 60, 4, { outcome: 'review', receivedAtMs: minute(99) }), op('c', 100, 90)],
      { q: 'pending_review', c: 'won_alone' },
    ],
    [
      'a claim refused at once',
      [op('q', 60, 4, { outcome: 'rejected' }), says('f', 'late', 5)],
      { q: 'rejected', f: 'won_alone' },
    ],
    [
      'an exit',
      [op('i', 60, 2), op('o', 60, 50, { phase: 'exit' })],
      { i: 'won_alone', o: 'exit_noted' },
    ],
    [
      'a phone of several students',
      [op('q', 50, 2, { deviceKeyId: 'k' }), op('c', 45, 5, { source: 'card' })],
      { q: 'lost_shared_device', c: 'won_highest_rank' },
      { shared: new Set(['k']) },
    ],
  ])('%s', (...[, operations, codes, given]) => {
    expect(codesOf(operations, given)).toEqual(codes);
  });

  it('names no winner where the record has none, and then nothing counts', () => {
    const found = explainOperations(
      { winnerOpId: null, policy: DEFAULT_SESSION_POLICY, sharedKeys: new Set() },
      [op('q', 50, 2), automatic('auto')],
    );

    expect(found.map(({ code, isWinner }) => [code, isWinner])).toEqual([
      ['not_counted', false],
      ['not_counted', false],
    ]);
  });

  it('gives each its sentence, its counted rank and whether it was withdrawn', () => {
    const { found } = explain([op('q', 50, 2, { deviceKeyId: 'k' }), withdrawal('w', 'q')], {
      shared: new Set(['k']),
    });

    expect(found[0]).toEqual({
      opId: 'q',
      code: 'lost_withdrawn',
      text: EXPLANATIONS.lost_withdrawn,
      isWinner: false,
      isWithdrawn: true,
      countedRank: 40,
    });
  });

  it('has a word for every rank', () => {
    for (const rank of Object.values(RANK)) expect(rankWord(rank)).not.toBe(rankWord(1));
  });
});

describe('property: one winner', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'auto'];
  const anyId = fc.constantFrom(...ids, 'elsewhere');
  const anyOperation = (opId: string) =>
    fc
      .record({
        kind: fc.constantFrom(
          'mark' as const,
          'mark' as const,
          'mark' as const,
          'withdraw' as const,
        ),
        rank: opId === 'auto' ? fc.constant(10) : fc.constantFrom(...Object.values(RANK)),
        mark: fc.constantFrom(...MARKS),
        source: fc.constantFrom('manual' as const, 'qr' as const, 'biometric' as const),
        at: fc.nat(7),
        received: fc.nat(7),
        baseOpId: fc.option(anyId),
        acks: fc.array(anyId, { maxLength: 3 }),
        targetOpId: anyId,
        phase: fc.constantFrom('entry' as const, 'entry' as const, 'exit' as const),
        outcome: fc.constantFrom(
          'admitted' as const,
          'admitted' as const,
          'review' as const,
          'rejected' as const,
        ),
        deviceKeyId: fc.option(fc.constantFrom('k', 'l')),
      })
      .map(({ at, received, ...rest }): ExplainableOperation => {
        const isMark = rest.kind === 'mark' || opId === 'auto';
        return op(opId, rest.rank, at, {
          ...rest,
          kind: isMark ? 'mark' : 'withdraw',
          mark: isMark ? rest.mark : null,
          targetOpId: isMark ? null : rest.targetOpId,
          receivedAtMs: minute(received),
        });
      });
  const anyOperations = fc
    .shuffledSubarray(ids)
    .chain((chosen) => fc.tuple(...chosen.map(anyOperation)));

  it('exactly the operation the resolver names is explained as having won', () => {
    fc.assert(
      fc.property(
        anyOperations,
        fc.constantFrom('off' as const, 'confirm_first' as const, 'provisional' as const),
        fc.uniqueArray(fc.constantFrom('k', 'l')),
        (operations, offlineQr, keys) => {
          const given = { policy: { offlineQr }, shared: new Set(keys) };
          const { winnerOpId, found } = explain(operations, given);
          const won = found.filter(({ code }) => code.startsWith('won_')).map(({ opId }) => opId);
          const isStored = operations.some(({ opId }) => opId === winnerOpId);
          expect(found).toHaveLength(operations.length);
          expect(won).toEqual(isStored ? [winnerOpId] : []);
          expect(found.filter(({ isWinner }) => isWinner).map(({ opId }) => opId)).toEqual(won);
          // Beside a winner every claim has a reason of its own.
          if (winnerOpId !== null && isStored) {
            expect(found.map(({ code }) => code)).not.toContain('not_counted');
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is stable: the order of the operations changes no explanation', () => {
    fc.assert(
      fc.property(anyOperations, (operations) => {
        const forth = codesOf(operations);
        expect(codesOf([...operations].toReversed())).toEqual(forth);
      }),
    );
  });
});
