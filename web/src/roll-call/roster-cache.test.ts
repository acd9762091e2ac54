import { describe, expect, it } from '@jest/globals';
import type { Mark, Roster, RosterRow, SessionEvent } from '../api/types.ts';
import { doubtOf, narrowRoll, waitingOf, WHOLE_ROLL } from './narrow-roll.ts';
import { changeOf, changeOfOutcome, countRows, newerOf, withChanges } from './roster-cache.ts';

const AT = '2026-11-24T04:00:00.000Z';

function row(id: string, mark: Mark | null, version: number): RosterRow {
  const student = { id, roll_number: `24CS${id}`, first_name: 'Asha', last_name: id };
  if (version === 0) return { student, record: null, waiting: [] };
  const record = {
    id: `record-${id}`,
    session: 's',
    student: id,
    mark,
    marked_at: AT,
    source: 'manual',
    capture_mode: 'online',
    arrival_at: null,
    excuse_category: null,
    fallback: null,
    flags: [],
    winner_op_id: 'op',
    version,
    updated_at: AT,
  };
  return { student, record, waiting: [] };
}

const roster = (...students: RosterRow[]): Roster => ({ session: 's', seq: 1, students });

const event = (payload: SessionEvent['payload'], type = 'record.changed'): SessionEvent => ({
  seq: 2,
  at: AT,
  type,
  payload,
});

const change = (student: string, mark: Mark | null, version: number) => ({
  student,
  mark,
  source: 'qr',
  winner_op_id: 'other',
  version,
  updated_at: AT,
});

const marksOf = ({ students }: Roster) => students.map(({ record }) => record?.mark ?? null);

describe('changeOf', () => {
  it('reads the row of a student, and nothing from rows the reader may not see', () => {
    const payload = { student: 'a', mark: 'late', source: 'qr', winner_op_id: 'op', version: 3 };

    expect(changeOf(event(payload))).toEqual({ ...payload, updated_at: AT });
    expect(changeOf(event({}))).toBeNull();
    expect(changeOf(event({ counts: {} }, 'counts.changed'))).toBeNull();
  });
});

describe('withChanges', () => {
  it('makes a first record and moves an older one forward', () => {
    const held = roster(row('a', null, 0), row('b', 'absent', 1));

    const next = withChanges(held, [change('a', 'present', 1), change('b', 'late', 2)]);

    expect(marksOf(next)).toEqual(['present', 'late']);
    expect(next.students[1]?.record).toMatchObject({ source: 'qr', winner_op_id: 'other' });
  });

  it('ignores what is older or equal, in whatever order changes come', () => {
    const held = roster(row('a', 'late', 3));

    expect(withChanges(held, [change('a', 'absent', 3)]).students[0]).toBe(held.students[0]);
    const changes = [change('a', 'present', 5), change('a', 'absent', 4)];
    expect(marksOf(withChanges(held, changes))).toEqual(['present']);
  });
});

describe('claims that wait', () => {
  const waitingClaim = (id: string, code = 'offline_unconfirmed') => ({
    op_id: id,
    source: 'qr',
    capture_mode: 'offline' as const,
    code,
    effective_at: AT,
  });

  it('wait no longer once an own mark named them, whatever became of the record', () => {
    const waiting = [waitingClaim('scan'), waitingClaim('other')];
    const held = roster({ ...row('a', 'excused', 3), waiting });

    const [after] = withChanges(held, [
      { ...change('a', 'excused', 3), answered: ['scan'] },
    ]).students;

    expect(after?.waiting.map((claim) => claim.op_id)).toEqual(['other']);
    expect(after?.record?.mark).toBe('excused');
  });

  it('are not brought back by an answer from before the mark', () => {
    const held = roster(row('a', 'present', 2));
    const read = roster({ ...row('a', null, 1), waiting: [waitingClaim('scan')] });

    expect(newerOf(held, read).students[0]?.waiting).toEqual([]);
    expect(newerOf(undefined, read).students[0]?.waiting).toHaveLength(1);
  });

  it('are named by what says most, and can be shown alone', () => {
    const [scan, late] = [waitingClaim('scan'), waitingClaim('late', 'future_time')];
    expect([[], [late, scan], [late]].map(waitingOf)).toEqual([null, 'scan', 'evidence']);
    const entries = [row('a', 'present', 1), row('b', null, 0)].map(({ student }, index) => ({
      student,
      mark: null,
      doubt: null,
      fallback: null,
      waiting: index === 0 ? null : ('scan' as const),
    }));
    const shown = narrowRoll(entries, { ...WHOLE_ROLL, filter: 'waiting' }, new Set());
    expect(shown.map(({ student }) => student.id)).toEqual(['b']);
  });
});

describe('newerOf', () => {
  it('keeps rows that live events brought further than what was read', () => {
    const held = roster(row('a', 'present', 2), row('b', 'late', 1));
    const read = roster(row('a', null, 0), row('b', 'absent', 2), row('c', null, 0));

    expect(marksOf(newerOf(held, read))).toEqual(['present', 'absent', null]);
    expect(newerOf(undefined, read)).toBe(read);
  });
});

