/** The marks a person makes in a roll call: on their way, refused, or waiting for a reason. */
import type { MarkOperation } from '../api/records.ts';
import type { Fallback, Mark, RollMark } from '../api/types.ts';
import { uuidV7 } from '../shared/uuid-v7.ts';
import {
  createMarkingOutbox,
  type Outcome,
  type OutboxPorts,
  type OutboxState,
} from './marking-outbox.ts';
import { changeOfOutcome, type RecordChange } from './roster-cache.ts';

/** A mark that was refused and taken back. */
export interface Failure {
  readonly mark: RollMark;
  readonly detail: string;
}

/** A mark that contradicts other evidence and needs words. */
export interface AskedReason {
  readonly student: string;
  readonly mark: RollMark;
  readonly fallback: Fallback | null;
}

/** What a screen shows of the marks under way. */
export interface MarkingState extends OutboxState {
  readonly failures: ReadonlyMap<string, Failure>;
  /** The first is asked about now. */
  readonly asked: readonly AskedReason[];
}

/** Where marks go to and what they change. */
export interface MarkingPorts extends Pick<OutboxPorts, 'send' | 'diagnose' | 'save'> {
  /** The operation that decides a student's record as the screen shows it. */
  readonly winnerOf: (student: string) => string | null;
  /** The claims of a student that the screen shows as waiting: a mark answers them. */
  readonly waitingOf: (student: string) => readonly string[];
  readonly changed: (changes: readonly RecordChange[]) => void;
  /** A mark was stored, but stronger evidence keeps the record as it is. */
  readonly displaced: (student: string, mark: Mark | null) => void;
}

/** Marking in one session. */
export interface Marking {
  readonly state: () => MarkingState;
  readonly subscribe: (listener: () => void) => () => void;
  /** `fallback` says why there was no scan; with present and late only. */
  mark(student: string, mark: RollMark, fallback?: Fallback | null): void;
  /** Takes outcomes of marks sent another way. */
  settle(outcomes: readonly Outcome[]): void;
  /** Sends the mark asked about; `forAll` also answers for the others and those to come. */
  giveReason(reason: string, forAll: boolean): void;
  /** Leaves the record of the mark asked about as it is. */
  withholdReason(): void;
  dismissFailures(): void;
  start(): void;
  stop(): void;
}

/** Makes the marking of one session's page; `restored` comes from an earlier one. */
export function createMarking(
  { winnerOf, waitingOf, changed, displaced, ...ports }: MarkingPorts,
  restored: readonly MarkOperation[] = [],
): Marking {
  const listeners = new Set<() => void>();
  let failures: ReadonlyMap<string, Failure> = new Map();
  let asked: readonly AskedReason[] = [];
  let standingReason: string | null = null;

  const settle = (outcomes: readonly Outcome[]): void => {
    const stored = outcomes.filter((outcome) => outcome.kind === 'stored');
    changed(stored.flatMap((outcome) => changeOfOutcome(outcome) ?? []));
    for (const { operation, result } of stored) {
      const { record, student } = result;
      const isNewest = outbox.newestOf(student)?.op_id === operation.op_id;
      if (isNewest && record && record.mark !== operation.mark) displaced(student, record.mark);
    }
    for (const outcome of outcomes) if (outcome.kind === 'refused') refuse(outcome);
  };
  const refuse = ({ operation, code, detail }: Extract<Outcome, { kind: 'refused' }>): void => {
    const { student, mark, reason, fallback = null } = operation;
    if (code !== 'reason_required' || reason !== undefined) {
      failures = new Map(failures).set(student, { mark, detail });
    } else if (standingReason === null) {
      asked = [...asked.filter((other) => other.student !== student), { student, mark, fallback }];
    } else {
      add([{ student, mark, fallback }], standingReason);
    }
    publish();
  };
  const add = (marks: readonly AskedReason[], reason?: string): void => {
    outbox.add(
      marks.map(({ student, mark, fallback }) => {
        const base = outbox.newestOf(student)?.op_id ?? winnerOf(student);
        const acks = waitingOf(student);
        return {
          op_id: uuidV7(),
          student,
          mark,
          ...(reason === undefined ? {} : { reason }),
          ...(fallback === null ? {} : { fallback }),
          ...(base === null ? {} : { base_op_id: base }),
          ...(acks.length === 0 ? {} : { acks }),
        };
      }),
    );
  };

  const outbox = createMarkingOutbox({ ...ports, settled: settle }, restored);
  let state: MarkingState = { ...outbox.state(), failures, asked };
  const publish = (): void => {
    state = { ...outbox.state(), failures, asked };
    for (const listener of listeners) listener();
  };
  outbox.subscribe(publish);

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    mark(student, mark, fallback = null) {
      failures = new Map([...failures].filter(([failed]) => failed !== student));
      asked = asked.filter((other) => other.student !== student);
      add([{ student, mark, fallback }]);
    },
    settle(outcomes) {
      settle(outcomes);
      publish();
    },
    giveReason(reason, forAll) {
      const answered = forAll ? asked : asked.slice(0, 1);
      asked = forAll ? [] : asked.slice(1);
      if (forAll) standingReason = reason;
      add(answered, reason);
    },
    withholdReason() {
      asked = asked.slice(1);
      publish();
    },
    dismissFailures() {
      failures = new Map();
      publish();
    },
    start: () => outbox.start(),
    stop: () => outbox.stop(),
  };
}
