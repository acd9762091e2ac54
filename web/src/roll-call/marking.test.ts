import { describe, expect, it, jest } from '@jest/globals';
import type { MarkOperation } from '../api/records.ts';
import type { Mark, MarkResult } from '../api/types.ts';
import { createMarking } from './marking.ts';
import type { Outcome } from './marking-outbox.ts';
import type { RecordChange } from './roster-cache.ts';

const result = (operation: MarkOperation, mark: Mark): MarkResult => ({
  op_id: operation.op_id,
  student: operation.student,
  status: mark === operation.mark ? 'applied' : 'superseded',
  code: null,
  detail: null,
  record: {
    mark,
    source: 'manual',
    winner_op_id: 'winner',
    version: 2,
    updated_at: '2026-11-24T04:00:00.000Z',
  },
});

const stored = (operation: MarkOperation, mark: Mark = operation.mark): Outcome => ({
  kind: 'stored',
  operation,
  result: result(operation, mark),
});

const refused = (operation: MarkOperation, code: string): Outcome => ({
  kind: 'refused',
  operation,
  code,
  detail: `because of ${code}`,
});

/** A marking whose server answers with `decide`. */
function setUp(decide: (operation: MarkOperation) => Outcome) {
  const sent: MarkOperation[] = [];
  const changes: RecordChange[] = [];
  const displaced = jest.fn();
  const marking = createMarking({
    send: async (operations) => {
      sent.push(...operations);
      return operations.map((operation) => decide(operation));
    },
    diagnose: () => ({ trouble: 'offline', waitMs: null }),
    save: () => undefined,
    waitingOf: (student) => (student === 'waits' ? ['scan-1', 'scan-2'] : []),
    winnerOf: (student) => (student === 'known' ? 'shown' : null),
    changed: (given) => changes.push(...given),
    displaced,
  });
  marking.start();
  return { marking, sent, changes, displaced };
}

/** Lets answers that are ready arrive. */
const letRun = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('createMarking', () => {
  it('shows a mark at once, then writes the stored record', async () => {
    const { marking, changes } = setUp(stored);
    marking.mark('a', 'late');
    expect(marking.state().unsent.get('a')?.mark).toBe('late');

    await letRun();

    expect(marking.state().unsent.size).toBe(0);
    expect(changes).toMatchObject([{ student: 'a', mark: 'late', version: 2 }]);
  });

  it('answers the claims that the screen shows as waiting, also when a reason is given', async () => {
    const { marking, sent } = setUp((operation) =>
      operation.reason === undefined && operation.mark === 'absent'
        ? refused(operation, 'reason_required')
        : stored(operation),
    );
    marking.mark('waits', 'absent');
    marking.mark('new', 'present');
    await letRun();
    marking.giveReason('the seat was empty', false);
    await letRun();

    expect(sent.map(({ student, acks }) => [student, acks])).toEqual([
      ['waits', ['scan-1', 'scan-2']],
      ['new', undefined],
      ['waits', ['scan-1', 'scan-2']],
    ]);
  });

  it('names the operation that decided what the screen showed', async () => {
    const { marking, sent } = setUp(stored);
    marking.mark('known', 'absent');
    marking.mark('known', 'present');
    marking.mark('new', 'present');
    await letRun();

    expect(sent.map(({ base_op_id: base }) => base)).toEqual(['shown', sent[0]?.op_id, undefined]);
  });

  it('takes a refused mark back and keeps why, until the next mark', async () => {
    const { marking } = setUp((operation) => refused(operation, 'not_on_roster'));
    marking.mark('a', 'present');
    await letRun();
    expect(marking.state().unsent.size).toBe(0);
    expect(marking.state().failures.get('a')).toEqual({
      mark: 'present',
      detail: 'because of not_on_roster',
    });

    marking.mark('a', 'late');

    expect(marking.state().failures.size).toBe(0);
  });

  it('asks for a reason, and sends the mark with it as a new operation', async () => {
    const { marking, sent } = setUp((operation) =>
      operation.reason === undefined ? refused(operation, 'reason_required') : stored(operation),
    );
    marking.mark('a', 'absent');
    await letRun();
    expect(marking.state().asked).toEqual([{ student: 'a', mark: 'absent', fallback: null }]);

    marking.giveReason('the seat was empty', false);
    await letRun();

    expect(marking.state()).toMatchObject({ asked: [], failures: new Map() });
    expect(sent.map(({ reason }) => reason)).toEqual([undefined, 'the seat was empty']);
    expect(sent[0]?.op_id).not.toBe(sent[1]?.op_id);
  });

  it('sends why there was no scan, also once a reason was asked for', async () => {
    const { marking, sent } = setUp((operation) =>
      operation.reason === undefined ? refused(operation, 'reason_required') : stored(operation),
    );
    marking.mark('a', 'present', 'flat_battery');
    expect(marking.state().unsent.get('a')).toEqual({ mark: 'present', fallback: 'flat_battery' });
    await letRun();
    marking.giveReason('seen in the room', true);
    await letRun();
    marking.mark('b', 'late', 'id_card');
    await letRun();
    marking.mark('c', 'late');
    await letRun();

    expect(sent.map(({ student, reason, fallback }) => [student, reason, fallback])).toEqual([
      ['a', undefined, 'flat_battery'],
      ['a', 'seen in the room', 'flat_battery'],
      ['b', undefined, 'id_card'],
      ['b', 'seen in the room', 'id_card'],
      ['c', undefined, undefined],
      ['c', 'seen in the room', undefined],
    ]);
  });

  it('answers with a standing reason for all marks that need one', async () => {
    const { marking, sent } = setUp((operation) =>
      operation.reason === undefined ? refused(operation, 'reason_required') : stored(operation),
    );
    marking.mark('a', 'absent');
    marking.mark('b', 'absent');
    await letRun();
    marking.giveReason('fire drill', true);
    await letRun();
    marking.mark('c', 'absent');
    await letRun();

    expect(marking.state().asked).toEqual([]);
    const reasoned = sent.filter(({ reason }) => reason === 'fire drill');
    expect(reasoned.map(({ student }) => student)).toEqual(['a', 'b', 'c']);
  });

  it('leaves the record alone when the reason is withheld', async () => {
    const { marking, sent } = setUp((operation) => refused(operation, 'reason_required'));
    marking.mark('a', 'absent');
    await letRun();
    marking.withholdReason();
    await letRun();

    expect(marking.state().asked).toEqual([]);
    expect(sent).toHaveLength(1);
  });

  it('tells of a stored mark that stronger evidence outranks', async () => {
    const { marking, displaced } = setUp((operation) => stored(operation, 'excused'));
    marking.mark('a', 'absent');
    await letRun();

    expect(displaced).toHaveBeenCalledWith('a', 'excused');
  });
});