describe('a fallback', () => {
  const read = (held: Roster) => held.students[0]?.record?.fallback;
  const told = { ...change('a', 'present', 2), winner_op_id: 'own' };
  const answer = changeOfOutcome({
    operation: { op_id: 'own', fallback: 'no_phone' },
    result: {
      op_id: 'own',
      student: 'a',
      status: 'applied',
      code: null,
      detail: null,
      record: { ...told, source: 'manual' },
    },
  });

  it('of an own mark shows, whether the live event or the answer comes first', () => {
    if (!answer) throw new Error('the answer tells of a record');
    const before = roster(row('a', null, 1));

    expect(read(withChanges(before, [answer]))).toBe('no_phone');
    expect(read(withChanges(withChanges(before, [told]), [answer]))).toBe('no_phone');
    expect(read(withChanges(withChanges(before, [answer]), [told]))).toBe('no_phone');
  });

  it('of a mark from elsewhere shows where the live event tells it, and only one it knows', () => {
    const heard = (fallback: unknown) =>
      changeOf(event({ ...change('a', 'present', 2), student: 'a', fallback }));

    expect(heard('flat_battery')?.fallback).toBe('flat_battery');
    expect(heard('lazy')?.fallback).toBeNull();
    expect(changeOf(event({ ...change('a', 'present', 2) }))).not.toHaveProperty('fallback');
  });

  it('is gone with the next mark, and not taken from a mark that did not win', () => {
    if (!answer) throw new Error('the answer tells of a record');
    const held = withChanges(roster(row('a', null, 1)), [answer]);
    const lost = { ...told, source: 'manual', winner_op_id: 'other' };

    expect(read(withChanges(held, [change('a', 'absent', 3)]))).toBeNull();
    expect(
      changeOfOutcome({
        operation: { op_id: 'own', fallback: 'no_phone' },
        result: {
          op_id: 'own',
          student: 'a',
          status: 'superseded',
          code: null,
          detail: null,
          record: lost,
        },
      })?.fallback,
    ).toBeUndefined();
  });
});

describe('flags', () => {
  const read = (held: Roster) => held.students[0]?.record?.flags;
  const heard = (version: number, flags: unknown) =>
    changeOf(event({ ...change('a', 'present', version), flags }));
  const told = (version: number, flags: unknown) => {
    const found = heard(version, flags);
    if (!found) throw new Error('the event tells of a record');
    return found;
  };

  it('of a live event show, and go with the event that has none', () => {
    const flagged = withChanges(roster(row('a', null, 1)), [told(2, ['presence_flagged', 7])]);

    expect(read(flagged)).toEqual(['presence_flagged']);
    expect(read(withChanges(flagged, [told(3, [])]))).toEqual([]);
    expect(read(withChanges(flagged, [told(1, [])]))).toEqual(['presence_flagged']);
    expect(heard(2, undefined)).not.toHaveProperty('flags');
  });

  it('stay with an answer that tells none until the event of the same mark does', () => {
    const flagged = withChanges(roster(row('a', null, 1)), [told(2, ['presence_flagged'])]);
    const answered = withChanges(flagged, [{ ...change('a', 'late', 3), fallback: 'no_phone' }]);

    expect(read(answered)).toEqual(['presence_flagged']);
    const next = withChanges(answered, [told(3, [])]);
    expect(read(next)).toEqual([]);
    expect(next.students[0]?.record?.fallback).toBe('no_phone');
  });
});

describe('countRows', () => {
  it('counts every mark and the unmarked', () => {
    const marks = ['present', 'present', 'late', null, 'excused', 'absent'] as const;

    expect(countRows(marks.map((mark) => ({ mark })))).toEqual({
      present: 2,
      late: 1,
      absent: 1,
      excused: 1,
      unmarked: 1,
      roster: 6,
    });
  });
});

describe('narrowRoll', () => {
  const entries = [
    ['10', 'Zoya', 'present', ['recheck_missed']],
    ['2', 'Bhanu', null, []],
    ['1', 'Meera', 'absent', ['clock_flagged']],
  ] as const;
  const all = entries.map(([roll, name, mark, flags]) => ({
    student: { id: roll, roll_number: roll, first_name: name, last_name: 'Rao' },
    mark,
    doubt: doubtOf(flags),
    fallback: null,
    waiting: null,
  }));
  const idsOf = (view: Partial<typeof WHOLE_ROLL>, kept: readonly string[] = []) =>
    narrowRoll(all, { ...WHOLE_ROLL, ...view }, new Set(kept)).map(({ student }) => student.id);

  it('orders by roll number as numbers, or by name', () => {
    expect(idsOf({})).toEqual(['1', '2', '10']);
    expect(idsOf({ order: 'name' })).toEqual(['2', '1', '10']);
  });

  it('lists first whose record is in doubt', () => {
    expect(idsOf({ order: 'flag' })).toEqual(['10', '1', '2']);
  });

  it('shows one mark, and those just changed in their place', () => {
    expect(idsOf({ filter: 'unmarked' })).toEqual(['2']);
    expect(idsOf({ filter: 'unmarked' }, ['10'])).toEqual(['2', '10']);
  });

  it('finds every word in the name or the roll number', () => {
    expect(idsOf({ text: ' rao ME ' })).toEqual(['1']);
    expect(idsOf({ text: '10' })).toEqual(['10']);
    expect(idsOf({ text: 'nobody' }, ['10'])).toEqual([]);
  });
});
