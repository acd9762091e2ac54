/** The worked examples of marks.md section 13 that the pure rules decide: records and contradictions. */
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SESSION_POLICY } from '../settings.ts';
import type { Mark, SessionPolicy } from '../types.ts';
import type { ResolvableOperation } from './operation.ts';
import {
  emptyLedger,
  resolveSession,
  takeBatch,
  type Register,
  type SessionContext,
} from './resolve-session.ts';

const START = Date.UTC(2026, 7, 14, 4, 30);
const minute = (value: number): number => START + value * 60_000;

type Change = Partial<ResolvableOperation>;

function op(opId: string, rank: number, at: number, change: Change = {}): ResolvableOperation {
  return {
    opId,
    studentId: 'student',
    kind: 'mark',
    mark: 'present',
    rank,
    source: rank >= 80 ? 'manual' : rank >= 55 ? 'biometric' : 'qr',
    effAtMs: minute(at),
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
  op(opId, 80, at, { mark, ...change });
const leave = (opId: string, at = -600) =>
  op(opId, 70, at, { mark: 'excused', source: 'leave', excuseCategory: 'medical' });
const withdrawal = (opId: string, targetOpId: string, change: Change = {}) =>
  op(opId, 70, 60, { kind: 'withdraw', mark: null, source: 'system', targetOpId, ...change });

function contextWith(
  policy: Partial<SessionPolicy> = {},
  change: Partial<SessionContext> = {},
): SessionContext {
  return {
    status: 'closed',
    policy: { ...DEFAULT_SESSION_POLICY, ...policy },
    lateReferenceMs: START,
    scheduledStartMs: START,
    autoOpIdOf: (studentId) => `auto-${studentId}`,
    wasObserved: true,
    ...change,
  };
}

/** What an example says of each student and of the contradictions. */
function tellOf({ records, conflicts }: Register) {
  return {
    records: Object.fromEntries(
      [...records].map(([studentId, record]) => [
        studentId,
        record && {
          mark: record.mark,
          winner: record.winnerOpId,
          ...(record.arrivalMs === null ? {} : { minutes: (record.arrivalMs - START) / 60_000 }),
          ...(record.excuseCategory === null ? {} : { category: record.excuseCategory }),
          ...(record.flags.length === 0 ? {} : { flags: record.flags }),
        },
      ]),
    ),
    conflicts: conflicts.map(({ kind, opIds, state }) => `${kind} ${opIds.join(' ')} ${state}`),
  };
}

const answer = (
  operations: readonly ResolvableOperation[],
  context = contextWith(),
  roster = ['student'],
) => tellOf(resolveSession(context, roster, operations));

const absentByItself = { mark: 'absent', winner: 'auto-student' };

interface Example {
  readonly operations: readonly ResolvableOperation[];
  readonly record: object | null;
  readonly conflicts?: readonly string[];
}

const EXAMPLES: readonly (readonly [name: string, example: Example])[] = [
  [
    '1 a teacher who saw the scan says absent',
    {
      operations: [op('q', 50, 2), says('f', 'absent', 20, { baseOpId: 'q' })],
      record: { mark: 'absent', winner: 'f' },
      conflicts: ['human_vs_machine f q settled'],
    },
  ],
  [
    '2 a teacher who did not see the scan says absent',
    {
      operations: [op('q', 50, 2), says('f', 'absent', 20)],
      record: { mark: 'absent', winner: 'f' },
      conflicts: ['human_vs_machine f q open'],
    },
  ],
  [
    '2 and a person settles it with a word that saw both',
    {
      operations: [
        op('q', 50, 2),
        says('f', 'absent', 20),
        says('g', 'present', 90, { baseOpId: 'f', acks: ['q'] }),
      ],
      record: { mark: 'present', winner: 'g' },
      conflicts: ['human_vs_human f g settled'],
    },
  ],
  [
    '3 a biometric capture uploaded after the close',
    {
      operations: [
        op('auto-student', 10, 60, { mark: 'absent', source: 'system' }),
        op('b', 60, 3),
      ],
      record: { mark: 'present', winner: 'b', minutes: 3 },
    },
  ],
  [
    '4 the correction that stands for a capture after the lock',
    {
      operations: [
        op('b', 60, 3, { outcome: 'review' }),
        op('c', 100, 3_000, { source: 'correction', baseOpId: 'auto-student' }),
      ],
      record: { mark: 'present', winner: 'c' },
    },
  ],
  [
    '7 leave approved the day before, and a terminal match',
    {
      operations: [leave('l'), op('b', 60, 1)],
      record: { mark: 'excused', winner: 'l', category: 'medical' },
      conflicts: ['leave_vs_machine b l open'],
    },
  ],
  [
    '8 an empty seat, and leave approved in the evening',
    {
      operations: [says('f', 'absent', 10), leave('l', 480)],
      record: { mark: 'excused', winner: 'l', category: 'medical' },
    },
  ],
  [
    '9 two teachers blind to each other',
    {
      operations: [says('o', 'present', 10), says('s', 'absent', 12)],
      record: { mark: 'absent', winner: 's' },
      conflicts: ['human_vs_human o s open'],
    },
  ],
  [
    '9 with a leave, which takes the record and not the quarrel',
    {
      operations: [says('o', 'present', 10), says('s', 'absent', 12), leave('l')],
      record: { mark: 'excused', winner: 'l', category: 'medical' },
      conflicts: ['human_vs_leave l o open', 'human_vs_human o s open'],
    },
  ],
  [
    '10 a substitute who saw the owner, with a slow clock',
    {
      operations: [says('p', 'present', 10), says('l', 'late', 8, { baseOpId: 'p' })],
      record: { mark: 'late', winner: 'l' },
    },
  ],
  [
    '11 a scan, then a terminal match',
    {
      operations: [op('q', 50, 2), op('b', 60, 15)],
      record: { mark: 'present', winner: 'b', minutes: 2 },
    },
  ],
  [
    '12 a flagged scan, then a terminal match',
    {
      operations: [op('q', 40, 2), op('b', 60, 15)],
      record: { mark: 'late', winner: 'b', minutes: 15 },
    },
  ],
  [
    '14 the leave of a moved class is withdrawn, then a terminal match',
    {
      operations: [leave('l'), withdrawal('w', 'l'), op('b', 60, 1)],
      record: { mark: 'present', winner: 'b', minutes: 1 },
    },
  ],
  [
    '16 an offline scan waits for a person',
    { operations: [op('q', 30, 4)], record: absentByItself },
  ],
  [
    '16 and a teacher confirms it',
    {
      operations: [op('q', 30, 4), says('f', 'present', 120, { acks: ['q'] })],
      record: { mark: 'present', winner: 'f' },
    },
  ],
  [
    '18 a capture by a clock nobody can trust waits',
    { operations: [op('q', 50, 5, { outcome: 'review' })], record: absentByItself },
  ],
  [
    '19 a self-entry never counts',
    { operations: [op('e', 20, 5, { source: 'self' })], record: absentByItself },
  ],
  [
    '19 its approval does',
    {
      operations: [op('e', 20, 5, { source: 'self' }), says('f', 'present', 30, { acks: ['e'] })],
      record: { mark: 'present', winner: 'f' },
    },
  ],
  [
    '20 a teacher sees the student on leave, the screen showed the leave',
    {
      operations: [leave('l'), says('f', 'present', 30, { baseOpId: 'l' })],
      record: { mark: 'present', winner: 'f' },
      conflicts: ['human_vs_leave f l settled'],
    },
  ],
  [
    '20 where the screen did not show the leave',
    {
      operations: [leave('l'), says('f', 'present', 30)],
      record: { mark: 'present', winner: 'f' },
      conflicts: ['human_vs_leave f l open'],
    },
  ],
];

describe('worked example', () => {
  it.each(EXAMPLES)('%s', (_name, { operations, record, conflicts = [] }) => {
    expect(answer(operations)).toEqual({ records: { student: record }, conflicts });
    expect(answer(operations.toReversed())).toEqual({ records: { student: record }, conflicts });
  });

  it('5 the same claim twice changes nothing', () => {
    const scan = op('q', 50, 2);
    const once = takeBatch(contextWith(), ['student'], emptyLedger(contextWith(), ['student']), [
      scan,
    ]);

    const twice = takeBatch(contextWith(), ['student'], once, [{ ...scan }, { ...scan }]);

    expect(twice).toEqual(once);
  });

  it('13 a student outside the roster gets no record', () => {
    const refused = op('q', 30, 4, { outcome: 'rejected', studentId: 'later' });

    expect(answer([refused])).toEqual({ records: { student: absentByItself }, conflicts: [] });
  });

  it('14 the moved class passes from excused to nothing before anyone comes', () => {
    const scheduled = contextWith({}, { status: 'scheduled', wasObserved: false });

    expect(answer([leave('l')], scheduled).records).toEqual({
      student: { mark: 'excused', winner: 'l', category: 'medical' },
    });
    expect(answer([leave('l'), withdrawal('w', 'l')], scheduled).records).toEqual({
      student: null,
    });
  });

  const live = op('a1', 50, 2, { studentId: 'a', deviceKeyId: 'd' });
  const borrowed = op('b1', 30, 4, { studentId: 'b', deviceKeyId: 'd' });

  it('15 two students on one phone: the strong scan sinks, both are flagged', () => {
    expect(answer([live, borrowed], contextWith(), ['a', 'b'])).toEqual({
      records: {
        a: { mark: 'present', winner: 'a1', minutes: 2, flags: ['shared_device'] },
        b: { mark: 'absent', winner: 'auto-b', flags: ['shared_device'] },
      },
      conflicts: ['shared_device a1 b1 open'],
    });
    const register = resolveSession(contextWith(), ['a', 'b'], [live, borrowed]);
    expect(register.records.get('a')?.rank).toBe(40);
  });

  it('15 is settled once a person has seen each of the colliding claims', () => {
    const seenOne = says('f', 'present', 90, { studentId: 'a', acks: ['a1'] });
    const seenOther = says('g', 'absent', 90, { studentId: 'b', acks: ['b1'] });
    const statesOf = (operations: readonly ResolvableOperation[]) =>
      answer(operations, contextWith(), ['a', 'b']).conflicts;

    expect(statesOf([live, borrowed, seenOne])).toEqual(['shared_device a1 b1 open']);
    expect(statesOf([live, borrowed, seenOne, seenOther])).toEqual(['shared_device a1 b1 settled']);
  });
});

describe('resolveSession', () => {
  const a = op('a1', 50, 2, { studentId: 'a', deviceKeyId: 'd' });
  const b = op('b1', 50, 3, { studentId: 'b', deviceKeyId: 'd' });

  it('lets a withdrawal reach the claims of its own student only (order proof, seed 1 case 22)', () => {
    const foreign = withdrawal('w', 'b1', { studentId: 'c' });
    const roster = ['a', 'b', 'c'];
    const context = contextWith();

    const whole = resolveSession(context, roster, [a, b, foreign]);
    const arrived = [[a, b], [foreign]].reduce(
      (ledger, batch) => takeBatch(context, roster, ledger, batch),
      emptyLedger(context, roster),
    ).register;

    expect(tellOf(whole).conflicts).toEqual(['shared_device a1 b1 open']);
    expect(tellOf(arrived)).toEqual(tellOf(whole));
  });

  it('frees the other student when the claim that shared the phone is withdrawn', () => {
    const register = resolveSession(
      contextWith(),
      ['a', 'b'],
      [a, b, withdrawal('w', 'b1', { studentId: 'b' })],
    );

    expect(register.records.get('a')).toMatchObject({ rank: 50, flags: [] });
    expect(register.conflicts).toEqual([]);
  });

  it('lets offline scans answer for the stay where they count for the record', () => {
    const scans = [op('q1', 30, 2), op('q2', 30, 50)];
    const stay = { stayMode: 'first_last', minStayMinutes: 45 } as const;

    expect(answer(scans, contextWith({ ...stay, offlineQr: 'provisional' })).records).toEqual({
      student: { mark: 'present', winner: 'q1', minutes: 2 },
    });
    expect(answer([op('b', 60, 2), ...scans], contextWith(stay)).records).toEqual({
      student: { mark: 'present', winner: 'b', minutes: 2, flags: ['exit_missing'] },
    });
  });
});
